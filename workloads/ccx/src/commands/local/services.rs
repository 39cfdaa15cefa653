//! The workloads, as tasks of this process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ccx_config::Config;
use ccx_writer::Writer;
use snafu::ResultExt as _;
use tokio::{
    net::TcpListener,
    task::{JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;

use super::error::{EndedSnafu, LocalError};
use crate::commands::workload::{
    AggregatorSnafu, DvoWriterSnafu, IngressSnafu, PipelineSnafu, SmartProxySnafu, WorkloadError, WriterSnafu,
};

/// The name of a workload, and its result.
type End = (&'static str, Result<(), WorkloadError>);

/// The workloads, run by the same functions as in production.
pub(super) struct Services {
    tasks: Mutex<JoinSet<End>>,
    shutdown: CancellationToken,
}

impl Services {
    pub(super) fn new(shutdown: CancellationToken) -> Self {
        Self { tasks: Mutex::new(JoinSet::new()), shutdown }
    }

    pub(super) fn start_pipeline(&self, config: &Config) {
        let (config, shutdown) = (config.clone(), self.shutdown.clone());
        self.tasks().spawn(async move {
            ("the pipeline", ccx_pipeline::run(&config, shutdown).await.context(PipelineSnafu))
        });
    }

    pub(super) fn start_writer(&self, config: &Config) {
        let (config, shutdown) = (config.clone(), self.shutdown.clone());
        // A future of tens of kilobytes, which would be copied.
        let run = Box::pin(async move { Writer::Reports.run(&config, shutdown).await.context(WriterSnafu) });
        self.tasks().spawn(async move { ("the writer", run.await) });
    }

    pub(super) fn start_dvo_writer(&self, config: &Config) {
        let (config, shutdown) = (config.clone(), self.shutdown.clone());
        let run =
            Box::pin(async move { Writer::Workloads.run(&config, shutdown).await.context(DvoWriterSnafu) });
        self.tasks().spawn(async move { ("the writer of workloads", run.await) });
    }

    pub(super) fn start_aggregator(&self, config: &Config, listener: TcpListener) {
        let (config, shutdown) = (config.clone(), self.shutdown.clone());
        let run =
            async move { ccx_aggregator::run_on(listener, &config, shutdown).await.context(AggregatorSnafu) };
        self.tasks().spawn(async move { ("the aggregator", run.await) });
    }

    pub(super) fn start_smart_proxy(
        &self,
        config: &Config,
        listener: TcpListener,
        uploads: Arc<dyn ccx_web::Uploads>,
    ) {
        let (config, shutdown) = (config.clone(), self.shutdown.clone());
        // A future of tens of kilobytes, which would be copied.
        let run = Box::pin(async move {
            ccx_web::run_on(listener, &config, Some(uploads), shutdown).await.context(SmartProxySnafu)
        });
        self.tasks().spawn(async move { ("the smart proxy", run.await) });
    }

    pub(super) fn start_ingress(&self, config: &Config, listener: TcpListener) {
        let (config, shutdown) = (config.clone(), self.shutdown.clone());
        let run = async move { ccx_ingress::run_on(listener, &config, shutdown).await.context(IngressSnafu) };
        let run = Box::pin(run);
        self.tasks().spawn(async move { ("ingress", run.await) });
    }

    /// Waits until a workload ends by itself, which is an error.
    pub(super) async fn failure(&self) -> LocalError {
        let end = std::future::poll_fn(|context| match self.tasks().poll_join_next(context) {
            std::task::Poll::Ready(Some(end)) => std::task::Poll::Ready(end),
            // No workload is started yet. The task that starts one polls this future as well.
            _ => std::task::Poll::Pending,
        });
        match end.await {
            Ok((workload, Ok(()))) => EndedSnafu { workload }.build(),
            Ok((_, Err(source))) => source.into(),
            Err(source) => panicked(source),
        }
    }

    /// Stops all workloads, waits until they have finished what is in flight, and returns the first error.
    pub(super) async fn drain(self) -> Result<(), LocalError> {
        self.shutdown.cancel();
        let mut tasks = self.tasks.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut outcome = Ok(());
        while let Some(end) = tasks.join_next().await {
            let ended = match end {
                Ok((_, ended)) => ended.map_err(LocalError::from),
                Err(source) => Err(panicked(source)),
            };
            outcome = outcome.and(ended);
        }
        outcome
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<End>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn panicked(source: JoinError) -> LocalError {
    LocalError::Panicked { source }
}

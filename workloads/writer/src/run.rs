//! The entry points of the writers.

use std::time::Duration;

use ccx_config::Config;
use ccx_service::{Telemetry, bind, serve};
use ccx_storage::{NewReport, NewWorkloads};
use snafu::ResultExt;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{WriterError, database_writer, error::ServeSnafu, member::Member, requests, role::Role};

/// Longest wait for HTTP requests in flight at the end.
const HTTP_GRACE: Duration = Duration::from_secs(1);

/// A writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// `insights-results-db-writer`: the results of rules become rows of the schema `public`.
    Reports,
    /// `dvo-writer`: the results of `dvo-extractor` become rows of the schema `dvo`.
    Workloads,
    /// `valkey-writer`: the results of rules become keys of a Valkey or Redis server, for clusters that wait for them.
    Requests,
}

impl Writer {
    /// Runs the writer until `shutdown`. Then the batch in flight is finished, offsets are committed, and the lease is released.
    pub async fn run(self, config: &Config, shutdown: CancellationToken) -> Result<(), WriterError> {
        let listener = bind(self.role(config)?.listen).context(ServeSnafu)?;
        self.run_on(listener, config, shutdown).await
    }

    /// As [`run`](Self::run), with metrics and health served on `listener`.
    pub async fn run_on(
        self,
        listener: TcpListener,
        config: &Config,
        shutdown: CancellationToken,
    ) -> Result<(), WriterError> {
        serve_while(listener, async |telemetry| self.run_with(telemetry, config, shutdown).await).await
    }

    /// As [`run`](Self::run), in a process that serves its health and metrics itself.
    pub async fn run_with(
        self,
        telemetry: &Telemetry,
        config: &Config,
        shutdown: CancellationToken,
    ) -> Result<(), WriterError> {
        let member = Member::new(self.role(config)?, telemetry, config, shutdown)?;
        let member = &member;
        match self {
            Self::Reports => {
                finish(member, Box::pin(database_writer::run::<NewReport>(member, telemetry))).await
            }
            Self::Workloads => {
                finish(member, Box::pin(database_writer::run::<NewWorkloads>(member, telemetry))).await
            }
            Self::Requests => finish(member, Box::pin(requests::run(member, telemetry))).await,
        }
    }

    fn role(self, config: &Config) -> Result<Role<'_>, WriterError> {
        match self {
            Self::Reports => Ok(Role::reports(config)),
            Self::Workloads => Role::workloads(config),
            Self::Requests => Ok(Role::requests(config)),
        }
    }
}

/// Serves metrics and health on `listener` while `work` runs.
async fn serve_while(
    listener: TcpListener,
    work: impl AsyncFnOnce(&Telemetry) -> Result<(), WriterError>,
) -> Result<(), WriterError> {
    let telemetry = Telemetry::default();
    let serving = CancellationToken::new();
    let work = async {
        let result = work(&telemetry).await;
        serving.cancel();
        result
    };
    // Polled second: the writer's dependencies are registered before `/readyz` answers.
    let server = async {
        let routes = telemetry.routes();
        // A panic of the server was logged when it happened.
        let _ = tokio::spawn(serve(listener, routes, serving.clone(), HTTP_GRACE)).await;
    };
    let (result, ()) = tokio::join!(work, server);
    result
}

/// Waits for `work`, after the shutdown at most for `writer.shutdown_timeout`, then for the last statuses.
async fn finish(
    member: &Member<'_>,
    mut work: impl Future<Output = Result<(), WriterError>> + Unpin,
) -> Result<(), WriterError> {
    let limit = member.config.writer.shutdown_timeout;
    let result = tokio::select! {
        result = &mut work => result,
        () = member.shutdown.cancelled() => timeout(limit, work).await.unwrap_or_else(|_| {
            warn!(
                limit_s = limit.as_secs(),
                "batch in flight not finished in time, its messages will be read again"
            );
            Ok(())
        }),
    };
    if timeout(limit, member.statuses.flush()).await.is_err() {
        warn!("some statuses were not sent before the shutdown");
    }
    info!("writer ended");
    result
}

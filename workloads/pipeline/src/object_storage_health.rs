//! The health of the object storage: collects what downloads and probes show, and reports it to readiness and metrics.
//!
//! A link that never works must not hold its record forever: after `retry.max_attempts` failures it is a dead letter. An object
//! storage that is unavailable for an hour must not turn an hour of announcements into dead letters. One failure looks like the
//! other, so after a failed download the storage's endpoint is probed, by the same HTTP client, and the failure counts only if
//! the storage works for others (docs/adr/0010-failed-downloads.md).

mod evidence;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ccx_service::{Condition, Waited, error_chain};
use ccx_transport::{Downloader, StorageSignal};
use prometheus::IntGauge;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(crate) use evidence::{Availability, MANY_RECORDS};

use evidence::Evidence;

use crate::record_id::RecordId;

/// The interval of probes while the endpoint fails: short, so that work continues soon after an outage.
const PROBE_INTERVAL_WHEN_UNREACHABLE: Duration = Duration::from_secs(1);

/// The interval of probes otherwise, so that readiness is right when nothing is downloaded.
const PROBE_INTERVAL: Duration = Duration::from_secs(10);

/// The object storage, as all records see it.
pub(crate) struct ObjectStorageHealth {
    evidence: Mutex<Evidence>,
    state: watch::Sender<Availability>,
    /// The cause for which the bucket can't be used.
    bucket_problem: Mutex<Option<String>>,
    prober: Downloader,
    condition: Condition,
    unavailable: IntGauge,
}

impl ObjectStorageHealth {
    /// Probes with `prober`, reports readiness by `condition`, and sets `unavailable` to 1 in an outage.
    pub(crate) fn new(prober: Downloader, condition: Condition, unavailable: IntGauge) -> Self {
        if prober.endpoint().is_none() && !prober.has_bucket() {
            condition.ready();
        }
        let state = watch::Sender::new(Availability::Available);
        Self {
            evidence: Mutex::default(),
            bucket_problem: Mutex::default(),
            state,
            prober,
            condition,
            unavailable,
        }
    }

    /// The state now.
    pub(crate) fn availability(&self) -> Availability {
        *self.state.borrow()
    }

    /// The number of downloads that got an answer.
    pub(crate) fn answers(&self) -> u64 {
        self.evidence.lock().unwrap_or_else(PoisonError::into_inner).answers()
    }

    /// Observes the end of a download of `record`, which began after `answers_before` answers. Returns whether a failure
    /// counts against the record.
    pub(crate) async fn observe(&self, record: RecordId, signal: StorageSignal, answers_before: u64) -> bool {
        match signal {
            StorageSignal::NotTried => true,
            StorageSignal::Answered => {
                self.update(Evidence::answered);
                true
            }
            StorageSignal::Failed => {
                let is_answering = self.probe().await;
                self.update(|evidence| {
                    evidence.probed(is_answering);
                    evidence.failed(record, answers_before)
                })
            }
        }
    }

    /// Waits for `delay`; in an outage not longer than that.
    pub(crate) async fn wait(&self, delay: Duration, shutdown: &CancellationToken) -> Waited {
        let mut state = self.state.subscribe();
        let is_unavailable = *state.borrow_and_update() != Availability::Available;
        let is_available_again = state.wait_for(|state| *state == Availability::Available);
        tokio::select! {
            () = shutdown.cancelled() => Waited::ShuttingDown,
            () = tokio::time::sleep(delay) => Waited::TryAgain,
            _ = is_available_again, if is_unavailable => Waited::TryAgain,
        }
    }

    /// Probes the endpoint from time to time, forever.
    pub(crate) async fn probe_periodically(&self) {
        let mut state = self.state.subscribe();
        loop {
            // Without a configured endpoint, it is Amazon's, which need not be reachable for the links to work.
            if self.prober.endpoint().is_some() || self.availability() == Availability::Unreachable {
                let is_answering = self.probe().await;
                self.update(|evidence| evidence.probed(is_answering));
            }
            self.probe_bucket().await;
            self.report(self.availability());
            let is_unreachable = *state.borrow_and_update() == Availability::Unreachable;
            // However often the state changes, the endpoint is probed once a second at most.
            tokio::time::sleep(PROBE_INTERVAL_WHEN_UNREACHABLE).await;
            if !is_unreachable {
                let _ = tokio::time::timeout(PROBE_INTERVAL, state.changed()).await;
            }
        }
    }

    async fn probe(&self) -> bool {
        let probed = self.prober.probe().await;
        if let Err(error) = &probed {
            tracing::debug!(error = error_chain(error), "object storage probe failed");
        }
        probed.is_ok()
    }

    /// Concerns readiness only: links that others signed may work without the bucket.
    async fn probe_bucket(&self) {
        if !self.prober.has_bucket() || self.availability() != Availability::Available {
            return;
        }
        let problem = self.prober.probe_bucket().await.err().map(|error| error_chain(&error));
        let mut known = self.bucket_problem.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cause) = problem.as_ref().filter(|_| *known != problem) {
            tracing::warn!(error = cause, "object storage bucket can't be used");
        }
        *known = problem;
    }

    fn update<T>(&self, change: impl FnOnce(&mut Evidence) -> T) -> T {
        let mut evidence = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut evidence);
        let availability = evidence.availability();
        let has_changed =
            self.state.send_if_modified(|state| std::mem::replace(state, availability) != availability);
        if has_changed {
            self.log(availability);
            self.report(availability);
        }
        result
    }

    fn log(&self, availability: Availability) {
        let endpoint = self.prober.probed_endpoint();
        match availability {
            Availability::Available => tracing::info!(%endpoint, "object storage available again"),
            Availability::Unreachable => {
                tracing::warn!(%endpoint, "object storage unreachable, waiting for it");
            }
            Availability::Failing => {
                tracing::warn!(%endpoint, "all downloads fail, waiting for the object storage");
            }
        }
    }

    fn report(&self, availability: Availability) {
        self.unavailable.set(i64::from(availability != Availability::Available));
        match availability {
            Availability::Available => {
                let problem = self.bucket_problem.lock().unwrap_or_else(PoisonError::into_inner).clone();
                match problem {
                    None => self.condition.ready(),
                    Some(cause) => self.condition.not_ready(cause),
                }
            }
            Availability::Unreachable => {
                self.condition.not_ready(format!("{} does not answer", self.prober.probed_endpoint()));
            }
            Availability::Failing => self.condition.not_ready("all downloads fail"),
        }
    }
}

#[cfg(test)]
mod tests;

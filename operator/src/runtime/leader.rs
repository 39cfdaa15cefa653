//! Leader election: only the process that holds the Lease may write.
//!
//! ```text
//!  Elector ──▶ get the Lease ──▶ term::decide (pure) ──▶ create, renew, take over, wait
//!     │
//!     └──▶ Fence: open until the last renewal + `renew_deadline`. Every write checks it (see `fencing`).
//! ```
//!
//! A leader stops writing at `renew_deadline` after the *start* of its last successful renewal, by its own
//! monotonic clock. A rival waits for `duration` after it has *observed* that renewal, by its own clock. So
//! clocks need not agree, and since a write takes at most [`WRITE_TIMEOUT`](super::fencing::WRITE_TIMEOUT),
//! less than their difference, two processes never write at once.

mod failure_log;
mod fence;
mod term;

use std::time::{Duration, Instant};

use ccx_service::{Condition, Heartbeat};
use failure_log::FailureLog;
pub use fence::Fence;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::Timestamp,
};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use snafu::{ResultExt, Snafu};
use term::{Decision, ObservedLease, decide};

use crate::model::api_error::error_text;
use tokio::time::{error::Elapsed, timeout};
use tokio_util::sync::CancellationToken;

/// The timeout of a request for the Lease, so that a server that hangs does not block the election.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(4);

/// The time that reconciles in flight have to finish at shutdown. The next leader repeats what is cut off.
const HAND_OVER_GRACE: Duration = Duration::from_millis(500);

/// The intervals of the election.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// The time that a rival waits after the last renewal it has observed.
    pub duration: Duration,
    /// The time that the leader writes after its last renewal: shorter than `duration` by more than a write
    /// may take.
    pub renew_deadline: Duration,
    /// The interval between two renewals or observations.
    pub retry: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry: Duration::from_secs(1),
        }
    }
}

/// A candidate for leadership.
#[derive(Debug)]
pub struct Elector {
    leases: Api<Lease>,
    name: String,
    identity: String,
    timing: Timing,
    fence: Fence,
    reachable: Condition,
    heartbeat: Heartbeat,
    observed: Option<ObservedLease>,
    failures: FailureLog,
}

/// The Lease could not be read or written.
#[derive(Debug, Snafu)]
enum LeaseError {
    #[snafu(display("no response for Lease {name} within {} s", REQUEST_TIMEOUT.as_secs()))]
    Silent { name: String, source: Elapsed },
    #[snafu(display("failed to read or write Lease {name}"))]
    Api { name: String, source: kube::Error },
}

/// The leadership after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leadership {
    Leads,
    /// Another process leads.
    Follows,
    /// It is not known. A leader continues until the fence closes.
    Unknown,
}

impl Elector {
    /// Returns a candidate for the Lease `name` in `namespace`, under an `identity` that no other process may
    /// use.
    pub fn new(
        client: Client,
        namespace: &str,
        name: &str,
        identity: &str,
        timing: Timing,
        health: HealthHandles,
    ) -> Self {
        let leases = Api::namespaced(client, namespace);
        let HealthHandles { fence, reachable, heartbeat } = health;
        Self {
            leases,
            name: name.into(),
            identity: identity.into(),
            timing,
            fence,
            reachable,
            heartbeat,
            observed: None,
            failures: FailureLog::default(),
        }
    }

    /// Runs `lead` whenever this process holds the Lease, until `shutdown`. Its token is cancelled at
    /// shutdown; when the Lease is lost, `lead` is dropped at once.
    pub async fn run<Lead: Future<Output = ()>>(
        mut self,
        shutdown: CancellationToken,
        mut lead: impl FnMut(CancellationToken) -> Lead,
    ) {
        while shutdown.run_until_cancelled(self.campaign()).await.is_some() {
            tracing::info!(lease = self.name, identity = self.identity, "became leader");
            let stop = CancellationToken::new();
            self.serve_term(&shutdown, &stop, lead(stop.clone())).await;
            self.fence.close();
            // So that the next leader does not wait for the Lease to expire.
            self.release().await;
        }
    }

    async fn serve_term(
        &mut self,
        shutdown: &CancellationToken,
        stop: &CancellationToken,
        leading: impl Future<Output = ()>,
    ) {
        let mut leading = std::pin::pin!(leading);
        tokio::select! {
            () = self.defend() => tracing::warn!(lease = self.name, "leadership lost, reconciles stopped"),
            () = &mut leading => tracing::warn!("controller ended, rejoining the election"),
            () = shutdown.cancelled() => {
                stop.cancel();
                let _ = timeout(HAND_OVER_GRACE, leading).await;
            }
        }
    }

    /// Retries until this process leads.
    async fn campaign(&mut self) {
        while self.attempt().await != Leadership::Leads {
            tokio::time::sleep(self.timing.retry).await;
        }
    }

    /// Renews the Lease until it is lost.
    async fn defend(&mut self) {
        while self.fence.is_open() {
            tokio::time::sleep(self.timing.retry.min(self.fence.remaining())).await;
            if self.attempt().await == Leadership::Follows {
                return;
            }
        }
    }

    /// Reads the Lease, and claims or renews it if possible. Opens the fence when this process leads.
    async fn attempt(&mut self) -> Leadership {
        self.heartbeat.beat();
        let started = Instant::now();
        match self.hold().await {
            Ok(leadership) => {
                self.reachable.ready();
                if self.failures.has_recovered() {
                    tracing::info!(lease = self.name, "the lease can be read and written again");
                }
                if leadership == Leadership::Leads {
                    self.fence.open_until(started + self.timing.renew_deadline);
                }
                leadership
            }
            Err(error) => {
                self.report(error_text(&error));
                Leadership::Unknown
            }
        }
    }

    fn report(&mut self, cause: String) {
        if self.failures.is_due(&cause, Instant::now()) {
            tracing::warn!(error = cause, "failed to read or renew the lease");
        }
        self.reachable.not_ready(cause);
    }

    async fn hold(&mut self) -> Result<Leadership, LeaseError> {
        let lease = self.ask(self.leases.get_opt(&self.name)).await?;
        let observed = ObservedLease::next(self.observed.take(), lease.as_ref(), Instant::now());
        let step = decide(&observed, &self.identity, Instant::now());
        self.observed = Some(observed);
        match (step, lease) {
            (Decision::Wait, _) => Ok(Leadership::Follows),
            (Decision::Claim(_), None) => {
                self.claim(self.leases.create(&PostParams::default(), &self.record(None))).await
            }
            (Decision::Claim(_), Some(lease)) => {
                let record = self.record(Some(lease));
                self.claim(self.leases.replace(&self.name, &PostParams::default(), &record)).await
            }
        }
    }

    /// A conflict is not an error: a rival was faster, and the next attempt reads it.
    async fn claim(
        &self,
        write: impl Future<Output = kube::Result<Lease>>,
    ) -> Result<Leadership, LeaseError> {
        match self.ask(write).await {
            Ok(_) => Ok(Leadership::Leads),
            Err(LeaseError::Api { source: kube::Error::Api(status), .. }) if status.code == 409 => {
                Ok(Leadership::Unknown)
            }
            Err(error) => Err(error),
        }
    }

    fn record(&self, current: Option<Lease>) -> Lease {
        let Lease { metadata, spec } = current.unwrap_or_else(|| self.unheld());
        let spec = term::held(
            spec.unwrap_or_default(),
            &self.identity,
            self.timing.duration,
            MicroTime(Timestamp::now()),
        );
        Lease { metadata, spec: Some(spec) }
    }

    fn unheld(&self) -> Lease {
        let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
        Lease { metadata, spec: None }
    }

    /// Releases the Lease. On failure the next leader waits for it to expire.
    async fn release(&mut self) {
        self.observed = None;
        let Ok(Some(lease)) = self.ask(self.leases.get_opt(&self.name)).await else { return };
        let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref());
        if holder != Some(self.identity.as_str()) {
            return;
        }
        let spec = LeaseSpec { holder_identity: None, ..lease.spec.unwrap_or_default() };
        let released = Lease { spec: Some(spec), ..lease };
        match self.ask(self.leases.replace(&self.name, &PostParams::default(), &released)).await {
            Ok(_) => tracing::info!(lease = self.name, "lease released"),
            Err(error) => {
                tracing::warn!(error = %error_text(&error), "failed to release the lease");
            }
        }
    }

    async fn ask<T>(&self, request: impl Future<Output = kube::Result<T>>) -> Result<T, LeaseError> {
        let answer = timeout(REQUEST_TIMEOUT, request).await.context(SilentSnafu { name: &self.name })?;
        answer.context(ApiSnafu { name: &self.name })
    }
}

/// The handles by which an [`Elector`] reports its health.
#[derive(Debug)]
pub struct HealthHandles {
    /// Open while the process may write.
    pub fence: Fence,
    /// Ready while the API server responds.
    pub reachable: Condition,
    /// Beats with each attempt.
    pub heartbeat: Heartbeat,
}

#[cfg(test)]
mod tests;

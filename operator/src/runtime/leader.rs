//! Which of the operator's processes may write: the one that holds the Lease.
//!
//! ```text
//!  Elector ──▶ get the Lease ──▶ term::decide (pure) ──▶ create, renew, take over, wait
//!     │
//!     └──▶ Fence: open until the last renewal + `renew_deadline`. Every write asks it first (see `gate`).
//! ```
//!
//! A process stops to write at `renew_deadline` after the *start* of its last successful renewal, by its own monotonic clock. A
//! rival waits for `duration` after it has *seen* that renewal, by its own clock. So clocks need not agree, and as a write takes at
//! most [`WRITE_TIMEOUT`](crate::gate::WRITE_TIMEOUT), which fits between the two, never do two processes write.

mod fence;
mod term;

use std::time::{Duration, Instant};

use ccx_service::{Condition, Heartbeat};
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
use tokio::time::{error::Elapsed, timeout};
use tokio_util::sync::CancellationToken;

/// How long a request for the Lease may take, so that a server that hangs does not stop the campaign.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(4);

/// How long reconciles in flight may take to finish when the process is to stop. What is cut off then is done again by the next
/// leader: every write may be the last one.
const HAND_OVER_GRACE: Duration = Duration::from_millis(500);

/// The rhythm of the election.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a rival waits after the last renewal that it has seen.
    pub duration: Duration,
    /// How long the leader writes after its last renewal. Shorter than `duration` by more than a write may take.
    pub renew_deadline: Duration,
    /// How often the leader renews, and the others look.
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

/// One process that would like to lead.
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
}

/// Why the Lease could not be read or written.
#[derive(Debug, Snafu)]
enum LeaseError {
    #[snafu(display("no answer about the Lease {name} within {} s", REQUEST_TIMEOUT.as_secs()))]
    Silent { name: String, source: Elapsed },
    #[snafu(display("failed to reach the Lease {name}"))]
    Api { name: String, source: kube::Error },
}

/// Whether this process leads after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leadership {
    Leads,
    /// Somebody else does.
    Follows,
    /// It could not be found out. Who led goes on until the fence closes.
    Unknown,
}

impl Elector {
    /// Campaigns for the Lease `name` in `namespace` under `identity`, which no other process may use.
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
        }
    }

    /// Runs `lead` whenever this process holds the Lease, until `shutdown`. `lead` is told to stop by its token when the process is
    /// to stop, and dropped at once when the Lease is lost.
    pub async fn run<Lead: Future<Output = ()>>(
        mut self,
        shutdown: CancellationToken,
        mut lead: impl FnMut(CancellationToken) -> Lead,
    ) {
        while shutdown.run_until_cancelled(self.campaign()).await.is_some() {
            tracing::info!(lease = self.name, identity = self.identity, "this process leads");
            let stop = CancellationToken::new();
            self.serve_term(&shutdown, &stop, lead(stop.clone())).await;
            self.fence.close();
            // A process that leads no more has nothing to write, and the next one need not wait for the Lease to expire.
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
            () = self.defend() => tracing::warn!(lease = self.name, "lost the lease, stopped reconciling"),
            () = &mut leading => tracing::warn!("the controller ended, leadership again for election"),
            () = shutdown.cancelled() => {
                stop.cancel();
                let _ = timeout(HAND_OVER_GRACE, leading).await;
            }
        }
    }

    /// Tries until this process leads.
    async fn campaign(&mut self) {
        while self.attempt().await != Leadership::Leads {
            tokio::time::sleep(self.timing.retry).await;
        }
    }

    /// Renews until this process leads no more.
    async fn defend(&mut self) {
        while self.fence.is_open() {
            tokio::time::sleep(self.timing.retry.min(self.fence.remaining())).await;
            if self.attempt().await == Leadership::Follows {
                return;
            }
        }
    }

    /// One look at the Lease, and what follows from it. Opens the fence when this process leads.
    async fn attempt(&mut self) -> Leadership {
        self.heartbeat.beat();
        let started = Instant::now();
        match self.hold().await {
            Ok(leadership) => {
                self.reachable.ready();
                if leadership == Leadership::Leads {
                    self.fence.open_until(started + self.timing.renew_deadline);
                }
                leadership
            }
            Err(error) => {
                tracing::warn!(error = %ccx_service::error_chain(&error), "failed to renew or watch the lease");
                self.reachable.not_ready(ccx_service::error_chain(&error));
                Leadership::Unknown
            }
        }
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

    /// A rival that was faster is no error: the next look tells who it is.
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

    /// Gives the Lease back. A failure only means that the next leader waits for it to expire.
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
            Ok(_) => tracing::info!(lease = self.name, "gave the lease back"),
            Err(error) => {
                tracing::warn!(error = %ccx_service::error_chain(&error), "failed to release the lease");
            }
        }
    }

    async fn ask<T>(&self, request: impl Future<Output = kube::Result<T>>) -> Result<T, LeaseError> {
        let answer = timeout(REQUEST_TIMEOUT, request).await.context(SilentSnafu { name: &self.name })?;
        answer.context(ApiSnafu { name: &self.name })
    }
}

/// Where an [`Elector`] shows how it fares.
#[derive(Debug)]
pub struct HealthHandles {
    /// Open while the process may write.
    pub fence: Fence,
    /// Whether the API answers.
    pub reachable: Condition,
    /// Beats with each look at the Lease.
    pub heartbeat: Heartbeat,
}

#[cfg(test)]
mod tests;

//! The entry point.

use std::{path::PathBuf, sync::Arc, time::Instant};

use ccx_archive::Archive;
use ccx_config::{HitDetails, InsightsCore};
use ccx_rules::ExternalFindings;
use tokio::{runtime::Handle, task::JoinHandle};
use tracing::{debug, info, warn};

use crate::{
    AdapterError, Metrics,
    pool::Pool,
    protocol::Response,
    unpack::{self, Wanted},
};

/// Runs the Python rules.
pub struct Adapter {
    pool: Arc<Pool>,
    wanted: Wanted,
    work_folder: PathBuf,
    metrics: Metrics,
    rules: Vec<String>,
    details: HitDetails,
}

/// An archive that a Python process is working on.
#[must_use = "the findings come when it is waited for"]
pub struct Pending {
    outcome: JoinHandle<Result<Response, AdapterError>>,
    metrics: Metrics,
    details: HitDetails,
}

impl Adapter {
    /// Starts a Python process and has it load the rules.
    pub async fn start(settings: &InsightsCore, metrics: Metrics) -> Result<Self, AdapterError> {
        let (pool, handshake) = Pool::start(settings.clone(), metrics.clone()).await?;
        let (core, rules, files) =
            (&handshake.core, handshake.rules.len(), handshake.files.as_ref().map(Vec::len));
        info!(core, rules, files, "python rules loaded");
        let wanted = Wanted::new(handshake.files.as_deref());
        let (work_folder, details) = (settings.work_folder.clone(), settings.details);
        Ok(Self { pool, wanted, work_folder, metrics, rules: handshake.rules, details })
    }

    /// Returns the rules, as `module.function`.
    pub fn rules(&self) -> &[String] {
        &self.rules
    }

    /// Writes the files that the rules read and hands them to a process. Blocks for as long as writing takes.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn begin(&self, archive: &Archive) -> Result<Pending, AdapterError> {
        let unpacked = unpack::unpack(archive, &self.wanted, &self.work_folder);
        let folder =
            unpacked.inspect_err(|error| self.metrics.failures.with_label_values(&[error.as_str()]).inc())?;
        let (pool, metrics) = (Arc::clone(&self.pool), self.metrics.clone());
        let outcome = Handle::current().spawn(async move {
            let started = Instant::now();
            let outcome = pool.run(folder.path()).await;
            metrics.done(started.elapsed());
            // Removing a thousand files would block the runtime's thread.
            tokio::task::spawn_blocking(move || drop(folder));
            outcome
        });
        Ok(Pending { outcome, metrics: self.metrics.clone(), details: self.details })
    }
}

impl Pending {
    /// Waits for the findings; for a thread that may block.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, and on its own threads.
    pub fn wait(self) -> Result<ExternalFindings, AdapterError> {
        let outcome = Handle::current().block_on(self.outcome).unwrap_or(Err(AdapterError::Stopped));
        let done =
            outcome.inspect_err(|error| self.metrics.failures.with_label_values(&[error.as_str()]).inc())?;
        for failed in &done.errors {
            warn!(rule = failed.rule, error = failed.error, "python rule failed");
            self.metrics.rule_errors.with_label_values(&[&failed.rule]).inc();
        }
        let (findings, problems) = done.report.into_findings(self.details);
        for problem in problems.dropped {
            warn!(problem, "result of a python rule dropped");
        }
        self.metrics.details_changed.inc_by(problems.changed.len() as u64);
        for problem in problems.changed {
            debug!(problem, "details of a python rule changed, since some clients can't read them");
        }
        Ok(findings)
    }
}

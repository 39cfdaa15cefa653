//! The way in.

use std::{path::PathBuf, sync::Arc, time::Instant};

use ccx_archive::Archive;
use ccx_config::{HitDetails, InsightsCore};
use ccx_rules::ExternalFindings;
use tokio::{runtime::Handle, task::JoinHandle};
use tracing::{debug, info, warn};

use crate::{
    AdapterError, Metrics,
    feed::{self, Wanted},
    pool::Pool,
    protocol::Done,
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

/// An archive that Python works on.
#[must_use = "the findings come when it is waited for"]
pub struct Pending {
    outcome: JoinHandle<Result<Done, AdapterError>>,
    metrics: Metrics,
    details: HitDetails,
}

impl Adapter {
    /// Starts a Python process and has it load the rules.
    pub async fn start(settings: &InsightsCore, metrics: Metrics) -> Result<Self, AdapterError> {
        let (pool, hello) = Pool::start(settings.clone(), metrics.clone()).await?;
        let (core, rules, files) = (&hello.core, hello.rules.len(), hello.files.as_ref().map(Vec::len));
        info!(core, rules, files, "Python rules are loaded");
        let wanted = Wanted::new(hello.files.as_deref());
        let (work_folder, details) = (settings.work_folder.clone(), settings.details);
        Ok(Self { pool, wanted, work_folder, metrics, rules: hello.rules, details })
    }

    /// The rules, as `module.function`.
    pub fn rules(&self) -> &[String] {
        &self.rules
    }

    /// Writes the files that the rules read and hands them to a process. Blocks for as long as writing takes.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn begin(&self, archive: &Archive) -> Result<Pending, AdapterError> {
        let unpacked = feed::unpack(archive, &self.wanted, &self.work_folder);
        let folder =
            unpacked.inspect_err(|error| self.metrics.failures.with_label_values(&[error.as_str()]).inc())?;
        let (pool, metrics) = (Arc::clone(&self.pool), self.metrics.clone());
        let outcome = Handle::current().spawn(async move {
            let started = Instant::now();
            let outcome = pool.run(folder.path()).await;
            metrics.done(started.elapsed());
            // Removing a thousand files is no work for a thread that others wait for.
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
            warn!(rule = failed.rule, error = failed.error, "a Python rule failed");
            self.metrics.rule_errors.with_label_values(&[&failed.rule]).inc();
        }
        let (foreign, misfits) = done.report.into_foreign(self.details);
        for misfit in misfits.left_out {
            warn!(misfit, "a Python rule's answer is left out");
        }
        self.metrics.details_changed.inc_by(misfits.changed.len() as u64);
        for misfit in misfits.changed {
            debug!(misfit, "a Python rule's details are changed, since some clients can't read them");
        }
        Ok(foreign)
    }
}

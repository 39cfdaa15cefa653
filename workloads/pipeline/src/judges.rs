//! Who judges an archive: our own engine, and the Python rules beside it when there are some.

use ccx_archive::Archive;
use ccx_config::OnFailure;
use ccx_insights_core::{Adapter, AdapterError, Metrics};
use ccx_rules::{Engine, Report};
use ccx_service::error_chain;
use chrono::{DateTime, Utc};

use crate::rules::{CurrentEngine, Rules};

/// The engines.
pub struct Judges {
    engine: CurrentEngine,
    python: Option<Python>,
}

/// The Python rules, and what becomes of an archive on which they fail.
pub(crate) struct Python {
    pub adapter: Adapter,
    pub metrics: Metrics,
    pub on_failure: OnFailure,
}

impl Judges {
    pub(crate) fn new(engine: CurrentEngine, python: Option<Python>) -> Self {
        Self { engine, python }
    }

    /// The report on an archive. With Python rules it blocks in a Tokio runtime's thread that may: both engines work at the same
    /// time.
    pub fn judge(
        &self,
        archive: &Archive,
        gathered_at: Option<DateTime<Utc>>,
    ) -> Result<Report, AdapterError> {
        let engine = self.engine.get();
        let Some(python) = &self.python else { return Ok(engine.run(archive, gathered_at)) };
        let pending = python.adapter.begin(archive);
        let mut report = engine.run(archive, gathered_at);
        match pending.and_then(ccx_insights_core::Pending::wait) {
            Ok(foreign) => python.metrics.duplicates(report.merge(foreign)),
            Err(error) if python.on_failure == OnFailure::DeadLetter => return Err(error),
            Err(error) => {
                tracing::warn!(
                    error = error_chain(&error),
                    "the report is without the results of the Python rules"
                );
                report.mark_incomplete("the rules of insights-core gave no results");
            }
        }
        Ok(report)
    }
}

impl From<Engine> for Judges {
    /// Our own engine alone.
    fn from(engine: Engine) -> Self {
        Self::new(Rules::from(engine).engine, None)
    }
}

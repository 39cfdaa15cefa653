//! The engines that run rules on an archive: the built-in one, and the Python rules if they are configured.

use std::time::Instant;

use ccx_archive::Archive;
use ccx_config::OnFailure;
use ccx_insights_core::{Adapter, AdapterError, Metrics};
use ccx_rules::{Engine, Report};
use ccx_service::error_chain;
use chrono::{DateTime, Utc};

use crate::rules::{CurrentEngine, Rules};

/// All engines of the pipeline.
pub struct RuleEngines {
    engine: CurrentEngine,
    python: Option<Python>,
}

/// The Python rules, and the policy for archives on which they fail.
pub(crate) struct Python {
    pub adapter: Adapter,
    pub metrics: Metrics,
    pub on_failure: OnFailure,
}

impl RuleEngines {
    pub(crate) fn new(engine: CurrentEngine, python: Option<Python>) -> Self {
        Self { engine, python }
    }

    /// Runs all rules on an archive. With Python rules it blocks in a thread of a Tokio runtime where blocking is allowed:
    /// both engines work at the same time.
    ///
    /// Our own rules that have not begun at `deadline` are faults of the report; Python rules have limits of their own.
    pub fn run(
        &self,
        archive: &Archive,
        gathered_at: Option<DateTime<Utc>>,
        deadline: Option<Instant>,
    ) -> Result<Report, AdapterError> {
        let engine = self.engine.get();
        let Some(python) = &self.python else { return Ok(engine.run_until(archive, gathered_at, deadline)) };
        let pending = python.adapter.begin(archive);
        let mut report = engine.run_until(archive, gathered_at, deadline);
        match pending.and_then(ccx_insights_core::Pending::wait) {
            Ok(foreign) => python.metrics.duplicates(report.merge(foreign)),
            Err(error) if python.on_failure == OnFailure::DeadLetter => return Err(error),
            Err(error) => {
                tracing::warn!(error = error_chain(&error), "python rules failed, report is incomplete");
                report.mark_incomplete("the rules of insights-core gave no results");
            }
        }
        Ok(report)
    }
}

impl From<Engine> for RuleEngines {
    /// Our own engine alone.
    fn from(engine: Engine) -> Self {
        Self::new(Rules::from(engine).engine, None)
    }
}

//! The rule engine: an archive in, a report out; no I/O, no wall clock.
//!
//! ```text
//!  Archive ──▶ plan ──▶ files of each input ──▶ facts, each computed at most once ──▶ rules ──▶ Report
//!              (which path is which input)      documents · logs · metrics
//! ```
//!
//! - [`Rule`] is one check of a cluster. It declares its inputs in its [`RuleMeta`] and answers from a
//!   [`Context`].
//! - [`Engine`] holds a fixed set of rules and a plan that is computed once. Each file of an archive is
//!   looked up once, each document is parsed at most once and only when a rule asks, and all log patterns are
//!   matched in one pass.
//! - A rule whose required files are missing or unreadable is *skipped*, never passed.
//! - A rule that panics or takes too long becomes a [`RuleFault`] of the report; other rules are not
//!   affected.
//! - "Now" is the moment when the data was gathered, so an archive always gives the same report, byte for
//!   byte.
//!
//! ```
//! use ccx_archive::{Archive, Limits};
//! use ccx_rules::{Budget, Context, Engine, Response, Rule, RuleMeta, documents::NODES};
//! # use ccx_sample_archive::SampleArchive;
//! # let cluster_id = "11111111-2222-3333-4444-555555555555".parse()?;
//! # let sample = SampleArchive::small(cluster_id);
//! # let (uploaded_bytes, gathered_at) = (sample.to_tar_gz(), sample.gathered_at);
//!
//! struct FewNodes;
//!
//! impl Rule for FewNodes {
//!     fn meta(&self) -> RuleMeta {
//!         let (module, key) = ("example.few_nodes".parse(), "FEW_NODES".parse());
//!         RuleMeta::new(module.expect("a module"), key.expect("a key")).requires(NODES)
//!     }
//!
//!     fn check(&self, context: &Context<'_>) -> Option<Response> {
//!         let count = context.nodes().len();
//!         let details = std::collections::BTreeMap::from([("count", count)]);
//!         (count < 100).then(|| Response::hit("FEW_NODES", &details))
//!     }
//! }
//!
//! let engine = Engine::new(vec![Box::new(FewNodes)], Budget::default());
//! let archive = Archive::read(uploaded_bytes.into(), &Limits::default())?;
//! let report = engine.run(&archive, Some(gathered_at));
//! assert_eq!(report.hits[0].error_key.as_str(), "FEW_NODES");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The built-in rules (`ccx-builtin-rules`) and declarative ones are implementations of [`Rule`] in other
//! crates; the engine depends on none of them.

mod cluster_kind;
mod context;
mod details_compat;
mod document_limits;
pub mod documents;
mod engine;
mod location;
mod logs;
mod metrics;
mod plan;
mod report;
mod response;
mod rule;
mod str_list;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod workloads;

pub use cluster_kind::{Applicability, ClusterKind};
pub use context::{Context, parse_time};
pub use details_compat::IncompatibleDetails;
pub use engine::{Budget, Engine, Profile, RuleCost};
pub use location::{Location, MetricFamily, Versions};
pub use logs::{FileMatches, LogQuery};
pub use metrics::Sample;
pub use plan::Glob;
pub use report::{
    ExternalFindings, FaultReason, Finding, Report, RuleFault, RuleRun, RuleSetVersion, Skip, SkipReason,
    Verdict,
};
pub use response::{Kind, Response};
pub use rule::{Input, MinAge, Rule, RuleMeta};
pub use workloads::{UnknownCheck, WORKLOAD_CHECKS, Workload, WorkloadChecks, WorkloadRecommendation};

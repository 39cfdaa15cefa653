//! Built-in rules for the engine of [`ccx_rules`], which check the archive of an OpenShift cluster.
//!
//! - [`rules()`] returns all rules, [`engine`] returns an engine with the rules and their content.
//! - [`examples()`] returns example clusters for every rule: one with the problem, and the most similar one
//!   without it.
//!
//! ```
//! use ccx_archive::{Archive, Limits};
//! # use ccx_sample_archive::{Fault, SampleArchive};
//! # let cluster_id = "11111111-2222-3333-4444-555555555555".parse()?;
//! # let sample = SampleArchive { faults: vec![Fault::NodeNotReady], ..SampleArchive::small(cluster_id) };
//! # let (uploaded_bytes, gathered_at) = (sample.to_tar_gz(), sample.gathered_at);
//!
//! let archive = Archive::read(uploaded_bytes.into(), &Limits::default())?;
//! let report = ccx_builtin_rules::engine().run(&archive, Some(gathered_at));
//! assert_eq!(report.hits[0].error_key.as_str(), "NODE_NOT_READY");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use ccx_content::ContentTree;
use ccx_rules::{Budget, Engine};

mod examples;
mod rules;

pub use examples::{Example, ExampleFiles, examples};
pub use rules::rules;

/// Returns an engine with the built-in rules and their content.
pub fn engine() -> Engine {
    Engine::new(rules(), Budget::default()).with_content(ContentTree::builtin())
}

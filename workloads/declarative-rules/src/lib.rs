//! Rules that users write, in YAML and CEL: files in, implementations of [`ccx_rules::Rule`] out.
//!
//! ```text
//!  text ──▶ yaml ──▶ read ──▶ build ──▶ DeclarativeRule ──▶ Engine
//!          (places)  (form)  (meaning)        │
//!                              cel            ├──▶ run_tests · trace · explain
//!                                             │
//!  directories, archives ──▶ RuleSet ─────────┘   all or nothing, known by a digest
//! ```
//!
//! - [`load_file`] reads one file and tells all that is wrong with it, each with file, line and column.
//! - [`RuleSet`] is what an engine gets: every rule of every source, or none.
//! - [`RuleWatcher`] loads the files of directories when they change.
//! - What a rule may cost is bounded three times: when it is loaded, while it runs, and in what it answers.

mod build;
mod cel;
mod content;
mod explain;
mod files;
mod format;
mod functions_doc;
mod inputs;
mod limits;
mod lint;
mod load;
mod pattern;
mod read;
mod rule;
mod rule_set;
mod rule_watcher;
mod run_tests;
mod suggest;
mod texts;
mod trace;
mod yaml;

pub use ccx_content::{Digest, Position, Problem, Severity};
pub use explain::{ExplainedInput, Explanation, RuleContent};
pub use files::{FilesError, RuleFiles};
pub use format::rule_schema;
pub use functions_doc::{FunctionDoc, functions, functions_table};
pub use load::{Loaded, load_file, load_files};
pub use rule::DeclarativeRule;
pub use rule_set::{Rejected, RuleSet};
pub use rule_watcher::{RuleUpdate, RuleWatcher};
pub use run_tests::{TestFailure, TestOutcome};
pub use trace::{Trace, TracedInput, TracedValue};

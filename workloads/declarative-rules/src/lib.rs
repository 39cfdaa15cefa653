//! Declarative rules in YAML and CEL: loads rule files to implementations of [`ccx_rules::Rule`].
//!
//! ```text
//!  text ──▶ yaml ──▶ parse ──▶ compile ──▶ DeclarativeRule ──▶ Engine
//!        (positions)  (form)  (semantics)         │
//!                                cel              ├──▶ run_tests · trace · explain
//!                                                 │
//!  directories, archives ──▶ RuleSet ─────────────┘   all or nothing, identified by a digest
//! ```
//!
//! - [`load_file`] loads one file and reports all its problems with file, line and column.
//! - [`RuleSet`] holds the rules of an engine: every rule of every source, or none.
//! - [`RuleWatcher`] reloads the files of directories when they change.
//! - The cost of a rule is limited when it is loaded, while it runs, and by the size of its details.

mod cel;
mod compile;
mod content;
mod explain;
mod files;
mod format;
mod functions_doc;
mod inputs;
mod limits;
mod lint;
mod load;
mod parse;
mod pattern;
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
pub use run_tests::{TestFailure, TestOutcome, skip_reason};
pub use trace::{Trace, TracedInput, TracedValue};

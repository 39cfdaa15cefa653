//! Rule content: the texts, severity and resolution of findings, as a tree of files apart from the rules'
//! code.
//!
//! ```text
//!  folder, archive ▶ Files ──▶ load ──▶ ContentTree ──▶ Content of a rule and key: texts, severity, tags
//!  built-in ──────▶   (path → text)        │
//!                                        └──▶ RuleStatus of each rule: its problems, with file and line
//! ```
//!
//! The layout is that of the Insights content service, so a tree that was written for it is read unchanged
//! (`tree/README.md` describes it):
//!
//! ```text
//!  config.yaml                        the levels of impacts and resolution risks
//!  groups_config.yaml                 the categories of the user interface
//!  external/rules/<name>/plugin.yaml  a rule; its module joins it with the findings of the engine
//!                        <text>.md    the texts of all its keys: generic, reason, resolution, more_info, summary
//!                        <KEY>/metadata.yaml, <KEY>/<text>.md   one key: its severity, and texts that override
//! ```
//!
//! Only [`Files::read`] and [`Files::read_dir`] do I/O. A broken rule does not affect the others.

mod check;
mod config;
mod content;
mod digest;
mod escape;
mod files;
mod groups;
mod lint;
mod problem;
mod problem_kind;
mod template;
mod tree;
mod watch;
mod yaml;

pub use check::{Checked, check};
pub use config::{Config, Rating};
pub use content::{Content, Plugin, Publication, Text, TextError, Texts};
pub use digest::Digest;
pub use escape::escape_markdown;
pub use files::{Files, ReadError};
pub use groups::Group;
pub use lint::{lint, lint_details, lint_keys, lint_template};
pub use problem::{Position, Problem, Severity};
pub use template::{RenderError, RenderErrorKind, SyntaxError, SyntaxErrorKind, Template};
pub use tree::{ContentTree, LoadError, RuleState, RuleStatus};
pub use watch::{ContentWatcher, Update, Watch};

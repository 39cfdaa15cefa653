//! Limits on the cost of declarative rules, with their reasons.
//!
//! Three layers: the size of an expression is checked when it is loaded; its evaluation is metered; its
//! details are truncated. A rule that exceeds the second layer ends as `limit`: it has no result from
//! incomplete data.

use std::time::Duration;

/// Maximum size of a rule file. A ConfigMap can hold 1 MiB in total.
pub(crate) const MAX_FILE_BYTES: usize = 1 << 20;

/// Maximum total size of the files of a set.
pub(crate) const MAX_SET_BYTES: usize = 16 << 20;

/// Maximum number of files of a set.
pub(crate) const MAX_SET_FILES: usize = 2000;

/// Maximum length of an expression. Real expressions have a few hundred bytes.
pub(crate) const MAX_EXPRESSION_BYTES: usize = 8 * 1024;

/// Maximum number of nodes of a syntax tree. Real expressions have a few dozen.
pub(crate) const MAX_EXPRESSION_NODES: usize = 500;

/// Maximum depth of brackets and of the syntax tree, which bounds the recursion.
pub(crate) const MAX_EXPRESSION_DEPTH: usize = 64;

/// Stack size of the thread that compiles expressions. The parser needs up to 8 kB for each operator of a
/// chain.
pub(crate) const COMPILER_STACK_BYTES: usize = 128 << 20;

/// Maximum depth of nested loops: the time grows with this exponent.
pub(crate) const MAX_LOOP_DEPTH: usize = 3;

/// Maximum number of elements of a list or map literal.
pub(crate) const MAX_LITERAL_ELEMENTS: usize = 100;

/// Maximum number of facts, inputs, details or tests of a rule.
pub(crate) const MAX_FIELDS: usize = 64;

/// Maximum size of a compiled regular expression, which bounds the time to compile it.
pub(crate) const MAX_REGEX_BYTES: usize = 256 * 1024;

/// Maximum number of steps of a rule for an archive. A step is about one operation on a small value, some 50
/// ns, so this is a tenth of a second.
pub(crate) const MAX_STEPS: u64 = 2_000_000;

/// Number of steps between two reads of the clock.
pub(crate) const STEPS_PER_CLOCK_READ: u64 = 1024;

/// Maximum [`Value::weight`](crate::cel::Value::weight). A value that shares its parts is cheap to hold, but
/// expensive to traverse.
pub(crate) const MAX_WEIGHT: u64 = 2_000_000;

/// Maximum depth of values, which bounds the recursion. JSON is parsed up to 128 levels.
pub(crate) const MAX_VALUE_DEPTH: u16 = 200;

/// Maximum size of the JSON documents of an archive that are parsed for declarative rules. The Insights
/// Operator limits an archive to 24 MiB.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 24 << 20;

/// Maximum number of JSON values of an archive that are kept for declarative rules, some 40 bytes each. The
/// archive of a large cluster has a tenth.
pub(crate) const MAX_DOCUMENT_VALUES: usize = 1_000_000;

/// Maximum total time of all declarative rules for an archive.
pub(crate) const TIME_PER_ARCHIVE: Duration = Duration::from_secs(2);

/// Maximum number of elements of a list in the details; the rest is dropped.
pub(crate) const MAX_DETAILS_ITEMS: usize = 1000;

/// Maximum length of a text in the details; the rest is dropped.
pub(crate) const MAX_DETAILS_TEXT_BYTES: usize = 4 * 1024;

/// Maximum number of matching log lines of an input.
pub(crate) const MAX_MATCHES: usize = 1000;

/// Default number of matching log lines of an input.
pub(crate) const DEFAULT_MATCHES: usize = 20;

//! Every bound on what a rule of a user may cost, with its reason.
//!
//! Three layers: what an expression may look like is checked when it is loaded; what it may do is metered while it runs; what
//! it may answer is cut. A rule that runs into the second layer ends as `limit`: it never answers from half of the data.

use std::time::Duration;

/// The largest rule file. A ConfigMap holds 1 MiB in all.
pub(crate) const MAX_FILE_BYTES: usize = 1 << 20;

/// The most that all files of a set have together.
pub(crate) const MAX_SET_BYTES: usize = 16 << 20;

/// The most files of a set.
pub(crate) const MAX_SET_FILES: usize = 2000;

/// The longest expression. Those of real rules have a few hundred bytes.
pub(crate) const MAX_EXPRESSION_BYTES: usize = 8 * 1024;

/// The most nodes of an expression's syntax tree. Real ones have a few dozen.
pub(crate) const MAX_EXPRESSION_NODES: usize = 500;

/// How deep an expression may nest, in brackets and in its syntax tree; the depth of recursion follows from it.
pub(crate) const MAX_EXPRESSION_DEPTH: usize = 64;

/// The stack of the thread that compiles expressions. The parser needs up to 8 kB for each operator of a chain.
pub(crate) const COMPILER_STACK_BYTES: usize = 128 << 20;

/// How deep loops may nest: the time grows with this exponent.
pub(crate) const MAX_LOOP_DEPTH: usize = 3;

/// The most elements of a list or map that is written out.
pub(crate) const MAX_LITERAL_ELEMENTS: usize = 100;

/// The most facts, inputs, details or tests of a rule.
pub(crate) const MAX_FIELDS: usize = 64;

/// The size of a compiled regular expression, which bounds the time to compile it.
pub(crate) const MAX_REGEX_BYTES: usize = 256 * 1024;

/// What a rule may spend on an archive. A step is about what one operation on one small value costs, some 50 ns; so this is a
/// tenth of a second.
pub(crate) const MAX_STEPS: u64 = 2_000_000;

/// How many steps pass between two looks at the clock.
pub(crate) const STEPS_PER_CLOCK_READ: u64 = 1024;

/// The most values that one value is made of, in the unit of [`Value::weight`](crate::cel::Value::weight). Sharing makes a
/// value cheap to hold that is expensive to look at.
pub(crate) const MAX_WEIGHT: u64 = 2_000_000;

/// How deep values may nest; the depth of recursion follows from it. JSON is read up to 128 levels.
pub(crate) const MAX_VALUE_DEPTH: u16 = 200;

/// The most JSON text of an archive that is parsed for rules of users. The operator stops at 24 MiB for all that it records.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 24 << 20;

/// The most JSON values of an archive that are kept for rules of users, some 40 bytes each. The archive of a large cluster has
/// a tenth.
pub(crate) const MAX_DOCUMENT_VALUES: usize = 1_000_000;

/// The time that all rules of users together may take for an archive.
pub(crate) const TIME_PER_ARCHIVE: Duration = Duration::from_secs(2);

/// The most elements of a list in the details; the rest is left out.
pub(crate) const MAX_DETAILS_ITEMS: usize = 1000;

/// The longest text in the details; the rest is cut off.
pub(crate) const MAX_DETAILS_TEXT_BYTES: usize = 4 * 1024;

/// The most matching log lines of an input, and how many it has when the rule doesn't say.
pub(crate) const MAX_MATCHES: usize = 1000;
pub(crate) const DEFAULT_MATCHES: usize = 20;

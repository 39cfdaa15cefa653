//! The language of expressions: the Common Expression Language, without bytes and messages, with functions for clusters.
//!
//! The crate `cel` parses; evaluation is our own. That way a value is shared instead of copied, every step is metered, a limit
//! can't be mistaken for an answer, and an error knows its place in the file. A property test holds the results against those
//! of the crate's interpreter.

mod code;
mod compile;
mod error;
mod evaluate;
pub(crate) mod functions;
mod meter;
mod operators;
mod syntax;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use code::Program;
#[cfg(test)]
pub(crate) use compile::Mistake;
pub(crate) use compile::{compile, on_large_stack, one_line};
pub(crate) use error::{EvaluationError, Reason};
pub(crate) use evaluate::Scope;
pub(crate) use meter::Meter;
pub(crate) use value::Unfit;
pub(crate) use value::{Map, Type, Value, Version};

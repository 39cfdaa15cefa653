//! The expression language: CEL (Common Expression Language) without bytes and messages, with functions for
//! clusters.
//!
//! The crate `cel` parses; this module evaluates. Thus values are shared instead of copied, every step is
//! metered, a limit is never taken for a result, and errors have positions. A property test compares the
//! results with those of the crate's interpreter.

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
pub(crate) use compile::Mistake;
pub(crate) use compile::{compile, on_large_stack, one_line};
pub(crate) use error::{EvaluationError, Reason};
pub(crate) use evaluate::Scope;
pub(crate) use meter::Meter;
pub(crate) use value::JsonError;
pub(crate) use value::{Map, Type, Value, Version};

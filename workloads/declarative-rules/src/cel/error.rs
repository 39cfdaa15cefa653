//! Errors of the evaluation.

use std::fmt;

use super::{Type, Value, meter::Limit};

/// A failed evaluation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EvaluationError {
    /// Byte offset in the expression.
    pub at: usize,
    pub reason: Reason,
}

/// Reason of a failed evaluation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reason {
    /// A map has no such field.
    NoSuchKey(Box<str>),
    /// A list has no such element.
    NoSuchElement(i64),
    /// An operator or function does not take values of these types.
    NoOverload(&'static str, Box<[Type]>),
    /// A condition is not a boolean.
    NotBool(Type),
    /// The range of a loop is neither a list nor a map.
    NotIterable(Type),
    /// The result is out of range.
    Overflow(&'static str),
    /// Division by zero.
    DivisionByZero,
    /// `value()` of an empty optional.
    NoValue,
    /// A key of a map literal is not a string.
    KeyNotText(Type),
    /// A function failed, with the error message.
    Function(&'static str, String),
    /// A function needs the gathering time, which is unknown.
    NoGatheringTime(&'static str),
    /// A limit was reached.
    Limit(Limit),
}

impl Reason {
    pub(crate) fn no_overload(function: &'static str, arguments: &[Value]) -> Self {
        Self::NoOverload(function, arguments.iter().map(Value::type_of).collect())
    }

    /// Adds the byte offset in the expression.
    pub(crate) fn at(self, at: usize) -> EvaluationError {
        EvaluationError { at, reason: self }
    }

    /// Returns true if no operator may ignore the error.
    pub(crate) fn is_limit(&self) -> bool {
        matches!(self, Self::Limit(_))
    }
}

/// Hint for errors about null.
const NULL_HINT: &str =
    "; where a field may be null or missing, write `.?field.orValue(...)`, which treats null as missing";

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchKey(key) => write!(
                f,
                "there is no field `{key}`; where a field may be missing, write `.?{key}.orValue(...)` or check `has(...)` first"
            ),
            Self::NoSuchElement(index) => {
                write!(
                    f,
                    "the list has no element {index}; check its `size(...)` first, or write `[?{index}]`"
                )
            }
            Self::NoOverload(function, types) => {
                let names: Vec<&str> = types.iter().map(|of| of.name()).collect();
                let hint = if types.contains(&Type::Null) { NULL_HINT } else { "" };
                write!(f, "`{function}` does not take ({}){hint}", names.join(", "))
            }
            Self::NotBool(of) => write!(f, "a condition must be a bool and is {}", of.with_article()),
            Self::NotIterable(of) => {
                let hint = if *of == Type::Null { NULL_HINT } else { "" };
                write!(f, "a loop needs a list or a map and has {}{hint}", of.with_article())
            }
            Self::Overflow(operation) => write!(f, "the result of `{operation}` is out of range"),
            Self::DivisionByZero => f.write_str("division by zero; check the divisor first"),
            Self::NoValue => f.write_str("`value()` of an optional that has none; write `.orValue(...)`"),
            Self::KeyNotText(of) => {
                write!(f, "the keys of a map must be strings and one is {}", of.with_article())
            }
            Self::Function(function, why) => write!(f, "`{function}`: {why}"),
            Self::NoGatheringTime(function) => {
                write!(f, "`{function}`: it is unknown when the data was gathered")
            }
            Self::Limit(limit) => write!(f, "it needed {}", limit.explanation()),
        }
    }
}

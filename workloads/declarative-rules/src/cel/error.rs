//! Errors of the evaluation.

use std::{fmt, sync::Arc};

use super::{Type, Value, meter::Limit};

/// A failed evaluation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EvaluationError {
    /// Byte offset in the expression.
    pub at: usize,
    pub reason: Reason,
    /// Name of the field that is null, if the reason is a null and the field is known.
    pub null_field: Option<Arc<str>>,
}

/// Reason of a failed evaluation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reason {
    /// A map has no such field.
    NoSuchKey(Box<str>),
    /// A value that is not a map has no fields.
    NoFields(Type, Box<str>),
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
        EvaluationError { at, reason: self, null_field: None }
    }

    /// Returns true if no operator may ignore the error.
    pub(crate) fn is_limit(&self) -> bool {
        matches!(self, Self::Limit(_))
    }
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt_without_hint(f)?;
        match &self.null_field {
            Some(field) => write!(
                f,
                "; `{field}` is null here: write `.?{field}.orValue(...)`, which treats null as missing"
            ),
            None => f.write_str(&self.reason.hint()),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_without_hint(f)?;
        f.write_str(&self.hint())
    }
}

impl Reason {
    fn fmt_without_hint(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchKey(key) => write!(f, "there is no field `{key}`"),
            Self::NoFields(of, field) => write!(f, "{} has no field `{field}`", of.with_article()),
            Self::NoSuchElement(index) => write!(f, "the list has no element {index}"),
            Self::NoOverload(function, types) => {
                let names: Vec<&str> = types.iter().map(|of| of.in_messages()).collect();
                write!(f, "`{function}` does not take ({})", names.join(", "))
            }
            Self::NotBool(of) => write!(f, "a condition must be a bool and is {}", of.with_article()),
            Self::NotIterable(of) => write!(f, "a loop needs a list or a map and has {}", of.with_article()),
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

    /// Returns what to write instead, or an empty text.
    fn hint(&self) -> String {
        match self {
            Self::NoSuchKey(key) => format!(
                "; where a field may be missing, write `.?{key}.orValue(...)` or check `has(...)` first"
            ),
            Self::NoSuchElement(index) if *index < 0 => {
                ": indices begin at 0, and the last element is `list[size(list) - 1]`".into()
            }
            Self::NoSuchElement(index) => format!("; check its `size(...)` first, or write `[?{index}]`"),
            Self::NoFields(Type::List | Type::Text, field) if SIZES.contains(&&**field) => {
                "; write `.size()`".into()
            }
            Self::NoFields(Type::List, field) => {
                format!("; read it from an element: `list[0].{field}`, or `list.exists(item, item.{field})`")
            }
            Self::NoOverload("contains", types) if types.first() == Some(&Type::List) => {
                "; write `value in list`".into()
            }
            Self::NoOverload(function, types) => hint_about_types(function, types),
            Self::NoFields(of, _) | Self::NotIterable(of) | Self::NotBool(of) => {
                hint_about_types("", std::slice::from_ref(of))
            }
            _ => String::new(),
        }
    }
}

/// Names that other languages have for the size of a list or text.
const SIZES: [&str; 4] = ["size", "length", "len", "count"];

/// Returns how values of other types are used with a function or operator, or an empty text.
fn hint_about_types(function: &str, types: &[Type]) -> String {
    if types.contains(&Type::Null) {
        return "; where a field may be null or missing, write `.?field.orValue(...)`, which treats null as \
                missing"
            .into();
    }
    if types.contains(&Type::Optional) {
        return "; an optional is read with `.orValue(...)`".into();
    }
    let other = match types {
        [Type::Text, other] | [other, Type::Text] => *other,
        _ => return String::new(),
    };
    let conversion = match other {
        Type::Int | Type::UInt | Type::Double | Type::Bool if function == "+" => "string",
        Type::Int => "int",
        Type::UInt => "uint",
        Type::Double => "double",
        Type::Timestamp => "timestamp",
        Type::Duration => "duration",
        Type::Version => "semver",
        _ => return String::new(),
    };
    let is_operator = !function.starts_with(|first: char| first.is_alphabetic()) && function != "[]";
    if is_operator { format!("; convert one of them, with `{conversion}(...)`") } else { String::new() }
}

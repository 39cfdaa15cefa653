//! Values of JSON documents and expressions.
//!
//! Lists, maps and texts are reference-counted, so that a loop variable, a fact or an element costs no copy.

use std::{fmt, sync::Arc};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

mod compare;
mod json;
mod map;
mod version;

pub(crate) use json::JsonError;
pub(crate) use map::Map;
pub(crate) use version::Version;

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A non-negative whole number, written `7u`; also a JSON number that is too large for an `int`.
    UInt(u64),
    /// Any other number.
    Double(f64),
    /// A string.
    Text(Arc<str>),
    /// A point in time.
    Timestamp(DateTime<Utc>),
    /// A length of time.
    Duration(TimeDelta),
    /// A version, comparable.
    Version(Arc<Version>),
    /// A list of values.
    List(List),
    /// A map with string keys, in the order of the document.
    Map(Map),
    /// A value that may be missing.
    Optional(Option<Arc<Value>>),
    /// A type, the result of `type(x)`.
    Type(Type),
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "each is the type of the value of the same name")]
pub(crate) enum Type {
    Null,
    Bool,
    Int,
    UInt,
    Double,
    Text,
    Timestamp,
    Duration,
    Version,
    List,
    Map,
    Optional,
    Type,
}

impl Type {
    /// Types that have a name in expressions.
    pub(crate) const NAMED: [Self; 9] = [
        Self::Null,
        Self::Bool,
        Self::Int,
        Self::UInt,
        Self::Double,
        Self::Text,
        Self::List,
        Self::Map,
        Self::Type,
    ];

    /// Returns the name of the type in the language.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::UInt => "uint",
            Self::Double => "double",
            Self::Text => "string",
            Self::Timestamp => "timestamp",
            Self::Duration => "duration",
            Self::Version => "semver",
            Self::List => "list",
            Self::Map => "map",
            Self::Optional => "optional",
            Self::Type => "type",
        }
    }

    /// Returns the name of the type for messages.
    pub(crate) fn in_messages(self) -> &'static str {
        if self == Self::Null { "null" } else { self.name() }
    }

    /// Returns the name with its article, as in `an int`.
    pub(crate) fn with_article(self) -> String {
        let name = self.in_messages();
        if self == Self::Null {
            return name.into();
        }
        let article = if name.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
        format!("{article} {name}")
    }
}

/// A list. Reference-counted, so cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct List(Arc<Elements>);

#[derive(Debug)]
struct Elements {
    items: Box<[Value]>,
    weight: u64,
    depth: u16,
}

impl List {
    /// Returns the elements.
    pub(crate) fn items(&self) -> &[Value] {
        &self.0.items
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        let items: Box<[Value]> = items.into_iter().collect();
        let weight = total_weight(items.iter());
        let depth = depth_above(items.iter());
        Self(Arc::new(Elements { items, weight, depth }))
    }
}

impl Value {
    /// Creates a string.
    pub(crate) fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Creates a list.
    pub(crate) fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(items.into_iter().collect())
    }

    /// Creates an optional with a value.
    pub(crate) fn some(value: Self) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    /// Creates an optional.
    pub(crate) fn optional(value: Option<Self>) -> Self {
        Self::Optional(value.map(Arc::new))
    }

    /// Returns the type of the value.
    pub(crate) fn type_of(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::UInt(_) => Type::UInt,
            Self::Double(_) => Type::Double,
            Self::Text(_) => Type::Text,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Duration(_) => Type::Duration,
            Self::Version(_) => Type::Version,
            Self::List(_) => Type::List,
            Self::Map(_) => Type::Map,
            Self::Optional(_) => Type::Optional,
            Self::Type(_) => Type::Type,
        }
    }

    /// Returns the approximate number of steps to traverse the value: one for each value, and for each 16
    /// bytes of text.
    pub(crate) fn weight(&self) -> u64 {
        match self {
            Self::Text(text) => text_weight(text),
            Self::List(list) => list.0.weight,
            Self::Map(map) => map.weight(),
            Self::Optional(Some(value)) => value.weight() + 1,
            _ => 1,
        }
    }

    /// Returns the number of levels of lists, maps and optionals.
    pub(crate) fn depth(&self) -> u16 {
        match self {
            Self::List(list) => list.0.depth,
            Self::Map(map) => map.depth(),
            Self::Optional(Some(value)) => value.depth().saturating_add(1),
            _ => 0,
        }
    }
}

/// Returns the weight of a text.
pub(crate) fn text_weight(text: &str) -> u64 {
    1 + text.len() as u64 / 16
}

fn total_weight<'a>(values: impl Iterator<Item = &'a Value>) -> u64 {
    values.map(Value::weight).fold(1, u64::saturating_add)
}

fn depth_above<'a>(values: impl Iterator<Item = &'a Value>) -> u16 {
    values.map(Value::depth).max().unwrap_or_default().saturating_add(1)
}

/// Formats a timestamp for JSON.
pub(crate) fn timestamp_text(timestamp: &DateTime<Utc>) -> String {
    timestamp.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Formats a duration for JSON and `string()`: seconds, with a fraction if it is not zero.
pub(crate) fn duration_text(duration: TimeDelta) -> String {
    let (seconds, nanos) = (duration.num_seconds(), duration.subsec_nanos());
    if nanos == 0 {
        return format!("{seconds}s");
    }
    let sign = if duration < TimeDelta::zero() { "-" } else { "" };
    let fraction = format!("{:09}", nanos.unsigned_abs());
    format!("{sign}{}.{}s", seconds.unsigned_abs(), fraction.trim_end_matches('0'))
}

impl fmt::Display for Value {
    /// Formats the value as JSON, truncated for messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_CHARS: usize = 200;
        let json = serde_json::to_string(&self.details()).map_err(|_| fmt::Error)?;
        match json.char_indices().nth(MAX_CHARS) {
            Some((end, _)) => write!(f, "{}…", &json[..end]),
            None => f.write_str(&json),
        }
    }
}

#[cfg(test)]
mod tests;

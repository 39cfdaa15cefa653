//! Equality and order of values.

use std::cmp::Ordering;

use super::Value;

/// Equality of the language: numbers of different types may be equal, other values of different types are
/// not, and NaN is not equal to anything.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Version(a), Self::Version(b)) => a == b,
            (Self::List(a), Self::List(b)) => a.items() == b.items(),
            (Self::Map(a), Self::Map(b)) => {
                a.entries().len() == b.entries().len()
                    && a.entries().iter().all(|(key, value)| b.get(key).is_some_and(|other| value == other))
            }
            (Self::Optional(a), Self::Optional(b)) => a == b,
            (Self::Type(a), Self::Type(b)) => a == b,
            _ => self.compare_numbers(other) == Some(Ordering::Equal),
        }
    }
}

impl Value {
    /// Compares two values; `None` if their types have no order.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            (Self::Version(a), Self::Version(b)) => Some(a.cmp(b)),
            _ => self.compare_numbers(other),
        }
    }

    fn compare_numbers(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            (Self::Double(a), _) => compare_double(*a, other.as_whole()?),
            (_, Self::Double(b)) => compare_double(*b, self.as_whole()?).map(Ordering::reverse),
            _ => Some(self.as_whole()?.cmp(&other.as_whole()?)),
        }
    }

    fn as_whole(&self) -> Option<i128> {
        match self {
            Self::Int(number) => Some((*number).into()),
            Self::UInt(number) => Some((*number).into()),
            _ => None,
        }
    }
}

/// Compares exactly: a large whole number may not be representable as a double.
fn compare_double(double: f64, whole: i128) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "beyond the range of i128 it saturates, which keeps the order"
    )]
    let floor = double.floor() as i128;
    let is_between = double.fract() != 0.0;
    Some(floor.cmp(&whole).then(if is_between { Ordering::Greater } else { Ordering::Equal }))
}

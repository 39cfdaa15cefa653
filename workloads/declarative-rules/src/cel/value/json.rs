//! Conversion of values from and to JSON.

use std::{fmt, sync::Arc};

use serde::{
    Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};

use super::{List, Map, Value, duration_text, timestamp_text};
use crate::limits::{MAX_DETAILS_ITEMS, MAX_DETAILS_TEXT_BYTES};

/// Failure to convert JSON to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// The text is not valid JSON.
    Malformed,
    /// The text has more values than allowed.
    TooLarge,
}

impl Value {
    /// Parses JSON of at most `values_left` values, and subtracts the number of its values.
    pub(crate) fn from_json(json: &[u8], values_left: &mut usize) -> Result<Self, JsonError> {
        let before = *values_left;
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let value = Seed(values_left).deserialize(&mut deserializer);
        let value = value.and_then(|value| deserializer.end().map(|()| value));
        value.map_err(|_| {
            if *values_left == 0 {
                return JsonError::TooLarge;
            }
            // Values of invalid JSON are not kept, so they do not count.
            *values_left = before;
            JsonError::Malformed
        })
    }

    /// Converts a JSON value.
    pub(crate) fn from_serde(json: serde_json::Value) -> Self {
        Seed(&mut usize::MAX.clone()).deserialize(json).unwrap_or(Self::Null)
    }

    /// Converts the value to JSON without truncation.
    #[cfg(test)]
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let whole = Json { value: self, max_items: usize::MAX, max_text_bytes: usize::MAX };
        serde_json::to_value(whole).unwrap_or_default()
    }

    /// Serializes the value for a report: long lists and texts are truncated.
    pub(crate) fn details(&self) -> impl Serialize {
        Json { value: self, max_items: MAX_DETAILS_ITEMS, max_text_bytes: MAX_DETAILS_TEXT_BYTES }
    }
}

/// Serializes a value as JSON and truncates its lists and texts.
struct Json<'a> {
    value: &'a Value,
    max_items: usize,
    max_text_bytes: usize,
}

impl<'a> Json<'a> {
    fn with_value(&self, value: &'a Value) -> Self {
        Self { value, ..*self }
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Null | Value::Optional(None) => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::UInt(number) => serializer.serialize_u64(*number),
            Value::Double(number) => serialize_number(*number, serializer),
            Value::Text(text) => {
                serializer.serialize_str(&text[..text.floor_char_boundary(self.max_text_bytes)])
            }
            Value::Timestamp(timestamp) => serializer.serialize_str(&timestamp_text(timestamp)),
            Value::Duration(duration) => serializer.serialize_str(&duration_text(*duration)),
            Value::Version(version) => serializer.collect_str(version),
            Value::Type(of) => serializer.serialize_str(of.name()),
            Value::List(list) => serializer
                .collect_seq(list.items().iter().take(self.max_items).map(|item| self.with_value(item))),
            Value::Map(map) => {
                let entries = map.entries().iter().take(self.max_items);
                serializer.collect_map(entries.map(|(key, value)| (&**key, self.with_value(value))))
            }
            Value::Optional(Some(value)) => self.with_value(value).serialize(serializer),
        }
    }
}

/// Serializes whole numbers without a fraction, so that templates print `4` and not `4.0`.
fn serialize_number<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= MAX_EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and at most 2^53")]
        return serializer.serialize_i64(number as i64);
    }
    serializer.serialize_f64(number)
}

/// Deserializes a value and decrements the number of remaining values.
struct Seed<'a>(&'a mut usize);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        *self.0 = self.0.checked_sub(1).ok_or_else(|| D::Error::custom("too many values"))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::UInt(number), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Double(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(Seed(self.0))? {
            items.push(item);
        }
        Ok(Value::List(List::from_iter(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries: Vec<(Arc<str>, Value)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            entries.push((key.into(), map.next_value_seed(Seed(self.0))?));
        }
        Ok(Value::Map(Map::from_iter(entries)))
    }
}

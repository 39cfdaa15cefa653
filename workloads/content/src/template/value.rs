//! Values, and how JavaScript converts and compares them.

use std::{cmp::Ordering, ptr, rc::Rc};

use serde_json::{Map, Value as Json};

use super::{
    number,
    text::{self, Text},
};

/// The value of an expression.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Text<'a>),
    /// A list of the details.
    Array(&'a [Json]),
    /// An object of the details.
    Object(&'a Map<String, Json>),
    /// A list that the template has created.
    List(Rc<List<'a>>),
}

/// A list that a template has created.
#[derive(Debug)]
pub(super) struct List<'a> {
    items: Vec<Value<'a>>,
    /// See [`Value::weight`]. It is kept, as a list that stands several times in others is visited once.
    weight: usize,
    /// Number of such lists within each other, this one included.
    depth: usize,
}

/// Maximum nesting of lists that can be converted to text. serde never parses deeper ones.
const MAX_DEPTH: usize = 128;

/// Maximum nesting of lists that a template creates: each level needs stack when the list is dropped.
const MAX_CREATED_DEPTH: usize = 50;

impl<'a> From<&'a Json> for Value<'a> {
    fn from(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::Text(Text::Borrowed(text)),
            Json::Array(items) => Self::Array(items),
            Json::Object(fields) => Self::Object(fields),
        }
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> Value<'a> {
    /// Creates a whole number.
    #[expect(clippy::cast_precision_loss, reason = "lengths and positions are far below 2^53")]
    pub(super) fn count(count: usize) -> Self {
        Self::Number(count as f64)
    }

    /// Creates a list.
    pub(super) fn list(items: impl IntoIterator<Item = Self>) -> Result<Self, TooDeep> {
        let items: Vec<Self> = items.into_iter().collect();
        let weight =
            items.iter().fold(0, |sum: usize, item| sum.saturating_add(1).saturating_add(item.weight()));
        let inner = |item: &Self| if let Self::List(list) = item { list.depth } else { 0 };
        let depth = 1 + items.iter().map(inner).max().unwrap_or_default();
        if depth > MAX_CREATED_DEPTH {
            return Err(TooDeep);
        }
        Ok(Self::List(Rc::new(List { items, weight, depth })))
    }

    /// Returns the kind of the value for an error message.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Undefined => "undefined",
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array(_) | Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// `typeof`
    pub(super) fn type_of(&self) -> &'static str {
        match self {
            Self::Undefined => "undefined",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::Null | Self::Array(_) | Self::List(_) | Self::Object(_) => "object",
        }
    }

    /// Returns whether the value is truthy: all but `undefined`, `null`, `false`, zero, NaN and the empty
    /// text.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Undefined | Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => !(*number == 0.0 || number.is_nan()),
            Self::Text(text) => !text.is_empty(),
            Self::Array(_) | Self::List(_) | Self::Object(_) => true,
        }
    }

    /// Returns whether the value is `undefined` or `null`.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Undefined | Self::Null)
    }

    /// Returns the number of items of a list.
    pub(super) fn list_length(&self) -> Option<usize> {
        match self {
            Self::Array(items) => Some(items.len()),
            Self::List(list) => Some(list.items.len()),
            _ => None,
        }
    }

    /// Returns an item of a list or a unit of a text.
    pub(super) fn item(&self, index: usize) -> Self {
        let item = match self {
            Self::Array(items) => items.get(index).map(Self::from),
            Self::List(list) => list.items.get(index).cloned(),
            Self::Text(text) if index < text::length(text) => {
                Some(text::slice(text, index, index + 1).into())
            }
            _ => None,
        };
        item.unwrap_or(Self::Undefined)
    }

    /// Returns the items of a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let count = self.list_length().unwrap_or_default();
        (0..count).map(|index| self.item(index)).collect()
    }

    /// Converts the value to a number.
    pub(super) fn to_number(&self) -> Result<f64, TooDeep> {
        Ok(match self {
            Self::Undefined => f64::NAN,
            Self::Null => 0.0,
            Self::Bool(value) => f64::from(u8::from(*value)),
            Self::Number(number) => *number,
            Self::Text(text) => number::parse(text),
            Self::Array(_) | Self::List(_) | Self::Object(_) => number::parse(&self.to_text()?),
        })
    }

    /// Converts the value to text.
    pub(super) fn to_text(&self) -> Result<Text<'a>, TooDeep> {
        self.to_text_within(MAX_DEPTH)
    }

    fn to_text_within(&self, depth: usize) -> Result<Text<'a>, TooDeep> {
        Ok(match self {
            Self::Undefined => Text::Borrowed("undefined"),
            Self::Null => Text::Borrowed("null"),
            Self::Bool(true) => Text::Borrowed("true"),
            Self::Bool(false) => Text::Borrowed("false"),
            Self::Number(number) => number::to_text(*number).into(),
            Self::Text(text) => text.clone(),
            Self::Array(_) | Self::List(_) => self.join_within(",", depth)?.into(),
            Self::Object(_) => Text::Borrowed("[object Object]"),
        })
    }

    /// Converts the items of a list to texts; `undefined` and `null` become empty.
    pub(super) fn join(&self, separator: &str) -> Result<String, TooDeep> {
        self.join_within(separator, MAX_DEPTH)
    }

    fn join_within(&self, separator: &str, depth: usize) -> Result<String, TooDeep> {
        let depth = depth.checked_sub(1).ok_or(TooDeep)?;
        let mut joined = String::new();
        for (index, item) in self.items().iter().enumerate() {
            if index > 0 {
                joined.push_str(separator);
            }
            if !item.is_nothing() {
                joined.push_str(&item.to_text_within(depth)?);
            }
        }
        Ok(joined)
    }

    /// Returns the approximate number of characters of the value's text: the cost of the conversion.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Array(items) => array_weight(items),
            Self::List(list) => list.weight,
            _ => 1,
        }
    }

    /// Converts a list or an object to its text; other values are unchanged.
    fn to_primitive(&self) -> Result<Self, TooDeep> {
        Ok(match self {
            Self::Array(_) | Self::List(_) | Self::Object(_) => Self::Text(self.to_text()?),
            primitive => primitive.clone(),
        })
    }

    /// `===`
    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Undefined, Self::Undefined) | (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            #[expect(clippy::float_cmp, reason = "JavaScript compares exactly")]
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => **a == **b,
            (Self::Array(a), Self::Array(b)) => ptr::eq(*a, *b),
            (Self::Object(a), Self::Object(b)) => ptr::eq(*a, *b),
            (Self::List(a), Self::List(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// `==`
    pub(super) fn loosely_equals(&self, other: &Self) -> Result<bool, TooDeep> {
        let is_object = |value: &Self| matches!(value, Self::Array(_) | Self::List(_) | Self::Object(_));
        if self.type_of() == other.type_of() && !self.is_nothing() && !other.is_nothing() {
            return Ok(self.equals(other));
        }
        if self.is_nothing() || other.is_nothing() {
            return Ok(self.is_nothing() && other.is_nothing());
        }
        if is_object(self) || is_object(other) {
            return self.to_primitive()?.loosely_equals(&other.to_primitive()?);
        }
        #[expect(clippy::float_cmp, reason = "JavaScript compares exactly")]
        Ok(self.to_number()? == other.to_number()?)
    }

    /// `<`, `<=`, `>`, `>=`: unordered when a number is NaN.
    pub(super) fn compare(&self, other: &Self) -> Result<Option<Ordering>, TooDeep> {
        let (a, b) = (self.to_primitive()?, other.to_primitive()?);
        if let (Self::Text(a), Self::Text(b)) = (&a, &b) {
            return Ok(Some(a.encode_utf16().cmp(b.encode_utf16())));
        }
        Ok(a.to_number()?.partial_cmp(&b.to_number()?))
    }

    /// `+`
    pub(super) fn plus(&self, other: &Self) -> Result<Self, TooDeep> {
        let (a, b) = (self.to_primitive()?, other.to_primitive()?);
        if matches!(a, Self::Text(_)) || matches!(b, Self::Text(_)) {
            return Ok(format!("{}{}", &*a.to_text()?, &*b.to_text()?).into());
        }
        Ok(Self::Number(a.to_number()? + b.to_number()?))
    }
}

/// Returns the cost of a list of the details with all nested lists.
fn array_weight(items: &[Json]) -> usize {
    let mut weight = 0;
    let mut waiting: Vec<&Json> = items.iter().collect();
    while let Some(item) = waiting.pop() {
        weight += 1;
        match item {
            Json::String(text) => weight += text.len(),
            Json::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    weight
}

/// Lists are nested too deep.
#[derive(Debug)]
pub(super) struct TooDeep;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(json: &Json) -> String {
        Value::from(json).to_text().unwrap().to_string()
    }

    #[test]
    fn to_text_converts_as_javascript() {
        assert_eq!(text(&json!([1, null, [2, "b"], {"a": 1}, true])), "1,,2,b,[object Object],true");
        assert_eq!(text(&json!(null)), "null");
        assert_eq!(&*Value::Undefined.to_text().unwrap(), "undefined");
    }

    #[test]
    fn loose_equality_converts_as_javascript() {
        let equal = |a: Json, b: Json| Value::from(&a).loosely_equals(&Value::from(&b)).unwrap();
        assert!(equal(json!("1"), json!(1)) && equal(json!(true), json!("1")) && equal(json!([2]), json!(2)));
        assert!(
            equal(json!(""), json!(0))
                && equal(json!([]), json!(""))
                && equal(json!({}), json!("[object Object]"))
        );
        assert!(
            !equal(json!(null), json!(0)) && !equal(json!("a"), json!(0)) && !equal(json!([1]), json!([1]))
        );
        assert!(Value::Null.loosely_equals(&Value::Undefined).unwrap());
    }

    #[test]
    fn comparison_is_lexical_for_texts_and_numeric_otherwise() {
        let compare = |a: Json, b: Json| Value::from(&a).compare(&Value::from(&b)).unwrap();
        assert_eq!(compare(json!("10"), json!("9")), Some(Ordering::Less));
        assert_eq!(compare(json!("10"), json!(9)), Some(Ordering::Greater));
        assert_eq!(compare(json!("a"), json!(9)), None);
    }

    #[test]
    fn empty_list_is_true_and_empty_text_is_false() {
        assert!(
            Value::from(&json!([])).is_true()
                && Value::from(&json!({})).is_true()
                && Value::from(&json!("0")).is_true()
        );
        assert!(!Value::from(&json!("")).is_true() && !Value::Number(f64::NAN).is_true());
    }

    #[test]
    fn to_text_of_too_deep_list_is_an_error() {
        let nested = (0..200).fold(json!([]), |inner, _| json!([inner]));
        assert!(Value::from(&nested).to_text().is_err());
    }
}

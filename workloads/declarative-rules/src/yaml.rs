//! YAML nodes with their positions in the file.

use std::{fmt, ops::Range};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::Spanned;

use crate::{Position, Problem};

mod align;

/// A value of a YAML file.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Byte range in the file; empty and at the start for a list or map.
    pub span: Range<usize>,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a map.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub name: String,
    pub span: Range<usize>,
}

/// Converts a byte offset in a scalar to one in the file, where the scalar is written at `span`.
pub(crate) fn offset_in_file(
    file_text: &str,
    span: &Range<usize>,
    scalar: &str,
    byte_of_scalar: usize,
) -> usize {
    let written = file_text.get(span.clone()).unwrap_or_default();
    span.start + align::offset_in_source(written, scalar, byte_of_scalar)
}

/// Parses the documents of a file.
pub(crate) fn parse(file: &str, text: &str) -> Result<Vec<Node>, Problem> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
        let message = error.without_snippet().to_string();
        let message =
            message.lines().next().unwrap_or_default().split(" at line ").next().unwrap_or_default();
        let position = error.location().and_then(|location| {
            let (line, column) = (location.line().try_into().ok()?, location.column().try_into().ok()?);
            (line > 0).then_some(Position { line, column })
        });
        let message = format!("not valid YAML: {}", with_hint(message));
        Problem::error(file, message).at(position)
    })
}

/// Adds what to write to a message of the parser.
fn with_hint(message: &str) -> String {
    /// A part of a message, and the hint.
    const HINTS: [(&str, &str); 6] = [
        ("mapping values are not allowed", "; put quotes around a text with a colon and a space in it"),
        (
            "trailing content after double-quoted",
            "; put single quotes around an expression that has double quotes",
        ),
        (
            "trailing content after single-quoted",
            "; put double quotes around an expression that has single quotes",
        ),
        ("did not find expected key", "; put quotes around an expression that begins with a bracket"),
        ("unknown anchor", "; put quotes around a text that begins with `*`"),
        ("tabs disallowed", "; indent with spaces"),
    ];
    if let Some((field, _)) = message.split_once(", set DuplicateKeyPolicy") {
        return format!("{field}; the rules of one file are separated by `---`");
    }
    let hint = HINTS.iter().find(|(part, _)| message.contains(part)).map_or("", |(_, hint)| hint);
    format!("{message}{hint}")
}

/// Returns the reason why the content of a file is not a text, if it is not.
pub(crate) fn not_a_text(text: &str) -> Option<&'static str> {
    if text.starts_with("PK\u{3}\u{4}") {
        return Some("a zip archive is no rule file; archives of rules are .tar, .tar.gz or .tgz");
    }
    if text.starts_with("\u{1f}\u{fffd}") {
        return Some("a compressed file is no rule file; archives of rules are .tar, .tar.gz or .tgz");
    }
    text.contains('\0').then_some("the file is not a text in UTF-8: it is binary, or a text in UTF-16")
}

impl Node {
    /// Returns the kind of the node for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Bool(_) => "a boolean",
            Content::Int(_) | Content::Float(_) => "a number",
            Content::Text(_) => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
        }
    }

    /// Returns the text of a scalar: without quotes, and of a number or boolean as written in the file.
    pub(crate) fn scalar<'a>(&'a self, file_text: &'a str) -> Option<&'a str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Bool(_) | Content::Int(_) | Content::Float(_) => file_text.get(self.span.clone()),
            Content::Null | Content::List(_) | Content::Map(_) => None,
        }
    }

    /// Converts the node to JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.content {
            Content::Null => serde_json::Value::Null,
            Content::Bool(truth) => (*truth).into(),
            Content::Int(number) => i64::try_from(*number)
                .map_or_else(|_| u64::try_from(*number).unwrap_or(u64::MAX).into(), Into::into),
            Content::Float(number) => (*number).into(),
            Content::Text(text) => text.as_str().into(),
            Content::List(items) => items.iter().map(Self::to_json).collect(),
            Content::Map(entries) => {
                entries.iter().map(|(key, value)| (key.name.clone(), value.to_json())).collect()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Self { span: byte_range(&spanned), content: spanned.value })
    }
}

fn byte_range<T>(spanned: &Spanned<T>) -> Range<usize> {
    let span = spanned.referenced.span();
    let number =
        |number: Option<u64>| number.and_then(|number| usize::try_from(number).ok()).unwrap_or_default();
    let start = number(span.byte_offset());
    start..start + number(span.byte_len())
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Content, E> {
        Ok(Content::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Content, E> {
        Ok(Content::Int(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Content, E> {
        Ok(Content::Int(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Content, E> {
        Ok(Content::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Content, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Content::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let span = byte_range(&key);
            entries.push((Key { name: key.value, span }, map.next_value()?));
        }
        Ok(Content::Map(entries))
    }
}

#[cfg(test)]
mod tests;

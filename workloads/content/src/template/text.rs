//! Strings with the semantics of JavaScript: sequences of UTF-16 units.

use std::{borrow::Cow, fmt, ops::Deref, rc::Rc};

/// A text of the details or the template, or a computed one. Cheap to clone.
#[derive(Clone)]
pub(super) enum Text<'a> {
    Borrowed(&'a str),
    Computed(Rc<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Computed(text) => text,
        }
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Computed(text.into())
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::Borrowed(text),
            Cow::Owned(text) => text.into(),
        }
    }
}

/// Returns the number of units.
pub(super) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// Returns the units from `start` up to `end`, both within the text. Half a character becomes U+FFFD.
pub(super) fn slice(text: &str, start: usize, end: usize) -> String {
    if start >= end {
        return String::new();
    }
    if text.is_ascii() {
        return text[start..end].to_owned();
    }
    let units: Vec<u16> = text.encode_utf16().skip(start).take(end - start).collect();
    String::from_utf16_lossy(&units)
}

/// Returns the index of the unit at which the byte at `offset` begins.
pub(super) fn unit_at(text: &str, offset: usize) -> usize {
    length(&text[..offset])
}

/// Returns the offset of the byte at which the unit `unit` begins, or the end.
pub(super) fn offset_of(text: &str, unit: usize) -> usize {
    if text.is_ascii() {
        return unit.min(text.len());
    }
    let mut units = 0;
    for (offset, character) in text.char_indices() {
        if units >= unit {
            return offset;
        }
        units += character.len_utf16();
    }
    text.len()
}

/// Returns whether JavaScript trims the character.
pub(super) fn is_space(character: char) -> bool {
    (character.is_whitespace() && character != '\u{85}') || character == '\u{feff}'
}

/// Escapes the characters of HTML markup as doT does: existing entities are not escaped again.
pub(super) fn encode_html(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for (offset, character) in text.char_indices() {
        match character {
            '&' if begins_entity(&text[offset + 1..]) => encoded.push('&'),
            '&' => encoded.push_str("&#38;"),
            '<' => encoded.push_str("&#60;"),
            '>' => encoded.push_str("&#62;"),
            '"' => encoded.push_str("&#34;"),
            '\'' => encoded.push_str("&#39;"),
            '/' => encoded.push_str("&#47;"),
            _ => encoded.push(character),
        }
    }
    encoded
}

/// Returns whether the text after an ampersand is the name or number of an entity.
fn begins_entity(rest: &str) -> bool {
    let name = rest.strip_prefix('#').unwrap_or(rest);
    let length = name.bytes().take_while(|&byte| byte.is_ascii_alphanumeric() || byte == b'_').count();
    length > 0 && name.as_bytes().get(length) == Some(&b';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slice_cuts_between_units() {
        assert_eq!(
            (length("aé😀"), slice("aé😀b", 1, 4), slice("aé😀b", 4, 5)),
            (4, "é😀".to_owned(), "b".to_owned())
        );
        assert_eq!(slice("😀", 0, 1), "\u{fffd}");
        assert_eq!(slice("abc", 2, 1), "");
    }

    #[test]
    fn offsets_of_units_and_bytes_are_converted() {
        assert_eq!((unit_at("é😀b", 6), offset_of("é😀b", 3), offset_of("é😀b", 99)), (3, 6, 7));
    }

    #[test]
    fn existing_entity_is_not_escaped_again() {
        assert_eq!(
            encode_html("<a href='/'>&amp; & &#38; &;\""),
            "&#60;a href=&#39;&#47;&#39;&#62;&amp; &#38; &#38; &#38;;&#34;"
        );
    }
}

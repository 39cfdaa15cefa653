//! The tags of doT.
//!
//! doT matches one regular expression after the other, so a tag has the first kind that matches in this
//! order: definitions, values, encoded values, conditions, loops, code. Everything else is text, also a lone
//! `{{`.

use std::ops::Range;

use super::{error::SyntaxErrorKind, syntax::Escaping};

/// A part of a template, with its range in the source.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub range: Range<usize>,
    pub tag: Tag,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Text,
    Print { code: Range<usize>, escaping: Escaping },
    If { code: Range<usize> },
    ElseIf { code: Range<usize> },
    Else,
    EndIf,
    Each { code: Range<usize>, item: Range<usize>, index: Option<Range<usize>> },
    EndEach,
    Code { code: Range<usize> },
    Wrong(SyntaxErrorKind),
}

/// A function that finds the first tag of a kind in a text that begins at an offset of the source.
type Finder = fn(&str, usize) -> Option<Part>;

/// Splits a template into its parts.
pub(super) fn split(source: &str) -> Vec<Part> {
    const KINDS: [Finder; 6] =
        [find_definition, find_value, find_encoded, find_condition, find_loop, find_code];
    let mut parts = vec![Part { range: 0..source.len(), tag: Tag::Text }];
    for find in KINDS {
        let mut split = Vec::with_capacity(parts.len());
        for part in parts {
            if part.tag == Tag::Text {
                split_text(source, part.range, find, &mut split);
            } else {
                split.push(part);
            }
        }
        parts = split;
    }
    parts
}

fn split_text(source: &str, text: Range<usize>, find: Finder, parts: &mut Vec<Part>) {
    let mut rest = text;
    while let Some(part) = find(&source[rest.clone()], rest.start) {
        if part.range.start > rest.start {
            parts.push(Part { range: rest.start..part.range.start, tag: Tag::Text });
        }
        rest.start = part.range.end;
        parts.push(part);
    }
    if !rest.is_empty() {
        parts.push(Part { range: rest, tag: Tag::Text });
    }
}

/// Finds the first tag that begins with `opening`: its whole range and that of its code of at least
/// `min_chars`.
///
/// `base` is the offset of `text` in the source.
fn find_tag(
    text: &str,
    base: usize,
    opening: &str,
    min_chars: usize,
) -> Option<(Range<usize>, Range<usize>)> {
    let start = text.find(opening)?;
    let code_start = start + opening.len();
    let shortest: usize = text[code_start..].chars().take(min_chars).map(char::len_utf8).sum();
    let code_end = code_start + shortest + text[code_start + shortest..].find("}}")?;
    Some((base + start..base + code_end + 2, base + code_start..base + code_end))
}

fn find_definition(text: &str, base: usize) -> Option<Part> {
    let (range, _) = find_tag(text, base, "{{#", 1)?;
    let unsupported =
        SyntaxErrorKind::Unsupported { what: "{{#…}}".to_owned(), instead: "repeat the text" };
    Some(Part { range, tag: Tag::Wrong(unsupported) })
}

fn find_value(text: &str, base: usize) -> Option<Part> {
    let (range, code) = find_tag(text, base, "{{=", 1)?;
    Some(Part { range, tag: Tag::Print { code, escaping: Escaping::None } })
}

fn find_encoded(text: &str, base: usize) -> Option<Part> {
    let (range, code) = find_tag(text, base, "{{!", 1)?;
    Some(Part { range, tag: Tag::Print { code, escaping: Escaping::Html } })
}

fn find_condition(text: &str, base: usize) -> Option<Part> {
    let (range, code) = find_tag(text, base, "{{?", 0)?;
    let code_text = &text[code.start - base..code.end - base];
    let tag = match code_text.strip_prefix('?') {
        None if code_text.trim().is_empty() => Tag::EndIf,
        None => Tag::If { code },
        Some(alternative) if alternative.trim().is_empty() => Tag::Else,
        Some(_) => Tag::ElseIf { code: code.start + 1..code.end },
    };
    Some(Part { range, tag })
}

fn find_loop(text: &str, base: usize) -> Option<Part> {
    let (range, code) = find_tag(text, base, "{{~", 0)?;
    let code_text = &text[code.start - base..code.end - base];
    if code_text.trim().is_empty() {
        return Some(Part { range, tag: Tag::EndEach });
    }
    let tag = loop_parts(code_text, code.start).unwrap_or(Tag::Wrong(SyntaxErrorKind::LoopWithoutName));
    Some(Part { range, tag })
}

/// Splits `list :item` or `list :item:index` at the first colon that only names follow.
fn loop_parts(code: &str, base: usize) -> Option<Tag> {
    for (colon, _) in code.match_indices(':') {
        let mut names = code[colon + 1..].split(':').map(|name| name_range(code, name, base));
        let (Some(item), index, None) = (names.next()?, names.next(), names.next()) else { continue };
        let list = base..base + colon;
        match index {
            None if colon > 0 => return Some(Tag::Each { code: list, item, index: None }),
            Some(Some(index)) if colon > 0 => {
                return Some(Tag::Each { code: list, item, index: Some(index) });
            }
            _ => {}
        }
    }
    None
}

/// Returns the range of a name without the surrounding blanks; `None` if it is not a name.
fn name_range(code: &str, name: &str, base: usize) -> Option<Range<usize>> {
    let trimmed = name.trim();
    let is_name = !trimmed.is_empty() && trimmed.bytes().all(is_name_byte);
    let start = trimmed.as_ptr().addr() - code.as_ptr().addr();
    is_name.then_some(base + start..base + start + trimmed.len())
}

pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

fn find_code(text: &str, base: usize) -> Option<Part> {
    let (range, code) = find_tag(text, base, "{{", 1)?;
    // In `{ x }}}` the last two braces close the tag.
    let more_braces = text[range.end - base..].bytes().take_while(|&byte| byte == b'}').count();
    let (range, code) = (range.start..range.end + more_braces, code.start..code.end + more_braces);
    Some(Part { range, tag: Tag::Code { code } })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the kind and the text of each part.
    fn parts(source: &str) -> Vec<(&str, &str)> {
        let kind = |tag: &Tag| match tag {
            Tag::Text => "text",
            Tag::Print { escaping: Escaping::None, .. } => "print",
            Tag::Print { escaping: Escaping::Html, .. } => "encode",
            Tag::If { .. } => "if",
            Tag::ElseIf { .. } => "else if",
            Tag::Else => "else",
            Tag::EndIf => "end if",
            Tag::Each { .. } => "each",
            Tag::EndEach => "end each",
            Tag::Code { .. } => "code",
            Tag::Wrong(_) => "wrong",
        };
        split(source).iter().map(|part| (kind(&part.tag), &source[part.range.clone()])).collect()
    }

    #[test]
    fn tag_has_the_kind_of_its_opening() {
        let source = "a{{=b}}{{!c}}{{? d}}{{?? e}}{{??}}{{?}}{{~f :g}}{{~}}{{ h }}i";
        let expected = [
            ("text", "a"),
            ("print", "{{=b}}"),
            ("encode", "{{!c}}"),
            ("if", "{{? d}}"),
            ("else if", "{{?? e}}"),
            ("else", "{{??}}"),
            ("end if", "{{?}}"),
            ("each", "{{~f :g}}"),
            ("end each", "{{~}}"),
            ("code", "{{ h }}"),
            ("text", "i"),
        ];
        assert_eq!(parts(source), expected);
    }

    #[test]
    fn brace_beside_a_tag_is_text_or_code() {
        assert_eq!(parts("{{{=a}}}"), [("text", "{"), ("print", "{{=a}}"), ("text", "}")]);
        assert_eq!(parts("{{ if (a) { }}}"), [("code", "{{ if (a) { }}}")]);
        assert_eq!(parts("{{ open"), [("text", "{{ open")]);
        assert_eq!(parts("{{}}"), [("text", "{{}}")]);
    }

    #[test]
    fn definition_and_loop_without_name_are_wrong() {
        assert_eq!(parts("a{{#b}}{{~c}}"), [("text", "a"), ("wrong", "{{#b}}"), ("wrong", "{{~c}}")]);
    }

    #[test]
    fn loop_is_split_at_the_first_colon_before_names() {
        let names = |code: &str| match loop_parts(code, 0) {
            Some(Tag::Each { code: list, item, index }) => Some((
                code[list].to_owned(),
                code[item].to_owned(),
                index.map(|index| code[index].to_owned()),
            )),
            _ => None,
        };
        let each = |list: &str, item: &str, index: Option<&str>| {
            Some((list.into(), item.into(), index.map(Into::into)))
        };
        assert_eq!(names(" a :b"), each(" a ", "b", None));
        assert_eq!(names("a: b : c "), each("a", "b", Some("c")));
        assert_eq!(names("a ? x : y[0] :b"), each("a ? x : y[0] ", "b", None));
        assert_eq!(names("a"), None);
        assert_eq!(names(":b"), None);
        assert_eq!(names("a :b c"), None);
    }
}

//! Tokens around the position of a syntax error.

/// Returns the token at a byte offset, shortened, or an empty text at the end.
pub(super) fn token_at(source: &str, at: usize) -> &str {
    const MAX_CHARS: usize = 20;
    let rest = source.get(at..).unwrap_or_default();
    let Some(first) = rest.chars().next() else { return "" };
    let end = if is_word(first) {
        rest.find(|c| !is_word(c)).unwrap_or(rest.len())
    } else if first == '"' || first == '\'' {
        rest[1..].find(first).map_or(rest.len(), |end| end + 2)
    } else {
        first.len_utf8()
    };
    let shown = rest[..end].char_indices().nth(MAX_CHARS).map_or(end, |(offset, _)| offset);
    &rest[..shown]
}

/// Returns the word before a byte offset, and its start.
pub(super) fn word_before(source: &str, at: usize) -> Option<(usize, &str)> {
    let before = source.get(..at)?.trim_end();
    let start = before
        .rfind(|c| !is_word(c))
        .map_or(0, |last| last + before[last..].chars().next().map_or(0, char::len_utf8));
    let word = &before[start..];
    (!word.is_empty()).then_some((start, word))
}

/// Returns the bracket that is open at the end of a text, except those in strings.
pub(super) fn innermost_bracket(text: &str) -> Option<char> {
    let mut open = Vec::new();
    for (_, character) in outside_strings(text) {
        match character {
            '(' | '[' | '{' => open.push(character),
            ')' | ']' | '}' => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

/// Iterates over the characters that are not in a string.
pub(super) fn outside_strings(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote = None;
    let mut is_escaped = false;
    text.char_indices().filter(move |&(_, character)| match quote {
        None => {
            quote = Some(character).filter(|quote| matches!(quote, '"' | '\''));
            quote.is_none()
        }
        Some(_) if is_escaped => {
            is_escaped = false;
            false
        }
        Some(end) => {
            is_escaped = character == '\\';
            if character == end {
                quote = None;
            }
            false
        }
    })
}

pub(super) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

//! Readable messages for syntax errors of the parser.

use super::compile::Mistake;

/// Keywords of other languages and their replacements.
const WORDS: [(&str, &str); 3] = [("and", "&&"), ("or", "||"), ("not", "!")];

/// Characters that are not tokens and their replacements.
const SYMBOLS: [(&str, &str); 3] = [("=", "=="), ("&", "&&"), ("|", "||")];

/// Prefixes of the messages that the parser generates from its grammar; those of macros are readable.
const FROM_GRAMMAR: [&str; 4] =
    ["mismatched input", "extraneous input", "missing '", "no viable alternative"];

/// Returns the first error that the parser reports: the others follow from it.
pub(super) fn first_mistake(source: &str, errors: &cel::ParseErrors) -> Mistake {
    let mut mistakes: Vec<(usize, &str)> =
        errors.errors.iter().map(|error| (offset(source, error.pos), error.msg.as_str())).collect();
    // An incomplete node has the position of its start; another error reports the missing part.
    mistakes.retain(|(_, message)| !message.starts_with("Incomplete"));
    mistakes.sort_by_key(|(at, _)| *at);
    let (at, message) = mistakes.first().copied().unwrap_or((0, ""));
    explain(source, at, message.strip_prefix("Syntax error: ").unwrap_or(message))
}

/// Converts a line and column, both from 1, to a byte offset.
fn offset(source: &str, (line, column): (isize, isize)) -> usize {
    let before = |number: isize| usize::try_from(number - 1).unwrap_or(0);
    let line_start: usize = source.split_inclusive('\n').take(before(line)).map(str::len).sum();
    let in_line = source[line_start.min(source.len())..].char_indices().nth(before(column));
    in_line.map_or(source.len(), |(offset, _)| line_start + offset)
}

fn explain(source: &str, at: usize, message: &str) -> Mistake {
    let mistake = |at: usize, message: String| Mistake { at, message };
    if source.trim().is_empty() {
        return mistake(0, "the expression is empty".into());
    }
    if let Some((at, word, instead)) = foreign_word(source, at) {
        return mistake(at, format!("`{word}` is not an operator; write `{instead}`"));
    }
    let token = token_at(source, at);
    if message.starts_with("token recognition error") {
        return mistake(at, unknown_token(token));
    }
    if let Some(word) = message.strip_prefix("reserved identifier: ") {
        let hint = if word == "if" { "; write `condition ? yes : no`" } else { "; choose another name" };
        return mistake(at, format!("`{word}` is a reserved word{hint}"));
    }
    if !FROM_GRAMMAR.iter().any(|start| message.starts_with(start)) {
        return mistake(at, format!("not a valid expression: {message}"));
    }
    let expected = message.split_once(" expecting ").map_or("", |(_, expected)| expected);
    if let Some(missing) = message.strip_prefix("missing '").and_then(|rest| rest.split('\'').next()) {
        let place = if token.is_empty() { "at the end".to_owned() } else { format!("before `{token}`") };
        return mistake(at, format!("`{missing}` is missing {place}"));
    }
    if token.is_empty() {
        let is_conditional = expected.contains("':'") && source.contains('?');
        let missing = if is_conditional {
            "`:` and a value are missing, as in `condition ? yes : no`"
        } else {
            "a value is missing"
        };
        return mistake(at, format!("unexpected end: {missing}"));
    }
    // The parser takes `name {` for the start of a message.
    if let Some(brace) =
        source[..at].trim_end().strip_suffix('{').filter(|_| expected.contains("ESC_IDENTIFIER"))
    {
        return mistake(brace.len(), "unexpected `{`: is a `,` missing before it?".into());
    }
    let why = match token {
        ")" | "]" | "}" if expected.contains("<EOF>") => "no bracket is open",
        _ if expected.contains("','") => "is a `,` missing before it?",
        _ if expected.contains("IDENTIFIER") => "a value is missing before it",
        _ => "is an operator missing before it?",
    };
    mistake(at, format!("unexpected `{token}`: {why}"))
}

/// Finds a keyword of another language at a byte offset or before it: the parser takes `not` for a name and
/// fails after it.
fn foreign_word(source: &str, at: usize) -> Option<(usize, &'static str, &'static str)> {
    let before = source[..at].trim_end();
    let is_word_end = |text: &str, word: &str| {
        text.strip_suffix(word)
            .is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'))
    };
    WORDS.into_iter().find_map(|(word, instead)| {
        if token_at(source, at) == word {
            return Some((at, word, instead));
        }
        (word == "not" && is_word_end(before, word)).then(|| (before.len() - word.len(), word, instead))
    })
}

fn unknown_token(token: &str) -> String {
    if token.starts_with(['"', '\'']) {
        return "the string is not closed".into();
    }
    if token == "=>" {
        return "`=>` is not an operator; a loop is written `list.filter(item, condition)`".into();
    }
    match SYMBOLS.into_iter().find(|(symbol, _)| *symbol == token) {
        Some((symbol, instead)) => format!("`{symbol}` is not an operator; write `{instead}`"),
        None => format!("unexpected `{token}`"),
    }
}

/// Returns the token at a byte offset, shortened, or an empty text at the end.
fn token_at(source: &str, at: usize) -> &str {
    const MAX_CHARS: usize = 20;
    let rest = source.get(at..).unwrap_or_default();
    let Some(first) = rest.chars().next() else { return "" };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let end = if is_word(first) {
        rest.find(|c| !is_word(c)).unwrap_or(rest.len())
    } else if first == '"' || first == '\'' {
        rest[1..].find(first).map_or(rest.len(), |end| end + 2)
    } else if rest.starts_with("=>") {
        2
    } else {
        first.len_utf8()
    };
    let shown = rest[..end].char_indices().nth(MAX_CHARS).map_or(end, |(offset, _)| offset);
    &rest[..shown]
}

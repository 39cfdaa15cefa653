//! Readable messages for syntax errors of the parser.

use super::{compile::Mistake, functions};

mod operators;
mod token;

use token::{innermost_bracket, token_at, word_before};

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

/// Returns the hint about a name that an expression doesn't know, if the text around it tells what was meant.
pub(super) fn hint_about_name(source: &str, at: usize, name: &str) -> Option<String> {
    let (before, after) = (source.get(..at)?, source.get(at + name.len()..).unwrap_or_default());
    let constant = match name {
        "None" | "nil" | "undefined" | "NULL" | "Null" => "null",
        "True" | "TRUE" | "yes" => "true",
        "False" | "FALSE" | "no" => "false",
        _ => "",
    };
    if !constant.is_empty() {
        return Some(format!(", did you mean `{constant}`?"));
    }
    // `app-name` and `kubernetes.io/name` are a difference and a quotient.
    let continues_key = before
        .strip_suffix(['-', '/'])
        .is_some_and(|key| key.contains('.') && key.ends_with(|last: char| last.is_alphanumeric()));
    if continues_key {
        return Some("; a key with other characters is written `map[\"key\"]`".into());
    }
    let is_key = after.trim_start().starts_with(':')
        && before.trim_end().ends_with(['{', ','])
        && innermost_bracket(before) == Some('{');
    if is_key {
        return Some(format!("; the keys of a map have quotes: `\"{name}\"`"));
    }
    let is_compared = ["==", "!="].iter().any(|operator| before.trim_end().ends_with(operator));
    (is_compared && name.len() > 1).then(|| format!("; a text has quotes: `\"{name}\"`"))
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
    if source.trim_start().starts_with("{{") && source.trim_end().ends_with("}}") {
        return mistake(0, "an expression is written without `{{ }}`".into());
    }
    if let Some(foreign) = operators::foreign(source, at) {
        return foreign;
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
        return mistake(at, other_error(message));
    }
    from_grammar(source, at, token, message)
}

/// Explains the error of a macro or literal.
fn other_error(message: &str) -> String {
    match message {
        "argument must be a simple name" => {
            "the first argument must be a name without quotes, as in `pods.filter(pod, pod.ready)`".into()
        }
        "invalid int literal" => {
            format!("the number is too large: whole numbers end at {}", i64::MAX)
        }
        _ => format!("not a valid expression: {message}"),
    }
}

/// Explains an error of the parser's grammar: the token is not one of those that it expects.
fn from_grammar(source: &str, at: usize, token: &str, message: &str) -> Mistake {
    let mistake = |at: usize, message: String| Mistake { at, message };
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
    if let Some((start, word)) = word_before(source, at).filter(|(_, word)| functions::is_known(word))
        && token.starts_with(|first: char| first.is_alphanumeric() || first == '_')
    {
        return mistake(start, format!("`(` is missing after `{word}`"));
    }
    let follows_digit = source[..at].ends_with(|last: char| last.is_ascii_digit());
    let why = match token {
        "," if follows_digit && expected.contains("<EOF>") => {
            "no bracket is open; a fraction is written with a point, as in 1.5"
        }
        ")" | "]" | "}" | "," if expected.contains("<EOF>") => "no bracket is open",
        ":" => "a choice is written `condition ? yes : no`",
        _ if follows_digit && token.starts_with('_') => "the digits of a number are not separated",
        _ if expected.contains("','") => "is a `,` missing before it?",
        _ if expected.contains("IDENTIFIER") => "a value is missing before it",
        _ => "is an operator missing before it?",
    };
    mistake(at, format!("unexpected `{token}`: {why}"))
}

fn unknown_token(token: &str) -> String {
    match token {
        _ if token.starts_with(['"', '\'']) => "the string is not closed".into(),
        ";" => "unexpected `;`: an expression is one value, without `;`".into(),
        "#" => "unexpected `#`: a comment begins with `//`".into(),
        "$" => "unexpected `$`: names begin with a letter".into(),
        _ => format!("unexpected `{token}`"),
    }
}

//! Operators of other languages, and what to write instead.

use super::token::{innermost_bracket, is_word, outside_strings, token_at, word_before};
use crate::cel::compile::Mistake;

/// Keywords of other languages and their replacements.
const WORDS: [(&str, &str); 6] =
    [("and", "`&&`"), ("or", "`||`"), ("not", "`!`"), ("is", "`==`"), ("mod", "`%`"), ("xor", "`!=`")];

/// Operators of other languages and their replacements.
const SYMBOLS: [(&str, &str); 15] = [
    ("=", "`==`"),
    ("===", "`==`"),
    ("!==", "`!=`"),
    ("<>", "`!=`"),
    ("=<", "`<=`"),
    ("=>", "`>=`"),
    (":=", "`==`"),
    ("=~", "`text.matches(\"pattern\")`"),
    ("!~", "`!text.matches(\"pattern\")`"),
    ("&", "`&&`"),
    ("|", "`||`"),
    ("??", "`.?field.orValue(value)`"),
    ("**", "a product"),
    ("++", "`+ 1`"),
    ("->", "a loop as `list.filter(item, condition)`"),
];

/// Characters of operators.
const OPERATOR_CHARACTERS: [char; 13] = ['=', '!', '<', '>', '&', '|', '~', '?', '*', '+', '-', '/', ':'];

/// Finds an operator of another language at the offset of an error, or directly before it: the parser takes
/// `not` for a name and `!=` of `!==` for an operator, and fails after it.
pub(super) fn foreign(source: &str, at: usize) -> Option<Mistake> {
    optional_chaining(source).or_else(|| symbol(source, at)).or_else(|| word(source, at))
}

/// Finds `?.` before a name, which is no part of the language: the error is reported at the end.
fn optional_chaining(source: &str) -> Option<Mistake> {
    let (at, _) = outside_strings(source).find(|&(at, _)| {
        source[at..].strip_prefix("?.").is_some_and(|rest| rest.starts_with(char::is_alphabetic))
            && source[..at].ends_with(|last| is_word(last) || last == ')' || last == ']')
    })?;
    Some(Mistake { at, message: "`?.` is not an operator; write `.?`, as in `pod.?status`".into() })
}

fn symbol(source: &str, at: usize) -> Option<Mistake> {
    let is_operator = |character: char| OPERATOR_CHARACTERS.contains(&character);
    let before = source.get(..at)?;
    let start = before
        .rfind(|character| !is_operator(character))
        .map_or(0, |last| last + before[last..].chars().next().map_or(0, char::len_utf8));
    let end = source[at..].find(|character| !is_operator(character)).map_or(source.len(), |end| at + end);
    let run = source.get(start..end)?;
    // A sign may follow without a space.
    let unsigned = run.trim_end_matches('-');
    let (found, instead) = SYMBOLS.into_iter().find(|(symbol, _)| [run, unsigned].contains(symbol))?;
    let before = &source[..start];
    let instead = match found {
        "=>" | "->" if begins_loop(before) => "a loop is written `list.filter(item, condition)`".into(),
        "=" if innermost_bracket(before) == Some('{') && before.trim_end().ends_with(['"', '\'']) => {
            "a map is written `{\"name\": value}`".into()
        }
        _ => format!("write {instead}"),
    };
    Some(Mistake { at: start, message: format!("`{found}` is not an operator; {instead}") })
}

/// Returns true if a text ends with the name of a loop variable: an only argument so far.
fn begins_loop(before: &str) -> bool {
    word_before(before, before.len())
        .is_some_and(|(start, _)| before[..start].trim_end().ends_with(['(', ',']))
}

fn word(source: &str, at: usize) -> Option<Mistake> {
    let known = |word: &str| WORDS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    let here = token_at(source, at);
    let (start, word) = match known(here) {
        Some(_) => (at, here),
        None => word_before(source, at)
            .filter(|(start, word)| word.eq_ignore_ascii_case("not") && !source[..*start].ends_with('.'))?,
    };
    let (_, instead) = known(word)?;
    let is_not_in =
        word.eq_ignore_ascii_case("not") && source[start + word.len()..].trim_start().starts_with("in ");
    let instead = if is_not_in { "`!(value in list)`" } else { instead };
    Some(Mistake { at: start, message: format!("`{word}` is not an operator; write {instead}") })
}

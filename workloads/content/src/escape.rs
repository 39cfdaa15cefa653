//! Escaping of the data of a hit for Markdown.
//!
//! There are two habits of rendering texts. The renderer of templates inserts data as it is. The Advisor page renders Markdown
//! afterwards, and first escapes in the data what Markdown would read as emphasis: `*`, `~`, and `_` at the edge of a word.

use serde_json::Value as Json;

/// Escapes data for a template whose text is rendered as Markdown.
///
/// The rules are those of the Advisor page, which replaces in the JSON text: names of members are escaped too, and `_` within a word,
/// as in `bad_rpms`, is not.
///
/// ```
/// use ccx_content::escape_markdown;
/// use serde_json::json;
///
/// let details = json!({"bad_rpms": "*-debug", "name": "_a_b_"});
/// assert_eq!(escape_markdown(&details), json!({"bad_rpms": "\\*-debug", "name": "\\_a_b\\_"}));
/// ```
pub fn escape_markdown(data: &Json) -> Json {
    let json = data.to_string();
    let mut escaped = String::with_capacity(json.len() + 16);
    let mut previous = None;
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        let is_edge = !is_word(previous) || !is_word(characters.peek().copied());
        if matches!(character, '*' | '~') || (character == '_' && is_edge) {
            escaped.push_str("\\\\");
        }
        escaped.push(character);
        previous = Some(character);
    }
    // A backslash in front of these characters is valid in any string of JSON, where alone they can be.
    serde_json::from_str(&escaped).unwrap_or_else(|_| data.clone())
}

/// Returns whether JavaScript's `\b` counts a character as part of a word.
fn is_word(character: Option<char>) -> bool {
    character.is_some_and(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cases are what the replacements in JavaScript yield: `JSON.parse(JSON.stringify(data).replace(…))`.
    #[test]
    fn data_is_escaped_as_by_the_advisor_page() {
        let cases: Vec<(Json, Json)> =
            serde_json::from_str(include_str!("../tests/data/escape_cases.json")).unwrap();
        assert!(cases.len() > 20);
        for (data, expected) in cases {
            assert_eq!(escape_markdown(&data), expected, "{data}");
        }
    }
}

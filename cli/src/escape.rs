//! Control characters of foreign data.

use std::borrow::Cow;

/// Replaces characters that control a terminal or the direction of text by their escapes. Line breaks and tabs stay.
///
/// A message from a topic could otherwise rename the terminal, hide lines, or imitate output of the program.
///
/// ```
/// assert_eq!(ccx_cli::escape_control("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\n");
/// ```
pub fn escape_control(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unsafe(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    escaped.into()
}

/// Whether a terminal acts upon the character. The ranges are the explicit directional formatting characters of Unicode (UAX #9).
fn is_unsafe(character: char) -> bool {
    let is_direction =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    is_direction || (character.is_control() && !matches!(character, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_control_characters_is_unchanged() {
        let text = "— é 日本\n\tindented";
        assert!(matches!(escape_control(text), Cow::Borrowed(same) if same == text));
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(escape_control("\u{1b}]0;owned\u{7}"), "\\u{1b}]0;owned\\u{7}");
        assert_eq!(escape_control("safe\rrewritten"), "safe\\rrewritten");
        assert_eq!(escape_control("\u{9b}2J \u{202e}txt.exe"), "\\u{9b}2J \\u{202e}txt.exe");
    }
}

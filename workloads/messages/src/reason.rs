//! The reason for which a message was rejected.

use std::{error::Error, fmt, ops::Deref};

use snafu::CleanedErrorText;

/// An error and its causes on one line, at most [`Reason::MAX_BYTES`] long.
///
/// It is written to a header of a dead letter, to a row and to a status message, none of which may grow with the
/// message that it is about: a broker refuses a record whose headers are too large.
///
/// ```
/// use ccx_messages::Reason;
///
/// let error = "x".parse::<u32>().unwrap_err();
/// assert_eq!(&*Reason::from_error(&error), "invalid digit found in string");
/// assert_eq!(Reason::new(&"é".repeat(5000)).len(), Reason::MAX_BYTES);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(Box<str>);

impl Reason {
    /// Longest reason in bytes.
    pub const MAX_BYTES: usize = 4096;

    /// Creates a reason out of `text`: control characters become spaces, and the end is cut off at a character.
    pub fn new(text: &str) -> Self {
        let head = &text[..text.floor_char_boundary(Self::MAX_BYTES)];
        if head.contains(char::is_control) {
            Self(head.replace(char::is_control, " ").into())
        } else {
            Self(head.into())
        }
    }

    /// Creates a reason out of `error` and its sources, each text once, joined by `: `.
    pub fn from_error(error: &dyn Error) -> Self {
        let texts: Vec<String> =
            CleanedErrorText::new(error).map(|(_, text, _)| text).filter(|text| !text.is_empty()).collect();
        Self::new(&texts.join(": "))
    }
}

impl Deref for Reason {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_longer_than_the_limit_is_cut_at_a_character() {
        let reason = Reason::new(&format!("x{}", "é".repeat(Reason::MAX_BYTES)));
        assert_eq!(reason.len(), Reason::MAX_BYTES - 1);
    }

    #[test]
    fn control_characters_become_spaces() {
        assert_eq!(&*Reason::new("line\n\u{1b}[31mred"), "line  [31mred");
    }

    #[test]
    fn causes_are_joined_once_each() {
        let inner = std::io::Error::other("refused");
        let outer = std::io::Error::other(inner);
        assert_eq!(&*Reason::from_error(&outer), "refused");
    }
}

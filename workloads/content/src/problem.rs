//! Problems of user-written files: content trees and rules.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A problem of a file. It reads as compilers write it: `pools.yaml:7:9: error: …`.
///
/// ```
/// use ccx_content::{Position, Problem};
///
/// let text = "id: acme.a\nwhn: true\n";
/// let at = text.find("whn").map(|byte| Position::from_offset(text, byte));
/// let problem = Problem::error("pools.yaml", "unknown field `whn`").at(at);
/// assert_eq!(problem.to_string(), "pools.yaml:2:1: error: unknown field `whn`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Path of the file.
    pub file: String,
    /// Place in the file, where it is known.
    pub position: Option<Position>,
    /// Severity.
    pub severity: Severity,
    /// The problem, and what to do about it.
    pub message: String,
}

/// A place in a text. Both numbers start at 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Character in the line.
    pub column: usize,
}

/// The severity of a problem, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Severity {
    /// The rule, key or text can't be used.
    Error,
    /// The rule, key or text can be used, but should be corrected.
    Warning,
}

impl Position {
    /// The first character of a text.
    pub const START: Self = Self { line: 1, column: 1 };

    /// Returns the place of the byte at `offset`, or of the end of the text when it is shorter.
    pub fn from_offset(text: &str, offset: usize) -> Self {
        let before = &text[..text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.bytes().filter(|&byte| byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl Problem {
    /// Creates an error of a file as a whole.
    pub fn error(file: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { file: file.into(), position: None, severity: Severity::Error, message: message.to_string() }
    }

    /// Creates a warning about a file as a whole.
    pub fn warning(file: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { severity: Severity::Warning, ..Self::error(file, message) }
    }

    /// Adds a place in the file.
    #[must_use]
    pub fn at(self, position: Option<Position>) -> Self {
        Self { position, ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, position, severity, message } = self;
        match position {
            Some(Position { line, column }) => write!(f, "{file}:{line}:{column}: {severity}: {message}"),
            None => write!(f, "{file}: {severity}: {message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_of_whole_file_is_displayed_without_position() {
        let problem = Problem::error("a.yaml", "unknown field `whn`");
        assert_eq!(problem.to_string(), "a.yaml: error: unknown field `whn`");
        let problem = Problem { severity: Severity::Warning, ..problem };
        let problem = problem.at(Some(Position { line: 3, column: 7 }));
        assert_eq!(problem.to_string(), "a.yaml:3:7: warning: unknown field `whn`");
    }

    #[test]
    fn position_from_offset_counts_characters_from_one() {
        let text = "é: 1\nö: 2";
        let at = |byte| {
            let Position { line, column } = Position::from_offset(text, byte);
            (line, column)
        };
        assert_eq!(
            [at(0), at(2), at(5), at(6), at(8), at(99)],
            [(1, 1), (1, 2), (1, 5), (2, 1), (2, 2), (2, 5)]
        );
    }
}

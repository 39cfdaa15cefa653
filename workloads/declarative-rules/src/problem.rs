//! What is wrong with rule files, and where.

use std::fmt;

use serde::Serialize;

/// Something that is wrong with a rule. It reads as compilers write it: `pools.yaml:7:9: error: …`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The place in the file, where it is known.
    pub position: Option<Position>,
    /// How bad it is.
    pub severity: Severity,
    /// What it is, and what to do about it.
    pub message: String,
}

/// A place in a text. Both numbers begin at 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The rule can't be used.
    Error,
    /// The rule works, and yet should be looked at.
    Warning,
}

impl Position {
    /// The place of a byte of a text.
    pub(crate) fn of(text: &str, byte: usize) -> Self {
        let before = &text[..text.floor_char_boundary(byte)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.bytes().filter(|&byte| byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl Problem {
    /// Something of a file as a whole.
    pub(crate) fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), position: None, severity: Severity::Error, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, position, severity, message } = self;
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
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
    fn a_problem_reads_as_compilers_write_it() {
        let problem = Problem::of_file("a.yaml", "unknown field `whn`");
        assert_eq!(problem.to_string(), "a.yaml: error: unknown field `whn`");
        let position = Some(Position { line: 3, column: 7 });
        let problem = Problem { position, severity: Severity::Warning, ..problem };
        assert_eq!(problem.to_string(), "a.yaml:3:7: warning: unknown field `whn`");
    }

    #[test]
    fn lines_and_columns_begin_at_one_and_count_characters() {
        let text = "é: 1\nö: 2";
        let at = |byte| (Position::of(text, byte).line, Position::of(text, byte).column);
        assert_eq!(
            [at(0), at(2), at(5), at(6), at(8), at(99)],
            [(1, 1), (1, 2), (1, 5), (2, 1), (2, 2), (2, 5)]
        );
    }
}

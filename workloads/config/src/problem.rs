//! Problems of a configuration, with their places.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// A problem of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path of the key, such as `kafka.topics.results`.
    pub key: String,
    /// The problem and what to write instead, to be read after the key. It never contains the value, which may be a secret.
    pub reason: String,
    /// Where the value was written; `None` for a default.
    pub origin: Option<Origin>,
}

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the file, at this line and column, both from 1.
    File {
        /// Line.
        line: usize,
        /// Column in characters.
        column: usize,
    },
    /// In the environment variable of this name.
    Variable(String),
}

/// Every problem of a configuration.
#[derive(Debug)]
pub struct ConfigErrors {
    /// Path of the file, if there is one.
    pub(crate) file: Option<PathBuf>,
    /// The problems, in the order of the sections.
    pub problems: Vec<Problem>,
}

impl ConfigErrors {
    /// Creates the errors of a configuration.
    pub fn new(file: Option<&Path>, problems: Vec<Problem>) -> Self {
        Self { file: file.map(Path::to_owned), problems }
    }
}

impl Problem {
    /// Creates a problem of a key; where it was written is added by the loader.
    pub(crate) fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into(), origin: None }
    }

    pub(crate) fn at(self, origin: Option<Origin>) -> Self {
        Self { origin, ..self }
    }
}

impl Origin {
    /// Returns the place of a byte of the file's text.
    pub(crate) fn from_offset(text: &str, offset: usize) -> Self {
        let before = &text[..text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self::File {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.key.is_empty() { "" } else { " " };
        write!(f, "{}{separator}{}", self.key, self.reason)
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_ref().map_or_else(|| "file".to_owned(), |path| path.display().to_string());
        let count = self.problems.len();
        write!(f, "the configuration has {count} problem{}:", if count == 1 { "" } else { "s" })?;
        for problem in &self.problems {
            match &problem.origin {
                Some(Origin::File { line, column }) => write!(f, "\n  {file}:{line}:{column}: {problem}")?,
                Some(Origin::Variable(name)) => write!(f, "\n  variable {name}: {problem}")?,
                None => write!(f, "\n  {problem}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_displayed_with_file_line_and_variable() {
        let problems = vec![
            Problem::new("database.port", "is invalid").at(Some(Origin::from_offset("é\n port = 'x'", 4))),
            Problem::new("kafka.client_id", "is empty")
                .at(Some(Origin::Variable("CCX__KAFKA__CLIENT_ID".into()))),
            Problem::new("rules.directories", "is empty"),
        ];
        let errors = ConfigErrors { file: Some("/etc/ccx.toml".into()), problems };
        assert_eq!(
            errors.to_string(),
            "the configuration has 3 problems:\n  /etc/ccx.toml:2:2: database.port is invalid\n  \
             variable CCX__KAFKA__CLIENT_ID: kafka.client_id is empty\n  rules.directories is empty"
        );
    }
}

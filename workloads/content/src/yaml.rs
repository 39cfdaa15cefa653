//! Parsing the YAML files of a tree.

use serde::de::DeserializeOwned;

use crate::{Position, Problem, problem_kind::ProblemKind};

/// Parses a file. An empty one yields the defaults.
pub(crate) fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Problem> {
    serde_saphyr::from_str(text).map_err(|error| {
        let position = error.location().and_then(|location| {
            let (line, column) = (location.line().try_into().ok()?, location.column().try_into().ok()?);
            (line > 0).then_some(Position { line, column })
        });
        let message = first_line(&error.without_snippet().to_string());
        Problem::error(file, ProblemKind::Yaml { message }).at(position)
    })
}

/// Returns the first line of a message without the position, which is reported separately.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    line.split(" at line ").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Sample {
        name: String,
        number: u8,
    }

    #[test]
    fn parse_of_empty_file_returns_defaults() {
        assert_eq!(parse::<Sample>("a.yaml", "# a comment\n"), Ok(Sample::default()));
    }

    #[test]
    fn parse_of_invalid_file_is_an_error_with_position() {
        let message = |text: &str| parse::<Sample>("a.yaml", text).unwrap_err().to_string();
        assert_eq!(
            message("name: a\nnumber: many\n"),
            "a.yaml:2:9: error: failed to read it as YAML: invalid u8"
        );
        assert_eq!(
            message("name: [\n"),
            "a.yaml:1:7: error: failed to read it as YAML: expected string scalar"
        );
        assert_eq!(message("@"), "a.yaml:1:1: error: failed to read it as YAML: unexpected character: `@'");
    }
}

//! Environment variables: the names of keys, and the values that they represent.

use toml::Value;

use crate::{
    Problem,
    known_keys::{self, Kind},
    problem::Origin,
};

/// The prefix of variables for keys.
const PREFIX: &str = "CCX__";

/// The prefix of variables that may be misspelt keys.
const NEAR_PREFIX: &str = "CCX_";

/// A key that a variable sets.
pub(crate) struct Setting {
    pub(crate) path: Vec<String>,
    pub(crate) value: Value,
    pub(crate) variable: String,
}

/// Parses a variable; `None` if it does not set a key.
pub(crate) fn parse(name: String, text: &str) -> Option<Result<Setting, Problem>> {
    let Some(below) = name.strip_prefix(PREFIX) else {
        return misspelt(&name).map(|problem| Err(problem.at(Some(Origin::Variable(name)))));
    };
    let path: Vec<String> = below.split("__").map(str::to_ascii_lowercase).collect();
    let setting = match known_keys::find(&path) {
        Some(key) => value(key.kind, text)
            .map(|value| Setting { path: path.clone(), value, variable: name.clone() })
            .map_err(|expected| Problem::new(path.join("."), format!("is invalid: expected {expected}"))),
        None => Err(unknown(&path)),
    };
    Some(setting.map_err(|problem| problem.at(Some(Origin::Variable(name)))))
}

/// Returns the variable of a key.
pub(crate) fn variable(path: &[String]) -> String {
    format!("{PREFIX}{}", path.join("__").to_ascii_uppercase())
}

fn value(kind: Kind, text: &str) -> Result<Value, &'static str> {
    // A value that a pod takes from a Secret often ends with the line break of the file from which it was created.
    let text = text.trim_end_matches(['\r', '\n']);
    match kind {
        Kind::Integer => text.parse().map(Value::Integer).map_err(|_| "a whole number"),
        Kind::Boolean => text.parse().map(Value::Boolean).map_err(|_| "true or false"),
        Kind::List => Ok(Value::from(items(text).collect::<Vec<_>>())),
        Kind::IntegerList => {
            let numbers: Result<Vec<i64>, _> = items(text).map(str::parse).collect();
            numbers.map(Value::from).map_err(|_| "whole numbers, separated by commas")
        }
        Kind::Map | Kind::Text => Ok(Value::String(text.to_owned())),
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn unknown(path: &[String]) -> Problem {
    if known_keys::is_section(path) {
        let keys = format!("{}__…", variable(path));
        return Problem::new(path.join("."), format!("is a section; its keys are variables {keys}"));
    }
    let hint = known_keys::closest(path)
        .map(|key| format!("; did you mean {}?", variable(&key.path)))
        .unwrap_or_default();
    Problem::new(path.join("."), format!("is not a key of the configuration{hint}"))
}

/// Detects a variable with a misspelt prefix or separator: `CCX_KAFKA__CLIENT_ID`, `CCX_KAFKA_CLIENT_ID`.
///
/// Other programs have variables that begin with `CCX_`, and Kubernetes sets `CCX_…_SERVICE_HOST` and
/// `CCX_…_PORT` in the pods of a namespace with a Service named `ccx-…`: these are not keys.
fn misspelt(name: &str) -> Option<Problem> {
    let below = name.strip_prefix(NEAR_PREFIX)?;
    let folded = known_keys::fold(below);
    if let Some(meant) = near_option(name) {
        return Some(Problem::new("", format!("is ignored under this name; did you mean {meant}?")));
    }
    let meant = known_keys::known_keys().iter().find(|key| known_keys::fold(&key.path.concat()) == folded);
    let reason = match meant {
        Some(key) => format!("is ignored under this name; did you mean {}?", variable(&key.path)),
        None if below.contains("__") && !is_service_link(below) => {
            format!("is not a key of the configuration: the names of keys begin with {PREFIX}")
        }
        None => return None,
    };
    Some(Problem::new("", reason))
}

/// Returns the variable that was meant by a misspelt `CCX_CONFIG`, or by an option of the command line.
fn near_option(name: &str) -> Option<&'static str> {
    const CONFIG: &str = "CCX_CONFIG";
    match name {
        "CCX_LOG_LEVEL" | "CCX_LOG" => Some("CCX__LOGGING__LEVEL"),
        "CCX_LOG_FORMAT" => Some("CCX__LOGGING__FORMAT"),
        "CCX_CONFIG_FILE" | "CCX_CONFIGURATION" => Some(CONFIG),
        _ => (name != CONFIG && strsim::osa_distance(name, CONFIG) == 1).then_some(CONFIG),
    }
}

/// Returns the problem of a variable that is not valid UTF-8, if it may be one of ours.
pub fn not_utf8(name: &str) -> Option<Problem> {
    let reason = "is not valid UTF-8";
    name.starts_with(NEAR_PREFIX)
        .then(|| Problem::new("", reason).at(Some(Origin::Variable(name.to_owned()))))
}

fn is_service_link(name: &str) -> bool {
    name.contains("_SERVICE_HOST") || name.contains("_SERVICE_PORT") || name.contains("_PORT")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(name: &str) -> Option<String> {
        parse(name.to_owned(), "x").and_then(Result::err).map(|problem| problem.to_string())
    }

    #[test]
    fn line_break_at_the_end_of_a_value_is_ignored() {
        for (name, text, expected) in [
            ("CCX__KAFKA__SASL_USERNAME", "ccx\n", Value::from("ccx")),
            ("CCX__DATABASE__PORT", "5433\r\n", Value::from(5433)),
        ] {
            let setting = parse(name.to_owned(), text).unwrap().unwrap_or_else(|problem| panic!("{problem}"));
            assert_eq!(setting.value, expected, "{name}");
        }
    }

    #[test]
    fn variable_with_a_missing_underscore_is_a_problem_with_the_right_name() {
        for name in
            ["CCX_KAFKA__BOOTSTRAP_SERVERS", "CCX_KAFKA_BOOTSTRAP_SERVERS", "CCX_KAFKA_BOOTSTRAP__SERVERS"]
        {
            let problem = problem(name).unwrap();
            assert!(problem.ends_with("did you mean CCX__KAFKA__BOOTSTRAP_SERVERS?"), "{name}: {problem}");
        }
        let problem = problem("CCX__KAFKA_BOOTSTRAP_SERVERS").unwrap();
        assert!(problem.ends_with("did you mean CCX__KAFKA__BOOTSTRAP_SERVERS?"), "{problem}");
    }

    #[test]
    fn variable_near_an_option_is_a_problem_with_the_right_name() {
        for (name, meant) in [
            ("CCX_CONFG", "CCX_CONFIG"),
            ("CCX_CONFIG_FILE", "CCX_CONFIG"),
            ("CCX_LOG_LEVEL", "CCX__LOGGING__LEVEL"),
        ] {
            assert!(problem(name).unwrap().ends_with(&format!("did you mean {meant}?")), "{name}");
        }
    }

    #[test]
    fn variable_of_unknown_key_is_a_problem() {
        assert!(problem("CCX_KAKFA__SERVRES").unwrap().contains("begin with CCX__"));
    }

    #[test]
    fn variables_of_others_are_ignored() {
        for name in
            ["PATH", "CCX_CONFIG", "CCX_PORT", "CCX_A__B_SERVICE_HOST", "CCX_AGGREGATOR_PORT_10000_TCP"]
        {
            assert!(parse(name.to_owned(), "x").is_none(), "{name}");
        }
    }

    #[test]
    fn empty_list_variable_is_an_empty_list() {
        for (text, items) in [("", 0), (" ", 0), ("a", 1), ("a, b,", 2)] {
            let setting = parse("CCX__RULES__DIRECTORIES".to_owned(), text).unwrap().unwrap();
            assert_eq!(setting.value.as_array().map(Vec::len), Some(items), "{text:?}");
        }
    }
}

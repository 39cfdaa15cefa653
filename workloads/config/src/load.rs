//! Loading the file, overriding it by the environment, and reporting all problems at once.

use std::{collections::BTreeMap, fs, path::Path};

use ccx_messages::without_values;
use serde::Deserialize;
use toml::{
    Spanned, Table, Value,
    de::{DeTable, DeValue},
};

use crate::{
    Config, ConfigErrors, Problem,
    environment::{self, Setting},
    known_keys,
    problem::Origin,
    workload,
};

impl Config {
    /// Reads `file` (defaults without one), overrides it by the `CCX__…` variables of `environment`, and
    /// checks the result.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let fail = |problems| ConfigErrors { file: file.map(Path::to_owned), problems };
        let text = match file {
            Some(path) => fs::read_to_string(path).map_err(|error| {
                fail(vec![Problem::new(path.display().to_string(), format!("can't be read: {error}"))])
            })?,
            None => String::new(),
        };
        Self::parse(&text, environment).map_err(fail)
    }

    /// Returns the problems of the files that the configuration names (see [`Config::file_problems`]), with the places of their
    /// keys. The file and the environment are those of [`Config::load`].
    pub fn located_file_problems(
        &self,
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Option<ConfigErrors> {
        let text = file.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        let mut layers = Layers::from_file(&text).ok()?;
        for (name, text) in environment {
            if let Some(Ok(setting)) = environment::parse(name, &text) {
                layers.set(setting, &mut Vec::new());
            }
        }
        let problems: Vec<_> =
            self.file_problems().into_iter().map(|problem| layers.locate(problem)).collect();
        (!problems.is_empty()).then(|| ConfigErrors { file: file.map(Path::to_owned), problems })
    }

    /// Like [`Config::load`], from the file's text.
    ///
    /// ```
    /// use ccx_config::Config;
    ///
    /// let variables = [("CCX__DATABASE__PORT".to_owned(), "5433".to_owned())];
    /// let config = Config::parse("[database]\nhost = 'db'", variables).expect("the keys exist");
    /// assert_eq!((config.database.host.as_str(), config.database.port), ("db", 5433));
    ///
    /// let problems = Config::parse("[databse]\nhost = 'db'", []).unwrap_err();
    /// assert_eq!(problems[0].reason, "is not a key of the configuration; did you mean database.host?");
    /// ```
    pub fn parse(
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<Problem>> {
        let mut layers = Layers::from_file(text).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        for (name, text) in environment {
            match environment::parse(name, &text) {
                Some(Ok(setting)) => layers.set(setting, &mut problems),
                Some(Err(problem)) => problems.push(problem),
                None => {}
            }
        }
        layers.check_keys(&mut problems);
        if !problems.is_empty() {
            return Err(in_order(problems));
        }
        let config = Self::deserialize(layers.table.clone())
            .map_err(|error| vec![Problem::new("", without_values(error.message()))])?;
        problems.extend(config.problems().into_iter().map(|problem| layers.locate(problem)));
        problems.extend(layers.port_conflicts(&config));
        if problems.is_empty() { Ok(config) } else { Err(in_order(problems)) }
    }
}

/// Sorts problems by their lines; those of variables and defaults follow.
fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| match problem.origin {
        Some(Origin::File { line, column }) => (line, column),
        Some(Origin::Variable(_)) | None => (usize::MAX, 0),
    });
    problems
}

/// The file merged with the environment, and the source of each key.
struct Layers {
    table: Table,
    origins: BTreeMap<Vec<String>, Origin>,
}

impl Layers {
    fn from_file(text: &str) -> Result<Self, Problem> {
        let problem = |error: toml::de::Error| {
            let origin = error.span().map(|span| Origin::from_offset(text, span.start));
            Problem::new("", format!("is not TOML: {}", one_line(error.message()))).at(origin)
        };
        let table: Table = text.parse().map_err(problem)?;
        let located = DeTable::parse(text).map_err(problem)?;
        let mut origins = BTreeMap::new();
        collect_origins(text, located.get_ref(), &mut Vec::new(), &mut origins);
        Ok(Self { table, origins })
    }

    fn set(&mut self, Setting { path, value, variable }: Setting, problems: &mut Vec<Problem>) {
        let origin = Origin::Variable(variable);
        if insert(&mut self.table, &path, value) {
            self.origins.insert(path, origin);
        } else {
            let reason = "can't be set: the file has a value where a section belongs";
            problems.push(Problem::new(path.join("."), reason).at(Some(origin)));
        }
    }

    /// Adds where the value of the problem's key was written.
    fn locate(&self, problem: Problem) -> Problem {
        let path: Vec<String> = problem.key.split('.').map(str::to_owned).collect();
        let origin = self.origins.get(&path).cloned();
        problem.at(origin)
    }

    /// Checks that the workloads can run beside each other on one machine. A variable is about one process, which may run where none
    /// has a default port.
    fn port_conflicts(&self, config: &Config) -> impl Iterator<Item = Problem> {
        let origin = |key: &str| self.locate(Problem::new(key, "")).origin;
        let is_one_process = move |keys: &[&str; 2]| {
            let origins = keys.map(origin);
            origins.contains(&None)
                && origins.iter().any(|origin| matches!(origin, Some(Origin::Variable(_))))
        };
        workload::port_conflicts(config).into_iter().filter(move |keys| !is_one_process(keys)).map(
            |[key, other]| {
                let reason = format!("has the port of {other}; give each workload a port of its own");
                self.locate(Problem::new(key, reason))
            },
        )
    }

    /// Parses each key separately, so that all problems are found; this works since every key has a default.
    fn check_keys(&self, problems: &mut Vec<Problem>) {
        for path in leaf_paths(&self.table) {
            let is_empty_section = matches!(get(&self.table, &path), Some(Value::Table(_)));
            let reason = if known_keys::find(&path).is_some() {
                self.invalid(&path)
            } else if known_keys::is_section(&path) {
                let reason = || format!("is a section: write [{}] and its keys below", path.join("."));
                (!is_empty_section).then(reason)
            } else if is_empty_section {
                let meant =
                    known_keys::closest_section(&path).map(|section| format!("[{}]", section.join(".")));
                let hint = meant.map_or_else(String::new, |section| format!("; did you mean {section}?"));
                Some(format!("is not a section of the configuration{hint}"))
            } else {
                let meant = known_keys::closest(&path).map(|key| key.path.join("."));
                let hint = meant.map_or_else(String::new, |key| format!("; did you mean {key}?"));
                Some(format!("is not a key of the configuration{hint}"))
            };
            let problem = reason.map(|reason| Problem::new(path.join("."), reason));
            problems.extend(problem.map(|problem| problem.at(self.origins.get(&path).cloned())));
        }
    }

    fn invalid(&self, path: &[String]) -> Option<String> {
        let value = get(&self.table, path)?.clone();
        let mut alone = Table::new();
        insert(&mut alone, path, value);
        let error = Config::deserialize(alone).err()?;
        let expected = expectation(&without_values(error.message()), path);
        Some(format!("is invalid: {expected}"))
    }
}

/// Returns what a key expects, in words, with its default as an example.
fn expectation(message: &str, path: &[String]) -> String {
    let number = |most: &str| format!("expected a whole number from 0 to {most}");
    match message.strip_prefix("expected ") {
        Some("u8") => number("255"),
        Some("u16") => number("65535"),
        Some("u32") => number("4294967295"),
        Some("u64" | "usize") => "expected a whole number that is not negative".to_owned(),
        Some("parsable string" | "integer overflow") => format!("expected a size, for example {:?}", "64MiB"),
        Some("a boolean") => "expected true or false".to_owned(),
        Some("a sequence") => format!("expected a list, for example {}", list_example(path)),
        Some(choice) if choice.contains('`') => format!("expected {choice}"),
        _ => {
            let is_address = path.last().is_some_and(|key| key.ends_with("listen"));
            let expected = match message {
                _ if is_address => "expected an IP address and a port",
                message if message.starts_with("expected ") => message,
                _ => "expected another form",
            };
            let defaults = Table::try_from(Config::default()).unwrap_or_default();
            match get(&defaults, path) {
                Some(Value::String(example)) if !example.is_empty() => {
                    format!("{expected}, for example {example:?}")
                }
                _ => expected.to_owned(),
            }
        }
    }
}

/// Returns a list as a file has it: the default, or one with a placeholder.
fn list_example(path: &[String]) -> String {
    let defaults = Table::try_from(Config::default()).unwrap_or_default();
    match get(&defaults, path) {
        Some(default @ Value::Array(items)) if !items.is_empty() => default.to_string(),
        _ => "[\"…\"]".to_owned(),
    }
}

fn collect_origins(
    text: &str,
    table: &DeTable<'_>,
    path: &mut Vec<String>,
    origins: &mut BTreeMap<Vec<String>, Origin>,
) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(section) if !section.is_empty() => collect_origins(text, section, path, origins),
            _ => {
                origins.insert(path.clone(), Origin::from_offset(text, Spanned::span(key).start));
            }
        }
        path.pop();
    }
}

fn get<'a>(table: &'a Table, path: &[String]) -> Option<&'a Value> {
    let (last, sections) = path.split_last()?;
    let section = sections.iter().try_fold(table, |table, key| table.get(key)?.as_table())?;
    section.get(last)
}

fn insert(table: &mut Table, path: &[String], value: Value) -> bool {
    match path {
        [] => false,
        [key] => {
            table.insert(key.clone(), value);
            true
        }
        [section, rest @ ..] => {
            match table.entry(section.clone()).or_insert_with(|| Value::Table(Table::new())) {
                Value::Table(section) => insert(section, rest, value),
                _ => false,
            }
        }
    }
}

/// Returns the paths of all values, and of sections without any.
fn leaf_paths(table: &Table) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(section) if section.is_empty() => paths.push(vec![key.clone()]),
            Value::Table(section) => {
                let below = leaf_paths(section).into_iter().map(|rest| [vec![key.clone()], rest].concat());
                paths.extend(below);
            }
            _ => paths.push(vec![key.clone()]),
        }
    }
    paths
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;

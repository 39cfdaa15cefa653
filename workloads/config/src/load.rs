//! Reading the file, laying the environment over it, and reporting every mistake at once.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::{Table, Value};

use crate::Config;

/// What a variable must begin with to be a key of ours.
const ENV_PREFIX: &str = "CCX__";

/// One mistake in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, as a path.
    pub key: String,
    /// What is wrong with it and what would be right.
    pub reason: String,
}

impl Problem {
    pub(crate) fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }
}

/// Every mistake in the configuration.
#[derive(Debug)]
pub struct ConfigErrors {
    file: Option<PathBuf>,
    /// The mistakes, in the order of the file's sections.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_ref().map(|path| format!(" {}", path.display())).unwrap_or_default();
        write!(f, "the configuration{file} has {} problem(s):", self.problems.len())?;
        for Problem { key, reason } in &self.problems {
            write!(f, "\n  {key} {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

impl Config {
    /// Reads `file` (none means all defaults), lays the `CCX__…` variables of `environment` over it, and checks the result.
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

    /// Like [`Config::load`], from the file's text.
    pub fn parse(
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<Problem>> {
        let mut table: Table = text.parse().map_err(|error: toml::de::Error| {
            vec![Problem::new("the file", format!("is not TOML: {error}"))]
        })?;
        let defaults = Table::try_from(Self::default()).unwrap_or_default();
        let mut problems = overlay_environment(&mut table, &defaults, environment);
        check_keys_one_by_one(&table, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let config =
            Self::deserialize(table).map_err(|error| vec![Problem::new("the file", error.to_string())])?;
        config.check(&mut problems);
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    fn check(&self, problems: &mut Vec<Problem>) {
        self.kafka.check(problems);
        self.object_storage.check(problems);
        self.database.check(problems);
        self.archive.check(problems);
        self.pipeline.check(problems);
        self.rules.check(problems);
        self.insights_core.check(problems);
        self.writer.check(problems);
        self.aggregator.check(problems);
        self.retry.check(problems);
    }
}

/// Puts each variable where its name says, typed like the default that it replaces.
fn overlay_environment(
    table: &mut Table,
    defaults: &Table,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, text) in environment {
        let Some(path) = name.strip_prefix(ENV_PREFIX) else { continue };
        let path: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
        let value = match typed_like(default_at(defaults, &path), &text) {
            Ok(value) => value,
            Err(expected) => {
                problems
                    .push(Problem::new(path.join("."), format!("({name}) is {text:?}, expected {expected}")));
                continue;
            }
        };
        if !insert(table, &path, value) {
            problems
                .push(Problem::new(path.join("."), format!("({name}) is not a key of the configuration")));
        }
    }
    problems
}

fn default_at<'a>(defaults: &'a Table, path: &[String]) -> Option<&'a Value> {
    let (last, sections) = path.split_last()?;
    let section = sections.iter().try_fold(defaults, |table, key| table.get(key)?.as_table())?;
    section.get(last)
}

fn typed_like(default: Option<&Value>, text: &str) -> Result<Value, &'static str> {
    match default {
        Some(Value::Integer(_)) => text.parse().map(Value::Integer).map_err(|_| "a whole number"),
        Some(Value::Boolean(_)) => text.parse().map(Value::Boolean).map_err(|_| "true or false"),
        Some(Value::Array(_)) => {
            Ok(text.split(',').map(|item| Value::String(item.trim().to_owned())).collect::<Vec<_>>().into())
        }
        _ => Ok(Value::String(text.to_owned())),
    }
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

/// Every field has a default, so each key can be read alone, and one mistake does not hide the next.
fn check_keys_one_by_one(table: &Table, problems: &mut Vec<Problem>) {
    for path in leaf_paths(table) {
        let mut alone = Table::new();
        let value = default_at(table, &path).cloned().unwrap_or(Value::Boolean(false));
        insert(&mut alone, &path, value);
        if let Err(error) = Config::deserialize(alone) {
            let reason = error.message().lines().collect::<Vec<_>>().join(" ");
            problems.push(Problem::new(path.join("."), format!("is wrong: {reason}")));
        }
    }
}

fn leaf_paths(table: &Table) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(section) => {
                let below = leaf_paths(section).into_iter().map(|rest| [vec![key.clone()], rest].concat());
                paths.extend(below);
            }
            _ => paths.push(vec![key.clone()]),
        }
    }
    paths
}

#[cfg(test)]
mod tests;

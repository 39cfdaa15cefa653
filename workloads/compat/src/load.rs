//! Loading of settings: file, then environment, then Clowder, each overriding the one before.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use snafu::{ResultExt, Snafu};
use toml::{Table, Value};

/// The default configuration file. It may be missing.
const DEFAULT_FILE: &str = "config.toml";

/// Where a program finds its settings.
pub(crate) struct Sources {
    /// The environment variable with the name of the configuration file.
    pub(crate) file_variable: &'static str,
    /// The prefix of variables with a section and a key: `INSIGHTS_RESULTS_AGGREGATOR__` of
    /// `INSIGHTS_RESULTS_AGGREGATOR__BROKER__TOPIC`.
    pub(crate) variable_prefix: &'static str,
}

/// The configuration can't be read. The texts are those that deployments and tests of the original look for.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum LoadError {
    /// The named file does not exist.
    #[snafu(display(
        "fatal error config file: Config File \"{name}\" Not Found in \"[{}]\"",
        directory.display()
    ))]
    NotFound {
        /// Name of the file, without extension.
        name: String,
        /// The folder that was searched.
        directory: PathBuf,
    },

    /// The file can't be read.
    #[snafu(display("fatal error config file: {}", file.display()))]
    Read {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },

    /// The file is not TOML. Its text, which may hold passwords, is not repeated.
    #[snafu(display("fatal error config file: While parsing config: {}{}", file.display(), position(*line)))]
    Parse {
        /// The file.
        file: PathBuf,
        /// The line of the mistake, from 1.
        line: Option<usize>,
    },

    /// A key has a value of another type.
    #[snafu(display("fatal - can not unmarshal configuration: {key}: {reason}"))]
    Type {
        /// The key, with its section.
        key: String,
        /// The expected values. Without the value.
        reason: String,
    },

    /// The file with organisations can't be read.
    #[snafu(display("failed to read the organizations in {}", file.display()))]
    Organizations {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },

    /// A line of the file with organisations has no organisation.
    #[snafu(display("{}, line {line}: expected the id of an organization at its start", file.display()))]
    Organization {
        /// The file.
        file: PathBuf,
        /// From 1.
        line: usize,
    },
}

fn position(line: Option<usize>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}

impl Sources {
    /// Reads the file that `variables` name, or `config.toml` in `directory` if it exists, overrides it by the variables, and
    /// lets `adapt` change the sections. Without a directory, there is no file.
    pub(crate) fn load<S: DeserializeOwned>(
        &self,
        directory: Option<&Path>,
        variables: &BTreeMap<String, String>,
        adapt: impl FnOnce(&mut Table),
    ) -> Result<S, LoadError> {
        let file = match (directory, variables.get(self.file_variable)) {
            (None, _) => None,
            (Some(directory), Some(named)) => Some(find(&directory.join(named))?),
            (Some(directory), None) => Some(directory.join(DEFAULT_FILE)).filter(|file| file.exists()),
        };
        let mut table = file.map(|file| read(&file)).transpose()?.unwrap_or_default();
        self.overlay(&mut table, variables);
        adapt(&mut table);
        deserialize(table)
    }

    fn overlay(&self, table: &mut Table, variables: &BTreeMap<String, String>) {
        for (name, value) in variables {
            let key = name.strip_prefix(self.variable_prefix).map(str::to_ascii_lowercase);
            let Some((section, key)) = key.as_deref().and_then(|key| key.split_once("__")) else { continue };
            // `broker.address` is an older name of `broker.addresses`; only one of both may be there.
            let key = if (section, key) == ("broker", "address") { "addresses" } else { key };
            let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(section) = section {
                if key == "addresses" {
                    section.remove("address");
                }
                section.insert(key.to_owned(), Value::String(value.clone()));
            }
        }
    }
}

/// Returns the named file. Its extension does not matter when a file of the same name with `.toml` exists.
fn find(named: &Path) -> Result<PathBuf, LoadError> {
    let with_toml = named.with_extension("toml");
    if let Some(found) = [named.to_owned(), with_toml].into_iter().find(|file| file.is_file()) {
        return Ok(found);
    }
    let name = named.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let directory = named.parent().unwrap_or(Path::new(".")).to_owned();
    let directory = directory.canonicalize().unwrap_or(directory);
    NotFoundSnafu { name, directory }.fail()
}

fn read(file: &Path) -> Result<Table, LoadError> {
    let text = fs::read_to_string(file).context(ReadSnafu { file })?;
    text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
        LoadError::Parse { file: file.to_owned(), line }
    })
}

/// Reads all sections. If a value has another type, reads key by key, so that the error names the key.
fn deserialize<S: DeserializeOwned>(table: Table) -> Result<S, LoadError> {
    let error = match S::deserialize(table.clone()) {
        Ok(settings) => return Ok(settings),
        Err(error) => error,
    };
    for (section, value) in table {
        let keys = match &value {
            Value::Table(keys) => keys.clone(),
            _ => Table::new(),
        };
        for (key, value) in keys {
            let alone = Table::from_iter([(key.clone(), value)]);
            check::<S>(&section, Value::Table(alone), &format!("{section}.{key}"))?;
        }
        check::<S>(&section, value, &section)?;
    }
    Err(untyped(error))
}

/// Fails if a section can't be read with a value; `key` names it.
fn check<S: DeserializeOwned>(section: &str, value: Value, key: &str) -> Result<(), LoadError> {
    match S::deserialize(Table::from_iter([(section.to_owned(), value)])) {
        Ok(_) => Ok(()),
        Err(error) => TypeSnafu { key, reason: error.message() }.fail(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn untyped(error: toml::de::Error) -> LoadError {
    LoadError::Type { key: "the file".to_owned(), reason: error.message().to_owned() }
}

//! `[rules]`

use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Problem;

/// The rules that run on archives: the built-in ones, and those of users in YAML. The aggregator reads it for the texts about rules.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Whether the built-in rules run.
    pub builtin: bool,
    /// Rules of users: directories (mounted ConfigMaps, for example), files, and archives of them (`.tar`, `.tar.gz`).
    pub directories: Vec<PathBuf>,
    /// Content trees with texts about rules, for example about rules in Python: directories with a `config.yaml`, and archives of
    /// them (tar, `.tar.gz`, zip). Where several have texts about the same error key, the first one counts; they replace built-in texts.
    pub content_directories: Vec<PathBuf>,
    /// Rules that do not run: by error key, module or its last part, component, or module, `|` and error key.
    pub disabled: Vec<String>,
    /// Interval at which the files of users are checked for changes. A set with an error is rejected as a whole, and the previous
    /// one stays in use.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub reload_interval: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            builtin: true,
            directories: Vec::new(),
            content_directories: Vec::new(),
            disabled: Vec::new(),
            reload_interval: Duration::from_secs(10),
        }
    }
}

impl Rules {
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        if self.reload_interval.is_zero() {
            problems.push(Problem::new(
                "rules.reload_interval",
                "is 0s; the files would be read without a pause",
            ));
        }
        if !self.builtin && self.directories.is_empty() {
            problems.push(Problem::new(
                "rules.directories",
                "is empty and rules.builtin is false; no rule would run",
            ));
        }
    }
}

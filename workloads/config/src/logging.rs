//! `[logging]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Problem;

/// The events that are logged, and their format.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,ccx_writer=debug`.
    pub level: String,
    /// Format of a line.
    pub format: LogFormat,
}

/// Format of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// One JSON object per line, for machines.
    Json,
    /// For people.
    Text,
}

impl Default for Logging {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Json }
    }
}

impl Logging {
    /// Returns the reason why `level` is no filter: a level, or pairs `module=level`, separated by commas.
    ///
    /// The syntax of `tracing_subscriber` takes any other word for the name of a module, so that a misspelt level would
    /// log nothing.
    ///
    /// ```
    /// use ccx_config::{LogFormat, Logging};
    ///
    /// let logging = |level: &str| Logging { level: level.into(), format: LogFormat::Text };
    /// assert_eq!(logging("info,ccx_writer=debug").invalid_level(), None);
    /// assert!(logging("verbose").invalid_level().is_some());
    /// ```
    pub fn invalid_level(&self) -> Option<&'static str> {
        const EXPECTED: &str =
            "must be error, warn, info, debug, trace or off, or a filter such as info,ccx_writer=debug";
        let directives = split_outside_brackets(&self.level);
        let is_valid = directives.iter().all(|directive| {
            let level = directive.rsplit_once('=').map_or(*directive, |(_, level)| level);
            is_level(level.trim())
        });
        (!is_valid).then_some(EXPECTED)
    }

    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        problems.extend(self.invalid_level().map(|reason| Problem::new("logging.level", reason)));
    }
}

fn is_level(word: &str) -> bool {
    ["error", "warn", "info", "debug", "trace", "off"].iter().any(|level| word.eq_ignore_ascii_case(level))
}

/// Splits at the commas that are not within the brackets of a span's fields.
fn split_outside_brackets(filter: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    let is_separator = |character: char| {
        match character {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    };
    filter.split(is_separator).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_level_accepts_levels_and_filters_only() {
        let is_valid =
            |level: &str| Logging { level: level.into(), format: LogFormat::Json }.invalid_level().is_none();
        for level in ["info", "WARN", "off", "info,ccx_writer=debug", "warn, a[b{c=1,d=2}]=trace"] {
            assert!(is_valid(level), "{level}");
        }
        for level in ["verbose", "", "info,ccx_writer", "ccx_writer=verbose", "inf", "info,"] {
            assert!(!is_valid(level), "{level}");
        }
    }
}

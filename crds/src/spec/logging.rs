//! `spec.logging`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Logging of the workloads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Logging {
    /// The minimum severity of events that are logged.
    pub level: LogLevel,
    /// A filter by module, which overrides `level`.
    ///
    /// Example: `info,ccx_writer=debug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub filter: Option<String>,
    /// Format of a line.
    pub format: LogFormat,
}

/// The severity of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LogLevel {
    /// Errors that need attention.
    Error,
    /// Unexpected states that are handled.
    Warn,
    /// Significant events.
    #[default]
    Info,
    /// Detailed events.
    Debug,
    /// Every step.
    Trace,
}

/// Format of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LogFormat {
    /// One JSON object per line.
    #[default]
    Json,
    /// Readable text.
    Text,
}

impl LogLevel {
    /// The level's name in a filter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

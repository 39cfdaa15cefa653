//! Requests to a worker and its replies. The other side is `python/worker.py`.

use std::path::Path;

use ccx_config::{Components, InsightsCore};
use serde::{Deserialize, Serialize};

use crate::report::PythonReport;

/// Version of the protocol.
pub(crate) const PROTOCOL: u32 = 1;

/// A request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request<'a> {
    /// Load the packages. The first frame, and only that.
    Load(Load<'a>),
    /// Run the rules on the archive in a folder.
    Run { id: u64, folder: &'a Path },
}

/// The packages to load, and limits.
#[derive(Debug, Serialize)]
pub(crate) struct Load<'a> {
    packages: &'a [String],
    config: Option<&'a Path>,
    rule_timeout_s: f64,
    max_memory_bytes: u64,
    only_needed: bool,
}

impl<'a> From<&'a InsightsCore> for Load<'a> {
    fn from(settings: &'a InsightsCore) -> Self {
        Self {
            packages: &settings.packages,
            config: settings.config_file.as_deref(),
            rule_timeout_s: settings.rule_timeout.as_secs_f64(),
            max_memory_bytes: settings.max_memory.as_u64(),
            only_needed: settings.components == Components::Needed,
        }
    }
}

/// A reply.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    /// The reply to `load`.
    Handshake(Handshake),
    /// The reply to `run`.
    Response(Response),
    /// The request failed.
    Failed(Failed),
}

/// Describes the loaded packages.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Handshake {
    pub protocol: u32,
    /// Version of insights-core.
    pub core: String,
    /// The rules, as `module.function`.
    pub rules: Vec<String>,
    /// Globs of all files that the rules can read; `None` if unknown.
    pub files: Option<Vec<String>>,
    pub rss_bytes: u64,
}

/// The result of the rules on an archive.
#[derive(Debug, Deserialize)]
pub(crate) struct Response {
    pub id: u64,
    pub report: PythonReport,
    /// Rules that failed.
    pub errors: Vec<RuleError>,
    pub rss_bytes: u64,
}

/// A rule that failed.
#[derive(Debug, Deserialize)]
pub(crate) struct RuleError {
    pub rule: String,
    pub error: String,
}

/// A request that failed.
#[derive(Debug, Deserialize)]
pub(crate) struct Failed {
    pub id: Option<u64>,
    pub error: String,
    pub rss_bytes: u64,
}

//! Errors of the Python rules.

use std::{io, path::PathBuf, time::Duration};

use snafu::Snafu;

use crate::frame::FrameError;

/// The Python rules have no results for an archive, or can't be started.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
#[non_exhaustive]
pub enum AdapterError {
    /// Python can't be started.
    #[snafu(display("failed to start {}; insights_core.python must name a Python that has insights-core", python.display()))]
    Spawn {
        /// The program.
        python: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The packages can't be loaded.
    #[snafu(display("failed to load the rules into {}: {error}; see insights_core.packages", python.display()))]
    Load {
        /// The program.
        python: PathBuf,
        /// The message of Python.
        error: String,
    },
    /// The worker has another version of the protocol.
    #[snafu(display("a worker has version {theirs} of the protocol, not {ours}"))]
    Protocol {
        /// Its version.
        theirs: u32,
        /// Our version.
        ours: u32,
    },
    /// The files of an archive can't be written.
    #[snafu(display("failed to unpack the archive for Python below {}; see insights_core.work_folder", folder.display()))]
    Unpack {
        /// The folder for all archives.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The worker has terminated, or violated the protocol.
    #[snafu(display("a Python worker has terminated{}", last_lines(stderr)))]
    Died {
        /// The last lines of its standard error.
        stderr: String,
        /// How it was detected.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The worker has not answered in time.
    #[snafu(display("a Python worker did not answer within {timeout:?}{}", last_lines(stderr)))]
    TimedOut {
        /// The time limit.
        timeout: Duration,
        /// The last lines of its standard error.
        stderr: String,
    },
    /// insights-core itself failed on the archive.
    #[snafu(display("insights-core failed on the archive: {error}"))]
    Failed {
        /// The message of Python.
        error: String,
    },
    /// The pipeline is stopping.
    #[snafu(display("the Python workers are stopped"))]
    Stopped,
}

impl AdapterError {
    pub(crate) fn died(source: FrameError, stderr: String) -> Self {
        Self::Died { stderr, source: source.into() }
    }

    /// Returns whether the worker is lost; the archive may succeed in a new one.
    pub(crate) fn is_worker_lost(&self) -> bool {
        matches!(self, Self::Died { .. } | Self::TimedOut { .. })
    }

    /// Returns the label of metrics.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Spawn { .. } | Self::Load { .. } | Self::Protocol { .. } => "start",
            Self::Unpack { .. } => "feed",
            Self::Died { .. } => "died",
            Self::TimedOut { .. } => "timeout",
            Self::Failed { .. } => "failed",
            Self::Stopped => "stopped",
        }
    }
}

fn last_lines(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!("; its last output: {stderr}") }
}

//! What can go wrong with the Python rules.

use std::{io, path::PathBuf, time::Duration};

use snafu::Snafu;

use crate::frame::FrameError;

/// The Python rules gave no results for an archive, or can't be started.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
#[non_exhaustive]
pub enum AdapterError {
    /// Python can't be started.
    #[snafu(display("failed to start {}; insights_core.python must name a Python that has insights-core", python.display()))]
    Spawn {
        /// The program.
        python: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The packages can't be loaded.
    #[snafu(display("failed to load the rules into {}: {error}; see insights_core.packages", python.display()))]
    Load {
        /// The program.
        python: PathBuf,
        /// What Python said.
        error: String,
    },
    /// The worker speaks another version of the frames.
    #[snafu(display("a worker speaks version {theirs} of the frames, not {ours}"))]
    Protocol {
        /// Its version.
        theirs: u32,
        /// Our version.
        ours: u32,
    },
    /// An archive's files can't be written.
    #[snafu(display("failed to unpack the archive for Python below {}; see insights_core.work_folder", folder.display()))]
    Feed {
        /// The folder for all archives.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The worker has died, or does not keep to the frames.
    #[snafu(display("a Python worker has died{}", last_words(stderr)))]
    Died {
        /// The last lines that it printed.
        stderr: String,
        /// How it was noticed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The worker has not answered.
    #[snafu(display("a Python worker did not answer within {timeout:?}{}", last_words(stderr)))]
    TimedOut {
        /// The time that it had.
        timeout: Duration,
        /// The last lines that it printed.
        stderr: String,
    },
    /// insights-core itself failed on the archive.
    #[snafu(display("insights-core failed on the archive: {error}"))]
    Failed {
        /// What Python said.
        error: String,
    },
    /// The process is ending.
    #[snafu(display("the Python workers are stopped"))]
    Stopped,
}

impl AdapterError {
    pub(crate) fn died(source: FrameError, stderr: String) -> Self {
        Self::Died { stderr, source: source.into() }
    }

    /// Whether a worker is lost: what it was doing may succeed in a new one.
    pub(crate) fn lost_worker(&self) -> bool {
        matches!(self, Self::Died { .. } | Self::TimedOut { .. })
    }

    /// A word for metrics.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Spawn { .. } | Self::Load { .. } | Self::Protocol { .. } => "start",
            Self::Feed { .. } => "feed",
            Self::Died { .. } => "died",
            Self::TimedOut { .. } => "timeout",
            Self::Failed { .. } => "failed",
            Self::Stopped => "stopped",
        }
    }
}

fn last_words(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!("; it said: {stderr}") }
}

//! An archive to a results message: the heart of the pipeline, without Kafka, S3 or a clock.

use bytes::Bytes;
use ccx_archive::{Archive, ArchiveError, ArchiveKind, Limits};
use ccx_insights_core::AdapterError;
use ccx_messages::{Announce, ClusterId, ErrorClass, Metadata, ResultsMessage, format_utc_seconds};
use ccx_rules::Report;
use serde::Deserialize;
use snafu::{OptionExt, ResultExt, Snafu, ensure};

use crate::{Judges, Workloads};

/// The directories of which an archive of the in-cluster operator has at least one.
const MARKERS: [&str; 2] = ["config/", "insights-operator/"];

/// What an archive has become.
#[derive(Debug)]
pub struct Processed {
    /// The cluster, by which the message is keyed.
    pub cluster_id: ClusterId,
    /// The message for the results topic.
    pub message: Vec<u8>,
    /// The message for the topic about workloads, when there is something to tell.
    pub workloads_message: Option<Vec<u8>>,
    /// What kind of cluster the archive is said to come from, for metrics.
    pub kind: ArchiveKind,
    /// What the rules found, for metrics and logs.
    pub report: Report,
    /// The version of the remote configuration by which the data was gathered, if by one.
    pub remote_configuration: Option<RemoteConfiguration>,
}

/// Why nothing comes of an archive.
#[derive(Debug, Snafu)]
pub enum ProcessError {
    /// It can't be read at all.
    #[snafu(display("failed to read the archive"))]
    Archive {
        /// What is wrong and where.
        source: ArchiveError,
    },
    /// It is an archive of something else.
    #[snafu(display(
        "not an insights archive: it has neither config/ nor insights-operator/ at its root, but {found}"
    ))]
    NotInsights {
        /// Its first entries.
        found: String,
    },
    /// Nobody says which cluster it is of.
    #[snafu(display(
        "no cluster id: the announced identity has no identity.system.cluster_id, and config/id in the archive {config_id}"
    ))]
    NoClusterId {
        /// What is wrong with the archive's own.
        config_id: &'static str,
    },
    /// The Python rules failed, and such archives are not to be judged without them.
    #[snafu(display("failed to run the rules of insights-core"))]
    InsightsCore {
        /// How.
        source: AdapterError,
    },
}

impl ProcessError {
    /// The same archive fails the same way tomorrow; other Python rules may fare better with it.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Archive { .. } | Self::NotInsights { .. } | Self::NoClusterId { .. } => {
                ErrorClass::BadInput
            }
            Self::InsightsCore { .. } => ErrorClass::Bug,
        }
    }
}

/// Reads an archive and runs the rules on it. CPU work of milliseconds to seconds: call it where blocking is allowed.
///
/// The gathering time is the announced one, or that of the archive's newest file. When neither is known, the message has none,
/// and the rules that need it are skipped.
pub fn process(
    archive: Bytes,
    announce: &Announce,
    judges: &Judges,
    workloads: &Workloads,
    limits: &Limits,
) -> Result<Processed, ProcessError> {
    let archive = Archive::read(archive, limits).context(ArchiveSnafu)?;
    ensure_insights(&archive)?;
    let cluster_id = cluster_id(announce, &archive)?;
    let mut report = judges.judge(&archive, announce.gathering_time).context(InsightsCoreSnafu)?;
    let workloads_message = workloads.report(&archive, announce, cluster_id, &mut report);
    let message = ResultsMessage {
        org_id: announce.identity.org_id,
        account_number: announce.identity.account_number,
        cluster_id,
        report: &report.to_json(),
        last_checked: &announce.timestamp,
        version: Report::VERSION,
        request_id: announce.request_id.as_deref(),
        metadata: Metadata { gathering_time: report.now.map(format_utc_seconds) },
    };
    Ok(Processed {
        cluster_id,
        message: message.to_json(),
        workloads_message,
        kind: archive.kind(),
        report,
        remote_configuration: RemoteConfiguration::of(&archive),
    })
}

fn ensure_insights(archive: &Archive) -> Result<(), ProcessError> {
    let is_insights = archive.files().any(|file| MARKERS.iter().any(|marker| file.path.starts_with(marker)));
    ensure!(is_insights, NotInsightsSnafu { found: first_entries(archive) });
    Ok(())
}

/// The first few files, as an error shows them: enough to recognise what was uploaded, too little to flood a log.
fn first_entries(archive: &Archive) -> String {
    const SHOWN_FILES: usize = 3;
    const SHOWN_CHARS: usize = 80;
    let shown =
        |path: &str| path.chars().take(SHOWN_CHARS).flat_map(char::escape_default).collect::<String>();
    let paths: Vec<_> = archive.files().take(SHOWN_FILES).map(|file| shown(file.path)).collect();
    let more = archive.files().len().saturating_sub(SHOWN_FILES);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    paths.join(", ") + &tail
}

/// The identity's cluster was authenticated by the gateway; the archive's own id is what the cluster says of itself.
fn cluster_id(announce: &Announce, archive: &Archive) -> Result<ClusterId, ProcessError> {
    if let Some(authenticated) = announce.identity.cluster_id {
        return Ok(authenticated);
    }
    let config_id =
        if archive.file("config/id").is_some() { "does not begin with a UUID" } else { "is missing" };
    archive.cluster_id().context(NoClusterIdSnafu { config_id })
}

/// The remote configuration that told the cluster what to gather (since OpenShift 4.17).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteConfiguration {
    /// Its version; `None` when it has none.
    pub version: Option<String>,
}

impl RemoteConfiguration {
    fn of(archive: &Archive) -> Option<Self> {
        #[derive(Deserialize)]
        struct File {
            version: Option<String>,
        }
        let json = archive.file("insights-operator/remote-configuration.json")?;
        let file: File = serde_json::from_slice(json).ok()?;
        Some(Self { version: file.version })
    }
}

#[cfg(test)]
mod tests;

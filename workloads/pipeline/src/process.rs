//! An archive to a results message: the core of the pipeline, without Kafka or S3.

use std::time::Instant;

use ccx_archive::{Archive, ArchiveError, ArchiveKind};
use ccx_insights_core::AdapterError;
use ccx_messages::{Announce, ClusterId, ErrorClass, Metadata, ResultsMessage, format_utc_seconds};
use ccx_rules::Report;
use serde::Deserialize;
use serde_json::value::RawValue;
use snafu::{OptionExt, ResultExt, Snafu, ensure};

use crate::{Roles, RuleEngines, reported_name::reported_name, roles::InvalidImages};

/// The directories of which an archive of the in-cluster operator has at least one.
const MARKERS: [&str; 2] = ["config/", "insights-operator/"];

/// The outcome of an archive.
#[derive(Debug)]
pub struct Processed {
    /// The cluster, by which the message is keyed.
    pub cluster_id: ClusterId,
    /// Whether the sender has authenticated as the cluster. If not, the id is the archive's own statement.
    pub is_authenticated: bool,
    /// The message for the results topic, with the role `rules`.
    pub message: Option<Vec<u8>>,
    /// The message for the topic about workloads, when a check found something.
    pub workloads_message: Option<Vec<u8>>,
    /// The message for the topic about images, when the archive has them.
    pub images_message: Option<Vec<u8>>,
    /// The report of the rules, with the role `rules`.
    pub report_json: Option<Box<RawValue>>,
    /// The kind of cluster, for metrics.
    pub kind: ArchiveKind,
    /// The results of the rules, for metrics and logs.
    pub report: Report,
    /// The version of the remote configuration by which the data was gathered, if by one.
    pub remote_configuration: Option<RemoteConfiguration>,
}

impl Processed {
    /// Returns the size of all messages.
    pub(crate) fn message_bytes(&self) -> u64 {
        let messages = [&self.message, &self.workloads_message, &self.images_message];
        messages.into_iter().flatten().map(|message| message.len() as u64).sum()
    }
}

/// The reason why an archive has no result.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum ProcessError {
    /// It cannot be read.
    #[snafu(display("failed to read the archive"))]
    Archive {
        /// The fault and its position.
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
    /// The cluster is unknown.
    #[snafu(display(
        "no cluster id: the announced identity has no identity.system.cluster_id, and config/id in the archive {config_id}"
    ))]
    NoClusterId {
        /// The fault of the archive's own id.
        config_id: &'static str,
    },
    /// The file with the images is not JSON, and the process has no other role.
    #[snafu(display("config/workload_info.json is not JSON"))]
    Images,
    /// The Python rules failed, and archives without their results are configured to be dead letters.
    #[snafu(display("failed to run the rules of insights-core"))]
    InsightsCore {
        /// How.
        source: AdapterError,
    },
}

impl ProcessError {
    /// Returns `BadInput` for faults of the archive, which are permanent, and `Bug` for those of the Python rules.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Archive { source } => source.class(),
            Self::NotInsights { .. } | Self::NoClusterId { .. } | Self::Images => ErrorClass::BadInput,
            Self::InsightsCore { .. } => ErrorClass::Bug,
        }
    }
}

/// Runs the rules on an archive and writes the messages. CPU work of milliseconds to seconds: call it where blocking is allowed.
///
/// Rules that have not begun at `deadline` are faults of the report. The gathering time is the announced one, or that of the archive's newest file. When neither is known, the message has none,
/// and the rules that need it are skipped.
pub fn process(
    archive: &Archive,
    announce: &Announce,
    engines: &RuleEngines,
    roles: &Roles,
    deadline: Option<Instant>,
) -> Result<Processed, ProcessError> {
    ensure_insights(archive)?;
    let cluster_id = cluster_id(announce, archive)?;
    let mut report = if roles.runs_rules {
        engines.run(archive, announce.gathering_time, deadline).context(InsightsCoreSnafu)?
    } else {
        Report::default()
    };
    let workloads = roles.workloads.as_ref();
    let workloads_message =
        workloads.and_then(|workloads| workloads.report(archive, announce, cluster_id, &mut report));
    let images_message = images_message(roles, archive, announce, cluster_id)?;
    let report_json = roles.runs_rules.then(|| report.to_json());
    let metadata = || Metadata {
        gathering_time: report.now.map(format_utc_seconds),
        cluster_name: reported_name(archive),
    };
    let message = report_json.as_deref().map(|json| results_message(json, announce, cluster_id, metadata()));
    Ok(Processed {
        cluster_id,
        is_authenticated: announce.is_cluster_authenticated,
        message,
        workloads_message,
        images_message,
        report_json,
        kind: archive.kind(),
        report,
        remote_configuration: RemoteConfiguration::parse(archive),
    })
}

fn results_message(
    report_json: &RawValue,
    announce: &Announce,
    cluster_id: ClusterId,
    metadata: Metadata,
) -> Vec<u8> {
    let message = ResultsMessage {
        org_id: announce.identity.org_id,
        account_number: announce.identity.account_number,
        cluster_id,
        report: report_json,
        last_checked: &announce.timestamp,
        version: Report::VERSION,
        request_id: announce.request_id.as_deref(),
        metadata,
    };
    message.to_json()
}

/// A file with images that is not JSON must not keep the results of other roles back.
fn images_message(
    roles: &Roles,
    archive: &Archive,
    announce: &Announce,
    cluster_id: ClusterId,
) -> Result<Option<Vec<u8>>, ProcessError> {
    let Some(images) = &roles.images else { return Ok(None) };
    match images.message(archive, announce, cluster_id) {
        Ok(message) => Ok(message),
        Err(InvalidImages) if roles.runs_rules || roles.workloads.is_some() => {
            tracing::warn!(%cluster_id, "config/workload_info.json is not JSON, images left out");
            Ok(None)
        }
        Err(InvalidImages) => ImagesSnafu.fail(),
    }
}

fn ensure_insights(archive: &Archive) -> Result<(), ProcessError> {
    let is_insights = archive.files().any(|file| MARKERS.iter().any(|marker| file.path.starts_with(marker)));
    ensure!(is_insights, NotInsightsSnafu { found: first_entries(archive) });
    Ok(())
}

/// The first few paths, for an error: enough to recognise the upload, too little to flood a log.
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

/// Returns the identity's cluster, which the gateway authenticated, or else the id that the archive states.
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
    fn parse(archive: &Archive) -> Option<Self> {
        #[derive(Deserialize)]
        struct File {
            version: Option<String>,
        }
        /// Real ones have some kilobytes. The version would be copied, whatever its length.
        const MAX_BYTES: usize = 1 << 20;

        let json = archive.file("insights-operator/remote-configuration.json")?;
        if json.len() > MAX_BYTES {
            return None;
        }
        let file: File = serde_json::from_slice(json).ok()?;
        Some(Self { version: file.version })
    }
}

#[cfg(test)]
mod tests;

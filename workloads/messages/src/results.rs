//! `ccx.ocp.results`: the report about an archive.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use snafu::{OptionExt, ResultExt, Snafu, ensure};

use crate::{
    AccountNumber, ClusterId, JsonError, OrgId, ReportedName, Timestamp, parse_json, reported_name,
    timestamp::TimestampError,
};

/// A message as the pipeline sends it.
#[derive(Serialize)]
pub struct ResultsMessage<'a> {
    /// The organisation that owns the cluster.
    #[serde(rename = "OrgID")]
    pub org_id: OrgId,
    /// Its account, when known.
    #[serde(rename = "AccountNumber", skip_serializing_if = "Option::is_none")]
    pub account_number: Option<AccountNumber>,
    /// The cluster.
    #[serde(rename = "ClusterName")]
    pub cluster_id: ClusterId,
    /// The rules' report, a JSON object.
    #[serde(rename = "Report")]
    pub report: &'a RawValue,
    /// When the archive was announced.
    #[serde(rename = "LastChecked")]
    pub last_checked: &'a Timestamp,
    /// The version of the report's schema: 1 or 2.
    #[serde(rename = "Version")]
    pub version: u8,
    /// The request that brought the archive.
    #[serde(rename = "RequestId")]
    pub request_id: Option<&'a str>,
    /// When the data was gathered.
    #[serde(rename = "Metadata")]
    pub metadata: Metadata,
}

/// Facts about an archive beside its report.
#[derive(Serialize)]
pub struct Metadata {
    /// When the cluster gathered the data, as `YYYY-MM-DDTHH:MM:SSZ`; absent when it is unknown, as consumers expect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gathering_time: Option<String>,
    /// The name of the cluster in its own data; absent when it has none. Consumers of other programs ignore it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<ReportedName>,
}

impl ResultsMessage<'_> {
    /// Encodes the message: JSON and a newline.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec(self).unwrap_or_default();
        json.push(b'\n');
        json
    }
}

/// Why a message can't be stored.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum ResultsError {
    /// Not JSON with fields of the expected types.
    #[snafu(display("failed to parse the results message"))]
    Json {
        /// The place and the expectation.
        source: JsonError,
    },
    /// A required field is missing.
    #[snafu(display("missing required attribute '{attribute}'"))]
    MissingAttribute {
        /// The field.
        attribute: &'static str,
    },
    /// The cluster's name is not a UUID.
    #[snafu(display("cluster name is not a UUID"))]
    ClusterName,
    /// The payload is compressed and can't be decompressed.
    #[snafu(display("failed to decompress the message"), context(false))]
    Compressed {
        /// The cause.
        source: crate::DecompressError,
    },
    /// The organisation's results are not stored.
    #[snafu(display("organization ID is not in allow list"))]
    NotAllowed,
    /// The report about workloads lacks its recommendations.
    #[snafu(display("improper report structure, missing key with name 'workload_recommendations'"))]
    MissingRecommendations,
    /// The report lacks keys that every report has.
    #[snafu(display("improper report structure, missing key(s) with name '[{}]'", keys.join(" ")))]
    MissingReportKeys {
        /// The keys that are missing.
        keys: Vec<&'static str>,
    },
    /// The report's hits or its information items are invalid.
    #[snafu(display("improper report structure, failed to parse '{key}'"))]
    ReportItems {
        /// Their key in the report.
        key: &'static str,
        /// The place and the expectation.
        source: JsonError,
    },
    /// A time is invalid.
    #[snafu(display("failed to read '{attribute}'"))]
    Time {
        /// The field.
        attribute: &'static str,
        /// The cause.
        source: TimestampError,
    },
}

/// A message as the writer reads it: validated, and borrowed from its bytes where it is large.
///
/// ```
/// use ccx_messages::Results;
///
/// let message = br#"{
///     "OrgID": 7, "ClusterName": "5d5892d3-1f74-4ccf-91af-548dfc9767aa", "LastChecked": "2026-01-15T12:00:00Z",
///     "Report": {"system": {}, "fingerprints": [],
///                "reports": [{"component": "rules.degraded.report", "key": "DEGRADED", "details": {}}]}
/// }"#;
/// let results = Results::parse(message)?;
/// assert_eq!(results.report.hits[0].error_key, "DEGRADED");
/// # Ok::<(), ccx_messages::ResultsError>(())
/// ```
#[derive(Debug)]
pub struct Results<'a> {
    /// The organisation that owns the cluster.
    pub org_id: OrgId,
    /// Its account, when known.
    pub account_number: Option<AccountNumber>,
    /// The cluster.
    pub cluster_id: ClusterId,
    /// The report of the rules.
    pub report: Report<'a>,
    /// When the archive was announced: of two reports of a cluster, the one with the later time counts.
    pub last_checked: Timestamp,
    /// The version of the report's schema; 0 when missing. Other versions than 1 and 2 are unexpected, yet stored.
    pub version: u8,
    /// The request that brought the archive.
    pub request_id: Option<String>,
    /// When the cluster gathered the data.
    pub gathered_at: Option<DateTime<Utc>>,
    /// The name of the cluster in its own data, when the message has it.
    pub reported_name: Option<ReportedName>,
}

impl<'a> Results<'a> {
    /// Parses and validates a message.
    pub fn parse(json: &'a [u8]) -> Result<Self, ResultsError> {
        let (envelope, sections) = Self::parse_envelope(json)?;
        Self::new(envelope, Report::from_sections(sections)?)
    }

    /// Parses and validates a message in the order that the topic's consumers share: its structure, its organisation by
    /// `is_allowed`, its times. Returns `None` for a message without a report, which is no error: it lacks required keys, and the
    /// others are empty.
    pub fn parse_if(
        json: &'a [u8],
        is_allowed: impl FnOnce(OrgId) -> bool,
    ) -> Result<Option<Self>, ResultsError> {
        let (envelope, sections) = Self::parse_envelope(json)?;
        if !missing_keys(&sections).is_empty() && has_no_content(&sections) {
            return Ok(None);
        }
        let report = Report::from_sections(sections)?;
        ensure!(is_allowed(envelope.org_id), NotAllowedSnafu);
        Self::new(envelope, report).map(Some)
    }

    fn parse_envelope(json: &'a [u8]) -> Result<(Envelope, Sections<'a>), ResultsError> {
        let wire: Wire<'a> = parse_json(json).context(JsonSnafu)?;
        let org_id = wire.org_id.context(MissingAttributeSnafu { attribute: "OrgID" })?;
        let cluster_name = wire.cluster_name.context(MissingAttributeSnafu { attribute: "ClusterName" })?;
        let sections = wire.report.context(MissingAttributeSnafu { attribute: "Report" })?;
        let metadata = wire.metadata.unwrap_or_default();
        let envelope = Envelope {
            org_id,
            account_number: wire.account_number,
            cluster_id: cluster_name.parse().ok().context(ClusterNameSnafu)?,
            last_checked: wire.last_checked,
            version: wire.version.unwrap_or(0),
            request_id: wire.request_id.filter(|id| !id.is_empty()),
            gathering_time: metadata.gathering_time,
            reported_name: metadata.cluster_name,
        };
        Ok((envelope, sections))
    }

    fn new(envelope: Envelope, report: Report<'a>) -> Result<Self, ResultsError> {
        Ok(Self {
            last_checked: envelope.last_checked()?,
            gathered_at: envelope.gathering_time.as_deref().map(parse_gathered_at).transpose()?.flatten(),
            org_id: envelope.org_id,
            account_number: envelope.account_number,
            cluster_id: envelope.cluster_id,
            report,
            version: envelope.version,
            request_id: envelope.request_id,
            reported_name: envelope.reported_name,
        })
    }
}

/// The fields around a report, before its times are parsed.
pub(crate) struct Envelope {
    pub(crate) org_id: OrgId,
    pub(crate) account_number: Option<AccountNumber>,
    pub(crate) cluster_id: ClusterId,
    pub(crate) last_checked: Option<String>,
    pub(crate) version: u8,
    pub(crate) request_id: Option<String>,
    pub(crate) gathering_time: Option<String>,
    pub(crate) reported_name: Option<ReportedName>,
}

impl Envelope {
    pub(crate) fn last_checked(&self) -> Result<Timestamp, ResultsError> {
        const ATTRIBUTE: &str = "LastChecked";
        let text = self.last_checked.as_deref().context(MissingAttributeSnafu { attribute: ATTRIBUTE })?;
        Timestamp::parse(text).context(TimeSnafu { attribute: ATTRIBUTE })
    }
}

/// The zero time of Go (year 1) means that the time is unknown.
fn parse_gathered_at(text: &str) -> Result<Option<DateTime<Utc>>, ResultsError> {
    let time = Timestamp::parse(text).context(TimeSnafu { attribute: "Metadata.gathering_time" })?.utc();
    Ok((time.year() > 1).then_some(time))
}

#[derive(Deserialize)]
#[serde(expecting = "a JSON object")]
struct Wire<'a> {
    #[serde(rename = "OrgID")]
    org_id: Option<OrgId>,
    #[serde(rename = "AccountNumber")]
    account_number: Option<AccountNumber>,
    #[serde(rename = "ClusterName")]
    cluster_name: Option<String>,
    #[serde(rename = "Report", borrow)]
    report: Option<Sections<'a>>,
    #[serde(rename = "LastChecked")]
    last_checked: Option<String>,
    #[serde(rename = "Version")]
    version: Option<u8>,
    #[serde(rename = "RequestId")]
    request_id: Option<String>,
    #[serde(rename = "Metadata")]
    metadata: Option<IncomingMetadata>,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "a JSON object")]
struct IncomingMetadata {
    gathering_time: Option<String>,
    #[serde(default, deserialize_with = "reported_name::deserialize_lenient")]
    cluster_name: Option<ReportedName>,
}

pub(crate) type Sections<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// A report, with the parts that the writer stores in columns of their own.
#[derive(Debug)]
pub struct Report<'a> {
    sections: Sections<'a>,
    /// The rules that fired, each rule and key once.
    pub hits: Vec<Hit<'a>>,
    /// The cluster's OpenShift version, when the report tells.
    pub cluster_version: Option<String>,
}

/// A rule that fired.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a JSON object")]
pub struct Hit<'a> {
    /// The rule's component: its module and `.report`.
    #[serde(borrow)]
    pub component: Cow<'a, str>,
    /// The finding.
    #[serde(rename = "key", borrow)]
    pub error_key: Cow<'a, str>,
    /// The data for the texts, as it stands in the message.
    #[serde(borrow)]
    pub details: &'a RawValue,
}

impl<'a> Report<'a> {
    const VERSION_INFO_ID: &'static str = "version_info|CLUSTER_VERSION_INFO";

    fn from_sections(sections: Sections<'a>) -> Result<Self, ResultsError> {
        let keys = missing_keys(&sections);
        ensure!(keys.is_empty(), MissingReportKeysSnafu { keys });
        let hits = parse_items::<Hit<'a>>(&sections, "reports")?;
        let info = parse_items::<Info<'a>>(&sections, "info")?;
        let version_info =
            info.into_iter().find(|info| info.info_id.as_deref() == Some(Self::VERSION_INFO_ID));
        let cluster_version = version_info.and_then(|info| info.version());
        Ok(Self { hits: without_repeats(hits), cluster_version, sections })
    }

    /// Encodes the whole report as it is stored: keys sorted, no whitespace.
    pub fn to_stored_json(&self) -> String {
        crate::encode_object_like_go(&self.sections)
    }
}

const REQUIRED_KEYS: [&str; 3] = ["fingerprints", "reports", "system"];

fn missing_keys(sections: &Sections<'_>) -> Vec<&'static str> {
    REQUIRED_KEYS.into_iter().filter(|key| !sections.contains_key(*key)).collect()
}

/// Returns whether every section is empty, as of an archive that no rule could read.
fn has_no_content(sections: &Sections<'_>) -> bool {
    sections.iter().all(|(key, value)| match key.as_ref() {
        "analysis_metadata" => true,
        "system" => !has_hostname(value),
        _ => is_empty_json(value),
    })
}

fn is_empty_json(value: &RawValue) -> bool {
    let compact: String = value.get().split_ascii_whitespace().collect();
    matches!(compact.as_str(), "[]" | "{}" | "null")
}

/// The same rule and key twice would break the tables' primary keys; the first one counts.
fn without_repeats(mut hits: Vec<Hit<'_>>) -> Vec<Hit<'_>> {
    if hits.len() < 2 {
        return hits;
    }
    let mut seen = BTreeSet::new();
    hits.retain(|hit| seen.insert((hit.component.clone(), hit.error_key.clone())));
    hits
}

pub(crate) fn parse_items<'a, T: Deserialize<'a>>(
    sections: &Sections<'a>,
    key: &'static str,
) -> Result<Vec<T>, ResultsError> {
    let Some(section) = sections.get(key) else { return Ok(Vec::new()) };
    let items: Option<Vec<T>> = parse_json(section.get().as_bytes()).context(ReportItemsSnafu { key })?;
    Ok(items.unwrap_or_default())
}

fn has_hostname(system: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct System {
        hostname: Option<String>,
    }
    let system: Option<System> = serde_json::from_str(system.get()).ok();
    system.and_then(|system| system.hostname).is_some_and(|hostname| !hostname.is_empty())
}

#[derive(Deserialize)]
struct Info<'a> {
    info_id: Option<String>,
    #[serde(borrow)]
    details: Option<&'a RawValue>,
}

impl Info<'_> {
    fn version(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Details {
            version: Option<String>,
        }
        serde_json::from_str::<Details>(self.details?.get()).ok()?.version
    }
}

#[cfg(test)]
mod tests;

//! `ccx.archive.synced`: an archive was copied; and `ccx.insights.rules.results`: the results of rules on a copy.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use snafu::{ResultExt, Snafu, ensure};

use crate::{ClusterId, JsonError, OrgId, parse_json};

/// A copied archive, as the pipeline sends it.
#[derive(Serialize)]
pub struct ArchiveMessage<'a> {
    /// The key of the copy.
    pub path: &'a str,
    /// The link from which the archive was copied.
    pub original_path: &'a str,
    /// The cluster and its organisation.
    pub metadata: ArchiveMetadata,
    /// The request that brought the archive.
    pub request_id: Option<&'a str>,
}

/// The origin of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArchiveMetadata {
    /// The cluster.
    pub cluster_id: ClusterId,
    /// The organisation that owns it, as text.
    pub external_organization: String,
}

/// The results of rules on a copied archive, as the pipeline stores them.
#[derive(Serialize)]
pub struct ArchiveResultsMessage<'a> {
    /// The key of the copy.
    pub path: &'a str,
    /// The cluster and its organisation.
    pub metadata: ArchiveMetadata,
    /// The report of the rules, a JSON object.
    pub report: &'a RawValue,
    /// The request that brought the archive.
    pub request_id: Option<&'a str>,
}

/// The parts of a message with results that are needed to store it.
#[derive(Debug, PartialEq, Eq)]
pub struct ArchiveResults {
    /// The key of the copied archive.
    pub path: String,
    /// The request that brought the archive.
    pub request_id: Option<String>,
}

/// A message with results can't be used.
#[derive(Debug, Snafu)]
pub enum ArchiveResultsError {
    /// Not a JSON object with the required fields.
    #[snafu(display(
        "failed to parse the results as JSON with the fields path, metadata.cluster_id and report"
    ))]
    Json {
        /// The place and the expectation.
        source: JsonError,
    },
    /// The key of the archive is empty.
    #[snafu(display("the path of the archive is empty"))]
    EmptyPath,
}

impl ArchiveMetadata {
    /// Creates the metadata of an archive.
    pub fn new(cluster_id: ClusterId, org_id: OrgId) -> Self {
        Self { cluster_id, external_organization: org_id.to_string() }
    }
}

impl ArchiveMessage<'_> {
    /// Encodes the message.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl ArchiveResultsMessage<'_> {
    /// Encodes the message.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl ArchiveResults {
    /// Parses and validates a message.
    pub fn parse(json: &[u8]) -> Result<Self, ArchiveResultsError> {
        let Wire { path, request_id, .. } = parse_json(json).context(JsonSnafu)?;
        ensure!(!path.is_empty(), EmptyPathSnafu);
        Ok(Self { path, request_id: request_id.filter(|id| !id.is_empty()) })
    }

    /// Returns the key of the object with the results, beside the copies of archives:
    /// `archives/compressed/a/b/c.tar.gz` becomes `insights/a/b/c/insights.json`.
    pub fn object_key(path: &str) -> String {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let name = name.replace(".tar.gz", "");
        let folder = folder.replace("archives/compressed", "insights");
        [folder.as_str(), &name, "insights.json"]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("/")
    }
}

#[derive(Deserialize)]
#[serde(expecting = "a JSON object")]
struct Wire<'a> {
    path: String,
    request_id: Option<String>,
    #[serde(rename = "metadata")]
    _metadata: WireMetadata,
    #[serde(rename = "report", borrow)]
    _report: BTreeMap<std::borrow::Cow<'a, str>, &'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "a JSON object")]
struct WireMetadata {
    #[serde(rename = "cluster_id")]
    _cluster_id: String,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const CLUSTER: &str = "11111111-2222-3333-4444-555555555555";

    fn metadata() -> ArchiveMetadata {
        ArchiveMetadata::new(CLUSTER.parse().unwrap(), OrgId::new(7).unwrap())
    }

    #[test]
    fn copied_archive_has_both_paths() {
        let message = ArchiveMessage {
            path: "a/b.tar.gz",
            original_path: "s3://c/d",
            metadata: metadata(),
            request_id: Some("r"),
        };
        let expected = json!({
            "path": "a/b.tar.gz",
            "original_path": "s3://c/d",
            "metadata": {"cluster_id": CLUSTER, "external_organization": "7"},
            "request_id": "r",
        });
        assert_eq!(serde_json::from_slice::<Value>(&message.to_json()).unwrap(), expected);
    }

    #[test]
    fn results_are_parsed_back_and_their_object_lies_beside_the_archive() {
        let report = RawValue::from_string("{}".into()).unwrap();
        let path = "archives/compressed/11/1111/202601/15/120001.tar.gz";
        let message =
            ArchiveResultsMessage { path, metadata: metadata(), report: &report, request_id: Some("r") };
        let results = ArchiveResults::parse(&message.to_json()).unwrap();
        assert_eq!(results, ArchiveResults { path: path.into(), request_id: Some("r".into()) });
        assert_eq!(ArchiveResults::object_key(path), "insights/11/1111/202601/15/120001/insights.json");
        assert_eq!(ArchiveResults::object_key("x.tar.gz"), "x/insights.json");
    }

    #[test]
    fn results_without_a_required_field_are_rejected() {
        let whole = json!({"path": "a", "metadata": {"cluster_id": "c"}, "report": {}});
        assert!(ArchiveResults::parse(whole.to_string().as_bytes()).is_ok());
        for field in ["path", "metadata", "report"] {
            let mut part = whole.clone();
            part.as_object_mut().unwrap().remove(field);
            assert!(ArchiveResults::parse(part.to_string().as_bytes()).is_err(), "{field}");
        }
        assert!(ArchiveResults::parse(br#"{"path":"","metadata":{"cluster_id":"c"},"report":{}}"#).is_err());
        assert!(ArchiveResults::parse(br#"{"path":"a","metadata":{},"report":{}}"#).is_err());
        assert!(ArchiveResults::parse(br#"{"path":"a","metadata":{"cluster_id":"c"},"report":[]}"#).is_err());
    }
}

//! `ccx.dvo.results`: the checks that a cluster's workloads fail.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use snafu::{OptionExt, ResultExt, ensure};

use crate::{
    AccountNumber, ClusterId, OrgId, ResultsError, Timestamp, encode_object_like_go, parse_json,
    results::{
        ClusterNameSnafu, Envelope, JsonSnafu, MissingAttributeSnafu, MissingRecommendationsSnafu,
        NotAllowedSnafu, Sections, parse_items,
    },
};

/// A message as the pipeline sends it.
#[derive(Serialize)]
pub struct WorkloadsMessage<'a> {
    /// The organisation that owns the cluster.
    #[serde(rename = "OrgID")]
    pub org_id: OrgId,
    /// Its account, when known.
    #[serde(rename = "AccountNumber", skip_serializing_if = "Option::is_none")]
    pub account_number: Option<AccountNumber>,
    /// The cluster.
    #[serde(rename = "ClusterName")]
    pub cluster_id: ClusterId,
    /// The report about workloads, a JSON object with `workload_recommendations`.
    #[serde(rename = "Metrics")]
    pub metrics: &'a RawValue,
    /// The request that brought the archive.
    #[serde(rename = "RequestId")]
    pub request_id: Option<&'a str>,
    /// When the archive was announced.
    #[serde(rename = "LastChecked")]
    pub last_checked: &'a Timestamp,
    /// The version of the report's schema: 1 or 2.
    #[serde(rename = "Version")]
    pub version: u8,
}

impl WorkloadsMessage<'_> {
    /// Encodes the message: JSON and a newline.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec(self).unwrap_or_default();
        json.push(b'\n');
        json
    }
}

/// A message as the writer reads it: validated, and borrowed from its bytes where it is large.
///
/// ```
/// use ccx_messages::Workloads;
///
/// let message = br#"{
///     "OrgID": 7, "ClusterName": "5d5892d3-1f74-4ccf-91af-548dfc9767aa", "LastChecked": "2026-01-15T12:00:00Z",
///     "Metrics": {"workload_recommendations": [
///         {"component": "rules.probes.recommendation", "key": "NO_PROBE", "workloads": [{"namespace_uid": "n", "uid": "u"}]}]}
/// }"#;
/// let workloads = Workloads::parse_if(message, |_| true)?.expect("it has recommendations");
/// assert_eq!(workloads.report.recommendations[0].workloads[0].uid, "u");
/// # Ok::<(), ccx_messages::ResultsError>(())
/// ```
#[derive(Debug)]
pub struct Workloads<'a> {
    /// The organisation that owns the cluster.
    pub org_id: OrgId,
    /// Its account, when known.
    pub account_number: Option<AccountNumber>,
    /// The cluster.
    pub cluster_id: ClusterId,
    /// The report about its workloads.
    pub report: WorkloadsReport<'a>,
    /// When the archive was announced: of two reports of a cluster, the one with the later time counts.
    pub last_checked: Timestamp,
    /// The version of the report's schema; 0 when missing. Other versions than 1 and 2 are unexpected, yet stored.
    pub version: u8,
    /// The request that brought the archive.
    pub request_id: Option<String>,
}

/// A report about the workloads of a cluster.
#[derive(Debug)]
pub struct WorkloadsReport<'a> {
    sections: Sections<'a>,
    /// The checks that workloads fail.
    pub recommendations: Vec<FailedCheck<'a>>,
}

/// A check that workloads of a cluster fail.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a JSON object")]
pub struct FailedCheck<'a> {
    /// The check's component: its module and `.recommendation`.
    #[serde(borrow)]
    pub component: Cow<'a, str>,
    /// The finding.
    #[serde(rename = "key", borrow)]
    pub error_key: Cow<'a, str>,
    /// The workloads that fail it.
    #[serde(borrow, deserialize_with = "null_as_empty")]
    pub workloads: Vec<FailingWorkload<'a>>,
}

/// A workload that fails a check.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a JSON object")]
pub struct FailingWorkload<'a> {
    /// The name of its namespace; empty when unknown.
    #[serde(borrow)]
    pub namespace: Cow<'a, str>,
    /// The id of its namespace.
    #[serde(borrow)]
    pub namespace_uid: Cow<'a, str>,
    /// Its id.
    #[serde(borrow)]
    pub uid: Cow<'a, str>,
}

impl<'a> Workloads<'a> {
    /// Parses and validates a message, decompressed, in the order that the topic's consumers share: its structure, whether it is
    /// empty, its organisation by `is_allowed`, its time. Returns `None` for a message with an empty report.
    pub fn parse_if(
        json: &'a [u8],
        is_allowed: impl FnOnce(OrgId) -> bool,
    ) -> Result<Option<Self>, ResultsError> {
        let (envelope, sections) = parse_envelope(json)?;
        if sections.is_empty() {
            return Ok(None);
        }
        let report = WorkloadsReport::from_sections(sections)?;
        ensure!(is_allowed(envelope.org_id), NotAllowedSnafu);
        Ok(Some(Self {
            last_checked: envelope.last_checked()?,
            org_id: envelope.org_id,
            account_number: envelope.account_number,
            cluster_id: envelope.cluster_id,
            report,
            version: envelope.version,
            request_id: envelope.request_id,
        }))
    }
}

impl<'a> WorkloadsReport<'a> {
    const RECOMMENDATIONS: &'static str = "workload_recommendations";

    fn from_sections(sections: Sections<'a>) -> Result<Self, ResultsError> {
        ensure!(sections.contains_key(Self::RECOMMENDATIONS), MissingRecommendationsSnafu);
        Ok(Self { recommendations: parse_items(&sections, Self::RECOMMENDATIONS)?, sections })
    }

    /// Encodes the whole report as it is stored: JSON with sorted keys, as the text of a JSON string.
    pub fn to_stored_json(&self) -> String {
        serde_json::to_string(&encode_object_like_go(&self.sections)).unwrap_or_default()
    }
}

fn parse_envelope(json: &[u8]) -> Result<(Envelope, Sections<'_>), ResultsError> {
    let wire: Wire<'_> = parse_json(json).context(JsonSnafu)?;
    let org_id = wire.org_id.context(MissingAttributeSnafu { attribute: "OrgID" })?;
    let cluster_name = wire.cluster_name.context(MissingAttributeSnafu { attribute: "ClusterName" })?;
    let cluster_id = cluster_name.parse().ok().context(ClusterNameSnafu)?;
    let sections = wire.metrics.context(MissingAttributeSnafu { attribute: "Metrics" })?;
    let envelope = Envelope {
        org_id,
        account_number: wire.account_number,
        cluster_id,
        last_checked: wire.last_checked,
        version: wire.version.unwrap_or(0),
        request_id: wire.request_id.filter(|id| !id.is_empty()),
        gathering_time: None,
        reported_name: None,
    };
    Ok((envelope, sections))
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
    #[serde(rename = "Metrics", borrow)]
    metrics: Option<Sections<'a>>,
    #[serde(rename = "LastChecked")]
    last_checked: Option<String>,
    #[serde(rename = "Version")]
    version: Option<u8>,
    #[serde(rename = "RequestId")]
    request_id: Option<String>,
}

fn null_as_empty<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json, value::to_raw_value};

    use super::*;

    fn encoded(account_number: Option<AccountNumber>) -> (String, Value) {
        let metrics = to_raw_value(&json!({"workload_recommendations": []})).unwrap();
        let message = WorkloadsMessage {
            org_id: OrgId::new(10).unwrap(),
            account_number,
            cluster_id: "11111111-2222-3333-4444-555555555555".parse().unwrap(),
            metrics: &metrics,
            request_id: Some("request-1"),
            last_checked: &Timestamp::parse("2026-01-15T12:00:01.000000002Z").unwrap(),
            version: 2,
        };
        let text = String::from_utf8(message.to_json()).unwrap();
        let value = serde_json::from_str(&text).unwrap();
        (text, value)
    }

    #[test]
    fn encoded_message_has_the_fields_of_the_topic() {
        let (text, value) = encoded(None);
        let expected = json!({
            "OrgID": 10,
            "ClusterName": "11111111-2222-3333-4444-555555555555",
            "Metrics": {"workload_recommendations": []},
            "RequestId": "request-1",
            "LastChecked": "2026-01-15T12:00:01.000000002Z",
            "Version": 2,
        });
        assert_eq!(value, expected);
        assert!(text.ends_with("}\n"));
    }

    #[test]
    fn known_account_is_encoded() {
        let account_number = serde_json::from_value(json!(7)).unwrap();
        assert_eq!(encoded(Some(account_number)).1["AccountNumber"], 7);
    }

    fn message(metrics: &str) -> String {
        format!(
            r#"{{"OrgID":1,"ClusterName":"11111111-2222-3333-4444-555555555555","LastChecked":"2026-01-15T12:00:00Z",
                "Metrics":{metrics}}}"#
        )
    }

    fn error_of(message: &str) -> String {
        Workloads::parse_if(message.as_bytes(), |_| true).unwrap_err().to_string()
    }

    #[test]
    fn encoded_message_is_parsed_back() {
        let (text, _) = encoded(None);
        let workloads = Workloads::parse_if(text.as_bytes(), |_| true).unwrap().unwrap();
        assert_eq!((workloads.org_id.get(), workloads.version), (10, 2));
        assert!(workloads.report.recommendations.is_empty());
        assert_eq!(workloads.report.to_stored_json(), r#""{\"workload_recommendations\":[]}""#);
    }

    #[test]
    fn checks_have_the_order_and_texts_of_other_consumers() {
        let valid = message(r#"{"workload_recommendations":[]}"#);
        for attribute in ["OrgID", "ClusterName", "Metrics", "LastChecked"] {
            let mut value: Value = serde_json::from_str(&valid).unwrap();
            value.as_object_mut().unwrap().remove(attribute);
            assert_eq!(error_of(&value.to_string()), format!("missing required attribute '{attribute}'"));
        }
        assert_eq!(error_of(&valid.replace("11111111-", "x")), "cluster name is not a UUID");
        assert_eq!(
            error_of(&message(r#"{"reports":[]}"#)),
            "improper report structure, missing key with name 'workload_recommendations'"
        );
        let refused = Workloads::parse_if(valid.as_bytes(), |_| false).unwrap_err();
        assert_eq!(refused.to_string(), "organization ID is not in allow list");
        assert!(Workloads::parse_if(message("{}").as_bytes(), |_| false).unwrap().is_none(), "empty");
    }

    #[test]
    fn missing_fields_of_a_workload_are_empty() {
        let text = message(
            r#"{"workload_recommendations":[{"component":"a.recommendation","workloads":[{"uid":"u"}]},{"workloads":null}]}"#,
        );
        let workloads = Workloads::parse_if(text.as_bytes(), |_| true).unwrap().unwrap();
        let [first, second] = workloads.report.recommendations.as_slice() else { panic!() };
        assert_eq!((first.error_key.as_ref(), first.workloads[0].namespace_uid.as_ref()), ("", ""));
        assert!(second.workloads.is_empty());
    }
}

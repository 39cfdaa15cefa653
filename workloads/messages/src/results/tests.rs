use super::*;
use crate::format_utc_seconds;

const CLUSTER: &str = "5d5892d3-1f74-4ccf-91af-548dfc9767aa";

fn message_with(report: &str) -> String {
    format!(
        r#"{{"OrgID":1,"ClusterName":"{CLUSTER}","Report":{report},"LastChecked":"2026-01-15T12:00:00.5Z","Version":2,
            "RequestId":"r","Metadata":{{"gathering_time":"2026-01-15T11:00:00Z"}}}}"#
    )
}

fn error_of(json: &str) -> String {
    Results::parse(json.as_bytes()).unwrap_err().to_string()
}

const NO_HITS: &str =
    r#"{"system":{"metadata":{},"hostname":null},"reports":[],"fingerprints":[],"skips":[],"info":[]}"#;

#[test]
fn encoded_message_is_parsed_back() {
    let report = RawValue::from_string(
        r#"{"fingerprints":[],"reports":[{"component":"a.b.report","key":"K","details":{"type":"rule", "n": 1}}],
            "system":{"hostname":null},"info":[{"info_id":"version_info|CLUSTER_VERSION_INFO","details":{"version":"4.18.9"}}]}"#
            .into(),
    )
    .unwrap();
    let last_checked = Timestamp::parse("2026-01-15T12:00:00.123456789Z").unwrap();
    let sent = ResultsMessage {
        org_id: OrgId::new(7).unwrap(),
        account_number: None,
        cluster_id: CLUSTER.parse().unwrap(),
        report: &report,
        last_checked: &last_checked,
        version: 2,
        request_id: Some("r"),
        metadata: Metadata {
            gathering_time: Some("2026-01-15T11:00:00Z".into()),
            cluster_name: ReportedName::parse("prod.example.com"),
        },
    }
    .to_json();
    assert!(sent.ends_with(b"}\n"));

    let read = Results::parse(&sent).unwrap();
    assert_eq!(read.org_id.get(), 7);
    assert_eq!(read.cluster_id.to_string(), CLUSTER);
    assert_eq!(read.last_checked, last_checked);
    assert_eq!(read.request_id.as_deref(), Some("r"));
    assert_eq!(read.reported_name.unwrap().as_str(), "prod.example.com");
    assert_eq!(read.report.cluster_version.as_deref(), Some("4.18.9"));
    let [hit] = read.report.hits.as_slice() else { panic!("{:?}", read.report.hits) };
    assert_eq!((hit.component.as_ref(), hit.error_key.as_ref()), ("a.b.report", "K"));
    assert_eq!(hit.details.get(), r#"{"type":"rule", "n": 1}"#, "template data is the untouched text");
}

#[test]
fn missing_attribute_is_named() {
    for attribute in ["OrgID", "ClusterName", "Report", "LastChecked"] {
        let mut message: serde_json::Value = serde_json::from_str(&message_with(NO_HITS)).unwrap();
        message.as_object_mut().unwrap().remove(attribute);
        assert_eq!(error_of(&message.to_string()), format!("missing required attribute '{attribute}'"));
    }
}

#[test]
fn attribute_of_a_wrong_type_is_rejected() {
    let wrong = [
        ("OrgID", "\"x\""),
        ("OrgID", "0"),
        ("ClusterName", "true"),
        ("Report", "[]"),
        ("LastChecked", "1"),
        ("Version", "\"xyzzy\""),
    ];
    for (attribute, value) in wrong {
        let mut message: serde_json::Value = serde_json::from_str(&message_with(NO_HITS)).unwrap();
        message[attribute] = serde_json::from_str(value).unwrap();
        assert_eq!(
            error_of(&message.to_string()),
            "failed to parse the results message",
            "{attribute} = {value}"
        );
    }
}

#[test]
fn invalid_cluster_name_or_time_is_rejected() {
    assert_eq!(error_of(&message_with(NO_HITS).replace(CLUSTER, "my-cluster")), "cluster name is not a UUID");
    assert_eq!(
        error_of(&message_with(NO_HITS).replace("2026-01-15T12:00:00.5Z", "now")),
        "failed to read 'LastChecked'"
    );
}

#[test]
fn missing_report_keys_are_listed() {
    assert_eq!(
        error_of(&message_with(r#"{"reports":[{}]}"#)),
        "improper report structure, missing key(s) with name '[fingerprints system]'"
    );
    assert_eq!(
        error_of(&message_with(r#"{"reports":{"a":1},"fingerprints":[],"system":{}}"#)),
        "improper report structure, failed to parse 'reports'"
    );
}

#[test]
fn report_without_required_keys_is_empty_if_the_others_are() {
    let parse = |report: &str| {
        Results::parse_if(message_with(report).as_bytes(), |_| true).map(|results| results.is_some())
    };
    let is_empty = |report: &str| !parse(report).unwrap();
    assert!(is_empty("{}"));
    assert!(is_empty(
        r#"{"reports":[ ],"skips":[],"system":{"hostname":""},"analysis_metadata":{"start":"x"}}"#
    ));
    assert!(parse(r#"{"system":{"hostname":"h"},"reports":[]}"#).is_err());
    assert!(parse(r#"{"system":{},"reports":[],"pass":[{"pass_id":"x"}]}"#).is_err());
    assert!(!is_empty(NO_HITS), "an empty list removes the hits of an earlier report");
}

#[test]
fn empty_report_is_recognised_before_the_organisation_and_the_time_are_checked() {
    let empty = message_with("{}").replace("2026-01-15T12:00:00.5Z", "now");
    assert!(Results::parse_if(empty.as_bytes(), |_| false).unwrap().is_none());
    let wrong_time = message_with(NO_HITS).replace("2026-01-15T12:00:00.5Z", "now");
    let error = Results::parse_if(wrong_time.as_bytes(), |_| false).unwrap_err();
    assert_eq!(error.to_string(), "organization ID is not in allow list");
}

#[test]
fn repeated_hit_is_dropped() {
    let hit = |n: u8| format!(r#"{{"component":"a.b.report","key":"K","details":{{"n":{n}}}}}"#);
    let report = format!(r#"{{"system":{{}},"fingerprints":[],"reports":[{},{}]}}"#, hit(1), hit(2));
    let message = message_with(&report);
    let hits = Results::parse(message.as_bytes()).unwrap().report.hits;
    assert_eq!(hits.iter().map(|hit| hit.details.get()).collect::<Vec<_>>(), [r#"{"n":1}"#]);
}

#[test]
fn gathering_time_may_be_missing_or_zero_but_not_invalid() {
    let gathered_at = |time: &str| {
        let message = message_with(NO_HITS).replace("\"2026-01-15T11:00:00Z\"", time);
        Results::parse(message.as_bytes()).map(|results| results.gathered_at.map(format_utc_seconds))
    };
    assert_eq!(
        gathered_at("\"2026-01-15T11:00:00+01:00\"").unwrap().as_deref(),
        Some("2026-01-15T10:00:00Z")
    );
    assert_eq!(gathered_at("null").unwrap(), None);
    assert_eq!(gathered_at("\"0001-01-01T00:00:00Z\"").unwrap(), None);
    assert!(gathered_at("\"soon\"").is_err());
}

#[test]
fn missing_version_is_zero_and_an_unexpected_one_is_kept() {
    let version = |text: &str| {
        Results::parse(message_with(NO_HITS).replace("\"Version\":2,", text).as_bytes()).unwrap().version
    };
    assert_eq!(version(""), 0);
    assert_eq!(version("\"Version\":41,"), 41);
}

/// The original pipeline sends no name. An invalid name is ignored, and the report is stored.
#[test]
fn cluster_name_is_optional_and_an_invalid_one_is_left_out() {
    for (metadata, expected) in [
        (r#"{"cluster_name":"prod.example.com"}"#, Some("prod.example.com")),
        (r#"{"cluster_name":"a name"}"#, None),
        (r#"{"cluster_name":{"a":[1]}}"#, None),
        (r#"{"cluster_name":null}"#, None),
        ("{}", None),
        ("null", None),
    ] {
        let message = message_with(NO_HITS).replace(r#"{"gathering_time":"2026-01-15T11:00:00Z"}"#, metadata);
        let results = Results::parse(message.as_bytes()).unwrap();
        assert_eq!(results.reported_name.as_ref().map(ReportedName::as_str), expected, "{metadata}");
    }
}

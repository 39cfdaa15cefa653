//! Validation of messages.

use ccx_messages::{ErrorClass, OrgId, ResultsError, decompress, header};
use ccx_outbox::Request;
use ccx_transport::Record;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use snafu::{Snafu, ensure};

use crate::{
    allow_list::AllowList,
    outcome::{Message, Outcome, Rejection, State},
    result::{Parsed, ParsedResult},
};

#[derive(Debug, Snafu)]
enum CheckError {
    #[snafu(transparent)]
    Results { source: ResultsError },
    #[snafu(display("the names of {headers} header(s) are not UTF-8"))]
    HeaderNames { headers: usize },
}

/// Parses and validates a message. Unexpected values that do not prevent storing are logged.
pub(crate) fn check<R: ParsedResult>(
    record: Record,
    allow_list: &AllowList,
    now: DateTime<Utc>,
) -> Message<R> {
    match parse::<R>(&record, allow_list) {
        Ok(Some(parsed)) => {
            warn_of_oddities(&parsed, &record, now);
            let owner = Some((parsed.result.org_id(), parsed.account_number));
            let request = parsed.request_id.map(|id| Request { id, owner });
            let mut result = parsed.result;
            if record.headers.get_str(header::CLUSTER_AUTHENTICATED) == Some("false") {
                result.mark_unauthenticated();
            }
            Message { record, request, state: State::Pending(Box::new(result)) }
        }
        Ok(None) => {
            let request = request_in(&record.payload);
            Message { record, request, state: State::Done(Outcome::Empty) }
        }
        Err(error) => {
            let rejection = Rejection::new(ErrorClass::BadInput, &error);
            let request = request_in(&record.payload);
            Message { record, request, state: State::Done(Outcome::Rejected(rejection)) }
        }
    }
}

fn parse<R: ParsedResult>(record: &Record, allow_list: &AllowList) -> Result<Option<Parsed<R>>, CheckError> {
    let headers = record.headers.unreadable();
    ensure!(headers == 0, HeaderNamesSnafu { headers });
    Ok(R::parse(&record.payload, |org_id| allow_list.allows(org_id))?)
}

fn warn_of_oddities<R: ParsedResult>(parsed: &Parsed<R>, record: &Record, now: DateTime<Utc>) {
    let (cluster, organization) = (parsed.result.cluster_id(), parsed.result.org_id());
    let Record { topic, partition, offset, .. } = record;
    let (request_id, version) = (parsed.request_id.as_deref(), parsed.version);
    if !matches!(version, 1 | 2) {
        tracing::warn!(
            %topic, partition, offset, %organization, %cluster, request_id, version,
            "Received data with unexpected version {version}."
        );
    }
    if parsed.last_checked.utc() > now {
        let last_checked = parsed.last_checked.as_str();
        tracing::error!(
            %topic, partition, offset, %organization, %cluster, request_id, version, last_checked,
            "got a message from the future"
        );
    }
}

/// Returns the request of a message that is not stored, if it can be parsed.
fn request_in(payload: &[u8]) -> Option<Request> {
    #[derive(Deserialize)]
    struct OnlyRequest {
        #[serde(rename = "RequestId")]
        id: Option<String>,
        #[serde(rename = "OrgID")]
        org_id: Option<serde_json::Value>,
    }
    let OnlyRequest { id, org_id } = serde_json::from_slice(&decompress(payload).ok()?).ok()?;
    let org_id = org_id.and_then(|number| OrgId::new(number.as_u64()?).ok());
    Some(Request { id: id.filter(|id| !id.is_empty())?, owner: org_id.map(|org_id| (org_id, None)) })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ccx_messages::Reason;
    use ccx_storage::NewReport;
    use ccx_transport::Headers;

    use super::*;

    const CLUSTER: &str = "5d5892d3-1f74-4ccf-91af-548dfc9767aa";
    const REPORT: &str = r#"{"system":{"hostname":null},"fingerprints":[],
        "reports":[{"component":"a.b.report","key":"K","details":{}}]}"#;

    fn message(fields: &str) -> Vec<u8> {
        format!(r#"{{"OrgID":7,"ClusterName":"{CLUSTER}","LastChecked":"2026-01-15T12:00:00Z","RequestId":"r"{fields}}}"#)
            .into()
    }

    fn record(payload: &[u8], headers: Headers) -> Record {
        Record {
            topic: "ccx.ocp.results".into(),
            partition: 0,
            offset: 0,
            timestamp_ms: None,
            key: None,
            headers,
            payload: payload.to_vec().into(),
        }
    }

    fn checked(payload: &[u8]) -> Message<NewReport> {
        check(record(payload, Headers::default()), &AllowList::Every, Utc::now())
    }

    fn reason(payload: &[u8]) -> Reason {
        let message = checked(payload);
        let rejection = message.rejection().expect("is rejected");
        assert_eq!(rejection.class, ErrorClass::BadInput);
        rejection.reason.clone()
    }

    #[test]
    fn valid_message_has_a_report() {
        let message = checked(&message(&format!(r#","Version":2,"Report":{REPORT}"#)));
        let owner = Some((OrgId::new(7).unwrap(), None));
        assert_eq!(message.request, Some(Request { id: "r".into(), owner }));
        let report = message.result().unwrap();
        assert_eq!((report.cluster_id.to_string().as_str(), report.hits.len()), (CLUSTER, 1));
        assert!(report.is_authenticated);
    }

    #[test]
    fn report_of_an_unauthenticated_cluster_is_marked() {
        let headers = [(header::CLUSTER_AUTHENTICATED.to_owned(), "false".into())].into_iter().collect();
        let payload = message(&format!(r#","Report":{REPORT}"#));
        let message: Message<NewReport> = check(record(&payload, headers), &AllowList::Every, Utc::now());
        assert!(!message.result().unwrap().is_authenticated);
    }

    #[test]
    fn unexpected_version_and_future_time_are_accepted() {
        let odd = message(&format!(r#","Version":41,"Report":{REPORT}"#));
        let odd = String::from_utf8(odd).unwrap().replace("2026-", "2999-");
        assert!(checked(odd.as_bytes()).result().is_some());
    }

    #[test]
    fn message_without_a_report_is_neither_stored_nor_rejected() {
        let empty = message(r#","Report":{"system":{},"reports":[]}"#);
        assert_eq!(checked(&empty).outcome(), Some(&Outcome::Empty));
        let owner = Some((OrgId::new(7).unwrap(), None));
        assert_eq!(checked(&empty).request, Some(Request { id: "r".into(), owner }));
    }

    #[test]
    fn report_without_hits_is_stored() {
        let no_hits = message(r#","Report":{"system":{},"reports":[],"fingerprints":[]}"#);
        assert!(checked(&no_hits).result().is_some_and(|report| report.hits.is_empty()));
    }

    #[test]
    fn compressed_workloads_are_parsed() {
        use std::io::Write as _;
        let json = message(r#","Metrics":{"workload_recommendations":[]}"#);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&json).unwrap();
        let compressed = encoder.finish().unwrap();
        for payload in [&json, &compressed] {
            let message: Message<ccx_storage::NewWorkloads> =
                check(record(payload, Headers::default()), &AllowList::Every, Utc::now());
            assert!(message.result().is_some(), "{:?}", message.outcome());
        }
        let damaged: Message<ccx_storage::NewWorkloads> =
            check(record(&compressed[..20], Headers::default()), &AllowList::Every, Utc::now());
        let reason = &damaged.rejection().unwrap().reason;
        assert!(
            reason.starts_with("failed to decompress the message: not a complete gzip file"),
            "{}",
            &**reason
        );
    }

    #[test]
    fn invalid_message_has_a_reason_and_its_request() {
        let missing = message("");
        assert_eq!(&*reason(&missing), "missing required attribute 'Report'");
        let owner = Some((OrgId::new(7).unwrap(), None));
        assert_eq!(checked(&missing).request, Some(Request { id: "r".into(), owner }));
        assert_eq!(
            checked(br#"{"RequestId":"r","OrgID":"x"}"#).request,
            Some(Request { id: "r".into(), owner: None })
        );
        assert!(reason(b"}").starts_with("failed to parse the results message: "), "{}", reason(b"}"));
        assert_eq!(checked(b"}").request, None);
        assert_eq!(checked(b"{}").request, None);
    }

    #[test]
    fn organisation_outside_of_the_allow_list_is_rejected() {
        let allow_list = AllowList::Only(HashSet::from([OrgId::new(8).unwrap()]));
        let payload = message(&format!(r#","Report":{REPORT}"#));
        let message: Message<NewReport> =
            check(record(&payload, Headers::default()), &allow_list, Utc::now());
        assert_eq!(&*message.rejection().unwrap().reason, "organization ID is not in allow list");
    }
}

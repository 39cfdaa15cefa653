//! Validation of messages.

use ccx_messages::{ErrorClass, OrgId, Results, ResultsError, header};
use ccx_outbox::Request;
use ccx_storage::NewReport;
use ccx_transport::Record;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use snafu::{Snafu, ensure};

use crate::{
    allow_list::AllowList,
    outcome::{Message, Outcome, Rejection, State},
};

#[derive(Debug, Snafu)]
enum CheckError {
    #[snafu(transparent)]
    Results { source: ResultsError },
    #[snafu(display("organization ID is not in allow list"))]
    NotAllowed,
    #[snafu(display("the names of {headers} header(s) are not UTF-8"))]
    HeaderNames { headers: usize },
}

/// Parses and validates a message. Unexpected values that do not prevent storing are logged.
pub(crate) fn check(record: Record, allow_list: &AllowList, now: DateTime<Utc>) -> Message {
    let (request, state) = match results(&record, allow_list) {
        Ok(results) => {
            warn_of_oddities(&results, now);
            let owner = Some((results.org_id, results.account_number));
            (results.request_id.clone().map(|id| Request { id, owner }), state(results, &record))
        }
        Err(error) => {
            let rejection = Rejection::new(ErrorClass::BadInput, &error);
            (request_of_invalid(&record.payload), State::Done(Outcome::Rejected(rejection)))
        }
    };
    Message { record, request, state }
}

fn state(results: Results<'_>, record: &Record) -> State {
    if results.report.is_empty() {
        return State::Done(Outcome::Empty);
    }
    let is_authenticated = record.headers.get_str(header::CLUSTER_AUTHENTICATED) != Some("false");
    State::Report(Box::new(NewReport { is_authenticated, ..results.into() }))
}

fn results<'a>(record: &'a Record, allow_list: &AllowList) -> Result<Results<'a>, CheckError> {
    let headers = record.headers.unreadable();
    ensure!(headers == 0, HeaderNamesSnafu { headers });
    let results = Results::parse(&record.payload)?;
    ensure!(allow_list.allows(results.org_id), NotAllowedSnafu);
    Ok(results)
}

fn warn_of_oddities(results: &Results<'_>, now: DateTime<Utc>) {
    let (cluster_id, org_id) = (results.cluster_id, results.org_id);
    let request_id = results.request_id.as_deref();
    if !matches!(results.version, 1 | 2) {
        let version = results.version;
        tracing::warn!(%cluster_id, %org_id, request_id, version, "message has an unexpected version");
    }
    if results.last_checked.utc() > now {
        let last_checked = results.last_checked.as_str();
        tracing::warn!(%cluster_id, %org_id, request_id, last_checked, "message is from the future");
    }
}

/// Returns the request of an invalid message, if it can be parsed.
fn request_of_invalid(payload: &[u8]) -> Option<Request> {
    #[derive(Deserialize)]
    struct OnlyRequest {
        #[serde(rename = "RequestId")]
        id: Option<String>,
        #[serde(rename = "OrgID")]
        org_id: Option<serde_json::Value>,
    }
    let OnlyRequest { id, org_id } = serde_json::from_slice(payload).ok()?;
    let org_id = org_id.and_then(|number| OrgId::new(number.as_u64()?).ok());
    Some(Request { id: id.filter(|id| !id.is_empty())?, owner: org_id.map(|org_id| (org_id, None)) })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ccx_messages::Reason;
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

    fn checked(payload: &[u8]) -> Message {
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
        let report = message.report().unwrap();
        assert_eq!((report.cluster_id.to_string().as_str(), report.hits.len()), (CLUSTER, 1));
        assert!(report.is_authenticated);
    }

    #[test]
    fn report_of_an_unauthenticated_cluster_is_marked() {
        let headers = [(header::CLUSTER_AUTHENTICATED.to_owned(), "false".into())].into_iter().collect();
        let payload = message(&format!(r#","Report":{REPORT}"#));
        let message = check(record(&payload, headers), &AllowList::Every, Utc::now());
        assert!(!message.report().unwrap().is_authenticated);
    }

    #[test]
    fn unexpected_version_and_future_time_are_accepted() {
        let odd = message(&format!(r#","Version":41,"Report":{REPORT}"#));
        let odd = String::from_utf8(odd).unwrap().replace("2026-", "2999-");
        assert!(checked(odd.as_bytes()).report().is_some());
    }

    #[test]
    fn empty_report_is_neither_stored_nor_rejected() {
        let empty = message(r#","Report":{"reports":[]}"#);
        assert_eq!(checked(&empty).outcome(), Some(&Outcome::Empty));
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
        let message = check(record(&payload, Headers::default()), &allow_list, Utc::now());
        assert_eq!(&*message.rejection().unwrap().reason, "organization ID is not in allow list");
    }
}

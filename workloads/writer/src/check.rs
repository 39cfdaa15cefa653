//! What to do with a message, as far as the message itself tells.

use ccx_messages::{AccountNumber, ErrorClass, OrgId, Reason, Results, ResultsError};
use ccx_storage::NewReport;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use snafu::{Snafu, ensure};

use crate::allow_list::AllowList;

/// A message, looked at.
#[derive(Debug)]
pub(crate) struct Checked {
    /// Whose request it is, when that could be read.
    pub(crate) request: Option<Request>,
    pub(crate) verdict: Verdict,
}

/// Who wants to know how far the message has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) owner: Option<(OrgId, Option<AccountNumber>)>,
}

/// What to do with a message.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Store it.
    Store(NewReport),
    /// The report says nothing. That is no mistake, and nothing to store.
    Empty,
    /// Give it up.
    Refuse(Refused),
}

/// Why a message is given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) class: ErrorClass,
    pub(crate) reason: Reason,
}

impl Refused {
    pub(crate) fn new(class: ErrorClass, error: &dyn std::error::Error) -> Self {
        Self { class, reason: Reason::from_error(error) }
    }
}

#[derive(Debug, Snafu)]
enum CheckError {
    #[snafu(transparent)]
    Results { source: ResultsError },
    #[snafu(display("organization ID is not in allow list"))]
    NotAllowed,
}

/// Reads a message and decides. What is odd and yet stored is logged.
pub(crate) fn check(payload: &[u8], allow_list: &AllowList, now: DateTime<Utc>) -> Checked {
    match results(payload, allow_list) {
        Ok(results) => {
            warn_of_oddities(&results, now);
            let owner = Some((results.org_id, results.account_number));
            let request = results.request_id.clone().map(|id| Request { id, owner });
            let verdict =
                if results.report.is_empty() { Verdict::Empty } else { Verdict::Store(results.into()) };
            Checked { request, verdict }
        }
        Err(error) => {
            let verdict = Verdict::Refuse(Refused::new(ErrorClass::BadInput, &error));
            Checked { request: request_of_broken(payload), verdict }
        }
    }
}

fn results<'a>(payload: &'a [u8], allow_list: &AllowList) -> Result<Results<'a>, CheckError> {
    let results = Results::parse(payload)?;
    ensure!(allow_list.allows(results.org_id), NotAllowedSnafu);
    Ok(results)
}

fn warn_of_oddities(results: &Results<'_>, now: DateTime<Utc>) {
    let (cluster_id, org_id) = (results.cluster_id, results.org_id);
    let request_id = results.request_id.as_deref();
    if !matches!(results.version, 1 | 2) {
        let version = results.version;
        tracing::warn!(%cluster_id, %org_id, request_id, version, "the message has an unexpected version");
    }
    if results.last_checked.utc() > now {
        let last_checked = results.last_checked.as_str();
        tracing::warn!(%cluster_id, %org_id, request_id, last_checked, "the message is from the future");
    }
}

/// The request of a message that can't be used, when at least that can be read.
fn request_of_broken(payload: &[u8]) -> Option<Request> {
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

    use super::*;

    const CLUSTER: &str = "5d5892d3-1f74-4ccf-91af-548dfc9767aa";
    const REPORT: &str = r#"{"system":{"hostname":null},"fingerprints":[],
        "reports":[{"component":"a.b.report","key":"K","details":{}}]}"#;

    fn message(fields: &str) -> Vec<u8> {
        format!(r#"{{"OrgID":7,"ClusterName":"{CLUSTER}","LastChecked":"2026-01-15T12:00:00Z","RequestId":"r"{fields}}}"#)
            .into()
    }

    fn checked(payload: &[u8]) -> Checked {
        check(payload, &AllowList::Every, Utc::now())
    }

    fn reason(payload: &[u8]) -> Reason {
        let Verdict::Refuse(refused) = checked(payload).verdict else { panic!("is not refused") };
        assert_eq!(refused.class, ErrorClass::BadInput);
        refused.reason
    }

    #[test]
    fn a_good_message_is_stored() {
        let checked = checked(&message(&format!(r#","Version":2,"Report":{REPORT}"#)));
        let owner = Some((OrgId::new(7).unwrap(), None));
        assert_eq!(checked.request, Some(Request { id: "r".into(), owner }));
        let Verdict::Store(report) = checked.verdict else { panic!("{checked:?}") };
        assert_eq!((report.cluster_id.to_string().as_str(), report.hits.len()), (CLUSTER, 1));
    }

    #[test]
    fn an_unexpected_version_and_a_future_time_are_stored_too() {
        let odd = message(&format!(r#","Version":41,"Report":{REPORT}"#));
        let odd = String::from_utf8(odd).unwrap().replace("2026-", "2999-");
        assert!(matches!(checked(odd.as_bytes()).verdict, Verdict::Store(_)));
    }

    #[test]
    fn an_empty_report_is_neither_stored_nor_refused() {
        let empty = message(r#","Report":{"system":{},"reports":[],"fingerprints":[]}"#);
        assert!(matches!(checked(&empty).verdict, Verdict::Empty));
    }

    #[test]
    fn a_broken_message_says_why_and_whose_it_is() {
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
    fn other_organisations_are_refused() {
        let allow_list = AllowList::Only(HashSet::from([OrgId::new(8).unwrap()]));
        let payload = message(&format!(r#","Report":{REPORT}"#));
        let Verdict::Refuse(refused) = check(&payload, &allow_list, Utc::now()).verdict else {
            panic!("is not refused")
        };
        assert_eq!(&*refused.reason, "organization ID is not in allow list");
    }
}

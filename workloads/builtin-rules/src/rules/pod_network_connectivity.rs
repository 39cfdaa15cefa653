//! Pod network connectivity checks that failed within the last day, outside an update.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_VERSION, CONNECTIVITY_CHECKS, Map},
    parse_time,
};

const KEY: &str = "POD_NETWORK_CONNECTIVITY_ERRORS";

/// The checks keep their last failures until they are deleted.
const MAX_AGE: TimeDelta = TimeDelta::hours(24);

/// The last nodes restart after the cluster version operator has completed an update.
const AFTER_UPDATE: TimeDelta = TimeDelta::hours(2);

/// Maximum number of failures in the details; one cause gives many failures.
const MAX_LISTED: usize = 10;

pub(super) struct PodNetworkConnectivity;

#[derive(Serialize)]
struct Details<'a> {
    errors: Vec<Failure<'a>>,
    total: usize,
}

#[derive(Serialize)]
struct Failure<'a> {
    reason: &'static str,
    message: &'a str,
    last: &'a str,
    #[serde(skip)]
    time: DateTime<Utc>,
}

impl Rule for PodNetworkConnectivity {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.pod_network_connectivity", KEY)
            .requires(CONNECTIVITY_CHECKS)
            .may_read(CLUSTER_VERSION)
            .not_on(ClusterKind::Updating, "endpoints are unreachable while nodes restart")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let checks = context.connectivity_checks()?;
        let connections = failures("TCPConnectError", &checks.tcp_connect_errors);
        let all = connections.chain(failures("DNSError", &checks.dns_errors));
        let recent = context.within_budget(all).filter(|failure| is_recent(failure, context));
        let recent = recent.filter(|failure| !is_of_an_update(failure, context));
        let mut errors = non_empty(recent)?;
        let total = errors.len();
        errors.sort_by_key(|failure| std::cmp::Reverse(failure.time));
        errors.truncate(MAX_LISTED);
        Some(Response::hit(KEY, &Details { errors, total }))
    }
}

fn failures<'a>(reason: &'static str, last_seen: &'a Map<'_>) -> impl Iterator<Item = Failure<'a>> {
    last_seen.iter().filter_map(move |(message, last)| {
        Some(Failure { reason, message: excerpt(message), last, time: parse_time(last)? })
    })
}

fn is_recent(failure: &Failure<'_>, context: &Context<'_>) -> bool {
    context.age(failure.last).is_some_and(|age| age < MAX_AGE)
}

/// Returns whether a failure occurred during the latest update, or while nodes restarted after it.
fn is_of_an_update(failure: &Failure<'_>, context: &Context<'_>) -> bool {
    let update = context.cluster_version().and_then(|version| version.status.history.first());
    let times = update
        .and_then(|update| Some((parse_time(&update.started_time)?, parse_time(&update.completion_time)?)));
    times.is_some_and(|(begin, end)| (begin..end + AFTER_UPDATE).contains(&failure.time))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(checks: Value) -> Answer {
        ask(PodNetworkConnectivity, &[("config/podnetworkconnectivitychecks.json", checks)])
    }

    #[test]
    fn failures_of_the_last_day_are_listed_newest_first() {
        let answer = ask_about(json!({
            "TCPConnectError": {"a to b": "2026-01-14T14:00:01+02:00", "a to c": "2026-01-14T12:00:00Z"},
            "DNSError": {"no such host": "2026-01-15T11:00:00Z"},
            "Other": {"x": "2026-01-15T11:00:00Z"}}));
        let errors = json!([
            {"reason": "DNSError", "message": "no such host", "last": "2026-01-15T11:00:00Z"},
            {"reason": "TCPConnectError", "message": "a to b", "last": "2026-01-14T14:00:01+02:00"},
        ]);
        assert_eq!(answer, Answer::Hit(json!({"errors": errors, "total": 2})));
    }

    #[test]
    fn ten_failures_are_listed_and_all_are_counted() {
        let failures: serde_json::Map<String, Value> = (10..30)
            .map(|minute| (format!("m{minute}"), json!(format!("2026-01-15T11:{minute}:00Z"))))
            .collect();
        let Answer::Hit(details) = ask_about(json!({"TCPConnectError": failures})) else { panic!("no hit") };
        assert_eq!((details["errors"].as_array().unwrap().len(), &details["total"]), (10, &json!(20)));
        assert_eq!(
            (&details["errors"][0]["message"], &details["errors"][9]["message"]),
            (&json!("m29"), &json!("m20"))
        );
    }

    #[test]
    fn failure_during_an_update_is_silent() {
        let version = |completed: Value, progressing: &str| {
            let update = json!({"state": "Completed", "startedTime": "2026-01-15T06:00:00Z", "completionTime": completed});
            json!({"status": {"history": [update], "conditions": [{"type": "Progressing", "status": progressing}]}})
        };
        let ask_about = |failed: &str, version: Value| {
            let checks = json!({"TCPConnectError": {"a to b": failed}});
            let files =
                [("config/podnetworkconnectivitychecks.json", checks), ("config/version.json", version)];
            ask(PodNetworkConnectivity, &files)
        };
        for (failed, is_hit) in [
            ("2026-01-15T05:59:59Z", true),
            ("2026-01-15T06:30:00Z", false),
            ("2026-01-15T08:59:00Z", false),
            ("2026-01-15T09:00:00Z", true),
        ] {
            let answer = ask_about(failed, version(json!("2026-01-15T07:00:00Z"), "False"));
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{failed}: {answer:?}");
        }
        let during = ask_about("2026-01-15T11:30:00Z", version(json!(null), "True"));
        assert!(matches!(during, Answer::Skip(_)), "{during:?}");
    }

    #[test]
    fn failure_of_long_ago_or_without_a_time_is_silent() {
        assert_eq!(
            ask_about(json!({"TCPConnectError": {"a": "2026-01-14T12:00:00Z", "b": "?"}})),
            Answer::Miss
        );
        assert_eq!(ask_about(json!({"Other": {}})), Answer::Miss);
        assert_eq!(ask_about(json!({})), Answer::Miss, "no failures");
        assert_eq!(ask(PodNetworkConnectivity, &[]), Answer::skip_all(&["connectivity_checks"]));
    }
}

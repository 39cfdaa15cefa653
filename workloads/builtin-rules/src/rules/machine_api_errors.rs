//! Machines that the machine API failed to create, update or delete.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{Event, MACHINE_API_EVENTS},
    parse_time,
};

const KEY: &str = "MACHINE_API_WARNING_EVENTS";
const REASONS: [&str; 4] = ["FailedUpdate", "FailedCreate", "FailedDelete", "RemediationRestricted"];

/// The platform keeps events for three hours. Older events do not describe the current state.
const MAX_AGE: TimeDelta = TimeDelta::hours(3);

pub(super) struct MachineApiErrors;

#[derive(Serialize)]
struct Details<'a> {
    events: Vec<Warnings<'a>>,
}

/// Events with the same reason.
#[derive(Serialize)]
struct Warnings<'a> {
    reason: &'a str,
    count: usize,
    last: &'a str,
    message: &'a str,
}

impl Rule for MachineApiErrors {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.machine_api_errors", KEY).requires(MACHINE_API_EVENTS).not_on(
            ClusterKind::HostedControlPlane,
            "node pools have their machines in the management cluster",
        )
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let mut by_reason: BTreeMap<&str, Vec<&Event<'_>>> = BTreeMap::new();
        for event in context.within_budget(context.machine_api_events()?) {
            let is_failure = &*event.r#type == "Warning" && REASONS.contains(&&*event.reason);
            if is_failure && !is_conflict(event) && context.is_recent(&event.last_timestamp, MAX_AGE) {
                by_reason.entry(&event.reason).or_default().push(event);
            }
        }
        let events =
            non_empty(by_reason.into_iter().filter_map(|(reason, events)| warnings(reason, &events)))?;
        Some(Response::hit(KEY, &Details { events }))
    }
}

/// Returns whether an update failed only because the object had been modified: the controller retries
/// immediately.
fn is_conflict(event: &Event<'_>) -> bool {
    event.message.contains("the object has been modified")
}

fn warnings<'a>(reason: &'a str, events: &[&'a Event<'_>]) -> Option<Warnings<'a>> {
    let last = events.iter().max_by_key(|event| parse_time(&event.last_timestamp))?;
    Some(Warnings {
        reason,
        count: events.len(),
        last: &last.last_timestamp,
        message: excerpt(&last.message),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(events: &Value) -> Answer {
        ask(MachineApiErrors, &[("events/openshift-machine-api.json", json!({"items": events}))])
    }

    #[test]
    fn warnings_are_grouped_with_the_latest() {
        let event = |reason, time, message| json!({"type": "Warning", "reason": reason, "lastTimestamp": time, "message": message});
        let answer = ask_about(&json!([
            event("FailedUpdate", "2026-01-15T12:30:00+02:00", "earlier"),
            event("FailedCreate", "2026-01-15T10:00:00Z", "other"),
            event("FailedUpdate", "2026-01-15T11:00:00Z", "latest"),
        ]));
        let events = json!([
            {"reason": "FailedCreate", "count": 1, "last": "2026-01-15T10:00:00Z", "message": "other"},
            {"reason": "FailedUpdate", "count": 2, "last": "2026-01-15T11:00:00Z", "message": "latest"},
        ]);
        assert_eq!(answer, Answer::Hit(json!({"events": events})));
    }

    #[test]
    fn event_of_long_ago_is_silent() {
        let event =
            |time: &str| json!([{"type": "Warning", "reason": "FailedCreate", "lastTimestamp": time}]);
        assert_eq!(ask_about(&event("2026-01-15T08:59:59Z")), Answer::Miss);
        assert!(matches!(ask_about(&event("2026-01-15T09:00:00Z")), Answer::Hit(_)));
    }

    #[test]
    fn conflict_is_silent() {
        let event = |message| json!([{"type": "Warning", "reason": "FailedUpdate", "message": message}]);
        let conflict = "Operation cannot be fulfilled on machines \"m\": the object has been modified; please apply your changes";
        assert_eq!(ask_about(&event(conflict)), Answer::Miss);
        assert!(matches!(ask_about(&event("quota exceeded")), Answer::Hit(_)));
    }

    #[test]
    fn other_events_are_silent() {
        let normal = json!({"type": "Normal", "reason": "FailedCreate"});
        let other = json!({"type": "Warning", "reason": "Update"});
        assert_eq!(ask_about(&json!([normal, other])), Answer::Miss);
        assert_eq!(ask(MachineApiErrors, &[]), Answer::skip_all(&["machine_api_events"]));
    }
}

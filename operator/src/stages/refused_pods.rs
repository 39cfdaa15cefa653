//! Reads why the cluster refuses to create pods of a StatefulSet or Job, or a volume of a claim: only an Event
//! of it says so. A Deployment has a condition instead.

use std::{collections::BTreeMap, time::Duration};

use ccx_service::error_chain;
use k8s_openapi::{api::events::v1::Event, jiff::Timestamp};
use kube::{Api, Client, api::ListParams};

use crate::{
    cache::{
        PipelineObjects,
        status::{ChildStatus, JobProgress, JobState},
    },
    model::{hash64::Hash64, key::Key, kind::Kind, resources::Children},
};

/// The reason of the Events of refused pods.
const FAILED_CREATE: &str = "FailedCreate";

/// The reasons of the Events of claims without a volume: a class that can't provision one, and no class at all.
const UNBOUND: [&str; 2] = ["ProvisioningFailed", "FailedBinding"];

/// The age beyond which an Event is ignored: controllers retry every 16 minutes at the latest.
const MAX_AGE: Duration = Duration::from_mins(20);

/// The limit of Events that are read per child. The API server merges repeated ones.
const MAX_EVENTS: u32 = 100;

/// The message of the newest refusal, by kind and name of the child.
pub(crate) type RefusedPods = BTreeMap<(Kind, Box<str>), String>;

/// A child that has fewer pods than desired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodsLacking {
    kind: Kind,
    name: Box<str>,
    uid: Option<Hash64>,
}

/// Returns the children that lack pods, whose creation the cluster may refuse.
pub(crate) fn lacking_pods(children: &Children, objects: &PipelineObjects) -> Vec<PodsLacking> {
    let kept = children
        .iter()
        .filter(|child| matches!(child.kind(), Kind::StatefulSet | Kind::Job | Kind::PersistentVolumeClaim));
    let lacking = kept.filter_map(|child| {
        let entry = objects.entry(child.kind(), child.name())?;
        let lacks_pods = match &entry.status {
            ChildStatus::Rollout(rollout) => rollout.is_observed && rollout.total < rollout.desired,
            ChildStatus::Job(progress) => is_waiting(progress) && !has_pod(child.name(), objects),
            ChildStatus::Claim(claim) => !claim.is_bound,
            ChildStatus::None
            | ChildStatus::Controller(_)
            | ChildStatus::CronJob(_)
            | ChildStatus::Certificate(_) => false,
        };
        lacks_pods.then(|| PodsLacking { kind: child.kind(), name: child.name().into(), uid: entry.uid })
    });
    lacking.collect()
}

fn is_waiting(job: &JobProgress) -> bool {
    job.state == JobState::Running && job.failures == 0
}

fn has_pod(job: &str, objects: &PipelineObjects) -> bool {
    objects.pods().any(|(name, _)| name.starts_with(job))
}

/// Reads the newest refusal of each child. Best effort: without it, only the reason of a wait is missing.
pub(crate) async fn refused_pods(client: &Client, key: &Key, lacking: &[PodsLacking]) -> RefusedPods {
    let events = Api::<Event>::namespaced(client.clone(), &key.namespace);
    let mut refused = RefusedPods::new();
    for child in lacking {
        let fields = format!("regarding.kind={},regarding.name={}", child.kind.name(), child.name);
        match events.list(&ListParams::default().fields(&fields).limit(MAX_EVENTS)).await {
            Ok(mut found) => {
                found.items.retain(|event| is_refusal(child.kind, event));
                let message = newest(found.items, child.uid, Timestamp::now());
                refused.extend(message.map(|message| ((child.kind, child.name.clone()), message)));
            }
            Err(error) => {
                tracing::warn!(pipeline = %key, name = &*child.name, error = %error_chain(&error), "failed to read events");
            }
        }
    }
    refused
}

fn is_refusal(kind: Kind, event: &Event) -> bool {
    let reason = event.reason.as_deref().unwrap_or_default();
    match kind {
        Kind::PersistentVolumeClaim => UNBOUND.contains(&reason),
        _ => reason == FAILED_CREATE,
    }
}

/// Returns the note of the newest Event of the object with this UID.
fn newest(events: Vec<Event>, uid: Option<Hash64>, now: Timestamp) -> Option<String> {
    let is_current = |event: &Event| {
        let regarding = event.regarding.as_ref().and_then(|it| it.uid.as_deref());
        regarding.map(Hash64::new) == uid
            && time(event).is_some_and(|time| {
                Duration::try_from(now.duration_since(time)).unwrap_or_default() < MAX_AGE
            })
    };
    events.into_iter().filter(is_current).max_by_key(time)?.note
}

/// Returns when an Event was observed last, in any of the forms of its history.
fn time(event: &Event) -> Option<Timestamp> {
    let series = event.series.as_ref().map(|series| series.last_observed_time.0);
    let last = event.deprecated_last_timestamp.as_ref().map(|time| time.0);
    let first = event.event_time.as_ref().map(|time| time.0);
    [series, last, first].into_iter().flatten().max()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(uid: &str, second: i64, note: &str) -> Event {
        let time = Timestamp::from_second(second).unwrap().to_string();
        serde_json::from_value(json!({
            "metadata": {}, "eventTime": null, "deprecatedLastTimestamp": time, "note": note, "regarding": {"uid": uid}}))
        .unwrap()
    }

    #[test]
    fn refusals_of_a_claim_are_failed_provisioning_and_the_absence_of_a_class() {
        let of_reason = |reason: &str| Event { reason: Some(reason.into()), ..Event::default() };
        let told = |kind, reason| is_refusal(kind, &of_reason(reason));
        assert!(told(Kind::PersistentVolumeClaim, "ProvisioningFailed"));
        assert!(told(Kind::PersistentVolumeClaim, "FailedBinding"));
        assert!(!told(Kind::PersistentVolumeClaim, "WaitForFirstConsumer"));
        assert!(told(Kind::Job, "FailedCreate") && !told(Kind::Job, "FailedBinding"));
    }

    #[test]
    fn newest_event_of_the_object_is_the_reason() {
        let events =
            vec![event("1", 100, "old"), event("1", 200, "new"), event("2", 300, "of its predecessor")];
        let now = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(newest(events.clone(), Some(Hash64::new("1")), now(300)).as_deref(), Some("new"));
        assert_eq!(newest(events, Some(Hash64::new("1")), now(300 + 24 * 3600)), None, "too old");
    }
}

//! Emits Kubernetes Events about a resource.
//!
//! The recorder of kube is not used: it counts an Event with the same reason and another note as a repetition
//! of the first.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use ccx_crds::CcxPipeline;
use k8s_openapi::{api::events::v1::Event, apimachinery::pkg::apis::meta::v1::MicroTime, jiff::Timestamp};
use kube::{
    Api, Client, Resource as _,
    api::{ObjectMeta, Patch, PatchParams, PostParams},
};
use serde_json::json;

use crate::model::{api_error::error_text, hash64::Hash64, names::MANAGER};

/// The limit of an Event's note.
const MAX_NOTE_BYTES: usize = 1024;

/// The time after its last occurrence in which an Event is counted up instead of created again. The API server
/// keeps Events for an hour.
const SERIES_GAP: Duration = Duration::from_mins(30);

/// The number of Events that are remembered.
const MAX_REMEMBERED: usize = 4096;

/// Emits Events. Best effort: a failure is logged and never retried.
#[derive(Clone)]
pub(crate) struct Events {
    client: Client,
    instance: String,
    recent: Arc<Mutex<HashMap<Hash64, Recent>>>,
}

/// An Event that may occur again.
#[derive(Clone, Debug)]
struct Recent {
    name: String,
    count: i32,
    last: Instant,
}

impl Events {
    /// Returns an emitter for the process `instance`.
    pub(crate) fn new(client: Client, instance: &str) -> Self {
        Self { client, instance: instance.into(), recent: Arc::default() }
    }

    /// Emits an Event of type `Normal`.
    pub(crate) async fn normal(&self, pipeline: &CcxPipeline, reason: &str, note: &str) {
        self.send(pipeline, "Normal", reason, note).await;
    }

    /// Emits an Event of type `Warning`.
    pub(crate) async fn warning(&self, pipeline: &CcxPipeline, reason: &str, note: &str) {
        self.send(pipeline, "Warning", reason, note).await;
    }

    /// Counts up the series of an equal Event, or creates one.
    async fn send(&self, pipeline: &CcxPipeline, kind: &str, reason: &str, note: &str) {
        let namespace = pipeline.metadata.namespace.as_deref().unwrap_or_default();
        tracing::info!(pipeline = pipeline.metadata.name, namespace, kind, reason, note, "event emitted");
        let events: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        let id =
            Hash64::new(&(&pipeline.metadata.uid, namespace, &pipeline.metadata.name, kind, reason, note));
        if let Some(Recent { name, count, .. }) = self.repeat(id) {
            let series = json!({"series": {"count": count, "lastObservedTime": MicroTime(Timestamp::now())}});
            match events.patch(&name, &PatchParams::default(), &Patch::Merge(&series)).await {
                Ok(_) => return,
                // It has expired, or was deleted.
                Err(error) => {
                    tracing::debug!(error = %error_text(&error), reason, "failed to count up event");
                }
            }
        }
        let event = event(pipeline, kind, reason, note, &self.instance);
        match events.create(&PostParams::default(), &event).await {
            Ok(created) => self.remember(id, created.metadata.name.unwrap_or_default()),
            Err(error) => tracing::warn!(error = %error_text(&error), reason, "failed to emit event"),
        }
    }

    /// Returns the Event to count up, with its new count.
    fn repeat(&self, id: Hash64) -> Option<Recent> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let known = recent.get_mut(&id).filter(|known| known.last.elapsed() < SERIES_GAP)?;
        known.count = known.count.saturating_add(1);
        known.last = Instant::now();
        Some(known.clone())
    }

    fn remember(&self, id: Hash64, name: String) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= MAX_REMEMBERED {
            recent.retain(|_, known| known.last.elapsed() < SERIES_GAP);
        }
        if recent.len() < MAX_REMEMBERED {
            recent.insert(id, Recent { name, count: 1, last: Instant::now() });
        }
    }
}

fn event(pipeline: &CcxPipeline, kind: &str, reason: &str, note: &str, instance: &str) -> Event {
    let name = pipeline.metadata.name.as_deref().unwrap_or_default();
    let metadata = ObjectMeta {
        generate_name: Some(format!("{name}-")),
        namespace: pipeline.metadata.namespace.clone(),
        ..ObjectMeta::default()
    };
    Event {
        metadata,
        type_: Some(kind.into()),
        reason: Some(reason.into()),
        note: Some(shorten(note)),
        action: Some("Reconcile".into()),
        event_time: Some(MicroTime(Timestamp::now())),
        regarding: Some(pipeline.object_ref(&())),
        reporting_controller: Some(format!("ccx.openshift.io/{MANAGER}")),
        reporting_instance: Some(instance.into()),
        ..Event::default()
    }
}

fn shorten(note: &str) -> String {
    if note.len() <= MAX_NOTE_BYTES {
        return note.into();
    }
    let end = note.floor_char_boundary(MAX_NOTE_BYTES - '…'.len_utf8());
    format!("{}…", &note[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_note_is_truncated() {
        assert_eq!(shorten("short"), "short");
        let cut = shorten(&"ä".repeat(MAX_NOTE_BYTES));
        assert!(cut.len() <= MAX_NOTE_BYTES && cut.ends_with('…'));
    }

    #[test]
    fn event_regards_resource() {
        let mut pipeline = CcxPipeline::new("ccx", ccx_crds::CcxPipelineSpec::default());
        pipeline.metadata.namespace = Some("ns".into());
        let event = event(&pipeline, "Normal", "OrphanDeleted", "deleted it", "pod-1");
        let regarding = event.regarding.unwrap_or_default();
        assert_eq!(
            (regarding.kind.as_deref(), regarding.name.as_deref()),
            (Some("CcxPipeline"), Some("ccx"))
        );
        assert_eq!(event.metadata.namespace.as_deref(), Some("ns"));
    }
}

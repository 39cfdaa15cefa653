//! Emits Kubernetes Events about a resource.
//!
//! The recorder of kube is not used: it counts an Event with the same reason and another note as a repetition
//! of the first.

use ccx_crds::CcxPipeline;
use k8s_openapi::{api::events::v1::Event, apimachinery::pkg::apis::meta::v1::MicroTime, jiff::Timestamp};
use kube::{
    Api, Client, Resource as _,
    api::{ObjectMeta, PostParams},
};

use crate::model::api_error::error_text;
use crate::model::names::MANAGER;

/// The limit of an Event's note.
const MAX_NOTE_BYTES: usize = 1024;

/// Emits Events. Best effort: a failure is logged and never retried.
#[derive(Clone)]
pub(crate) struct Events {
    client: Client,
    instance: String,
}

impl Events {
    /// Returns an emitter for the process `instance`.
    pub(crate) fn new(client: Client, instance: &str) -> Self {
        Self { client, instance: instance.into() }
    }

    /// Emits an Event of type `Normal`.
    pub(crate) async fn normal(&self, pipeline: &CcxPipeline, reason: &str, note: &str) {
        self.send(pipeline, "Normal", reason, note).await;
    }

    /// Emits an Event of type `Warning`.
    pub(crate) async fn warning(&self, pipeline: &CcxPipeline, reason: &str, note: &str) {
        self.send(pipeline, "Warning", reason, note).await;
    }

    async fn send(&self, pipeline: &CcxPipeline, kind: &str, reason: &str, note: &str) {
        let namespace = pipeline.metadata.namespace.as_deref().unwrap_or_default();
        let event = event(pipeline, kind, reason, note, &self.instance);
        tracing::info!(pipeline = pipeline.metadata.name, namespace, kind, reason, note, "event emitted");
        let events: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        if let Err(error) = events.create(&PostParams::default(), &event).await {
            tracing::warn!(error = %error_text(&error), reason, "failed to emit event");
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

//! Events: what the operator did to a resource, or can't do, for `kubectl describe`.
//!
//! Each is one of its own. The recorder of kube would count one with the same reason and another text as a repetition of the first.

use ccx_crds::CcxPipeline;
use k8s_openapi::{api::events::v1::Event, apimachinery::pkg::apis::meta::v1::MicroTime, jiff::Timestamp};
use kube::{
    Api, Client, Resource as _,
    api::{ObjectMeta, PostParams},
};

use crate::model::names::MANAGER;

/// What an Event's note may have.
const MAX_NOTE_BYTES: usize = 1024;

/// Sends Events. One that can't be sent is logged: it must not hold up what it tells of.
#[derive(Clone)]
pub(crate) struct Events {
    client: Client,
    instance: String,
}

impl Events {
    /// Sends as the process called `instance`.
    pub(crate) fn new(client: Client, instance: &str) -> Self {
        Self { client, instance: instance.into() }
    }

    /// Something was done.
    pub(crate) async fn normal(&self, pipeline: &CcxPipeline, reason: &str, note: &str) {
        self.send(pipeline, "Normal", reason, note).await;
    }

    /// Something is wrong.
    pub(crate) async fn warning(&self, pipeline: &CcxPipeline, reason: &str, note: &str) {
        self.send(pipeline, "Warning", reason, note).await;
    }

    async fn send(&self, pipeline: &CcxPipeline, kind: &str, reason: &str, note: &str) {
        let namespace = pipeline.metadata.namespace.as_deref().unwrap_or_default();
        let event = event(pipeline, kind, reason, note, &self.instance);
        tracing::info!(pipeline = pipeline.metadata.name, namespace, kind, reason, note, "event");
        let events: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        if let Err(error) = events.create(&PostParams::default(), &event).await {
            tracing::warn!(error = %ccx_service::error_chain(&error), reason, "failed to send an event");
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
    fn a_note_is_cut_to_what_an_event_may_have() {
        assert_eq!(shorten("short"), "short");
        let cut = shorten(&"ä".repeat(MAX_NOTE_BYTES));
        assert!(cut.len() <= MAX_NOTE_BYTES && cut.ends_with('…'));
    }

    #[test]
    fn an_event_is_about_the_resource() {
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

//! What would change if a resource were applied, asked of the cluster by dry runs. Writes nothing.

use ccx_crds::CcxPipeline;
use kube::{
    Api, Client, ResourceExt as _,
    api::{ListParams, Patch, PatchParams},
    core::DynamicObject,
};
use snafu::{ResultExt as _, Snafu};

use super::{
    apply::Prepared,
    dereference::{DereferenceError, dereference},
    discovery::{Served, discover},
    key::Key,
    record::APPLIED_HASH,
};
use crate::{
    build::build,
    child::{Child, Children},
    component::{Component, MANAGER},
    kind::Kind,
    plan::{Plan, Transition, plan},
    references::wanted,
    validate::{OperatorDefaults, ValidateErrors, validate},
};

/// Why there is no preview.
#[derive(Debug, Snafu)]
pub enum PreviewError {
    /// The cluster does not answer, or forbids to ask.
    #[snafu(display("failed to ask the cluster about {what}"))]
    Ask {
        /// What was asked for.
        what: String,
        /// Why not.
        source: Box<kube::Error>,
    },
    /// What the resource refers to can't be read.
    #[snafu(transparent)]
    Dereference {
        /// Why not.
        source: DereferenceError,
    },
    /// The resource can't be built.
    #[snafu(transparent)]
    Invalid {
        /// What is wrong.
        source: ValidateErrors,
    },
}

/// What would change in the cluster if the resource were applied, and which pods would restart and why.
pub async fn preview(client: &Client, pipeline: &CcxPipeline, defaults: &OperatorDefaults) -> Result<Plan, PreviewError> {
    let key = Key::of(pipeline);
    let served = discover(client).await.map_err(Box::new).context(AskSnafu { what: "its kinds" })?;
    let references = dereference(client, &key, &wanted(pipeline), &served).await?;
    let children = build(&validate(pipeline, &references, defaults)?);
    let cluster = Cluster { client, pipeline: of_cluster(client, pipeline).await?, served };
    let mut transitions = Vec::new();
    for child in &children {
        transitions.push(cluster.transition(child).await?);
    }
    transitions.extend(cluster.orphans(&children).await?);
    Ok(plan(&transitions))
}

/// The resource as the cluster knows it, whose children are compared; the given one when it is new.
async fn of_cluster(client: &Client, pipeline: &CcxPipeline) -> Result<CcxPipeline, PreviewError> {
    let (namespace, name) = (pipeline.namespace().unwrap_or_default(), pipeline.name_any());
    let api = Api::<CcxPipeline>::namespaced(client.clone(), &namespace);
    let what = format!("CcxPipeline {namespace}/{name}");
    let found = api.get_opt(&name).await.map_err(Box::new).context(AskSnafu { what })?;
    Ok(found.unwrap_or_else(|| pipeline.clone()))
}

struct Cluster<'a> {
    client: &'a Client,
    pipeline: CcxPipeline,
    served: Served,
}

impl Cluster<'_> {
    fn api(&self, kind: Kind) -> Api<DynamicObject> {
        let namespace = self.pipeline.namespace().unwrap_or_default();
        Api::namespaced_with(self.client.clone(), &namespace, &kind.api_resource())
    }

    async fn transition(&self, child: &Child) -> Result<Transition, PreviewError> {
        let api = self.api(child.kind);
        let ask = || AskSnafu { what: format!("{} {}", child.kind.name(), child.name()) };
        let before = api.get_opt(child.name()).await.map_err(Box::new).context(ask())?;
        let prepared = Prepared::new(child, &self.pipeline);
        let desired = before.as_ref().map_or_else(|| prepared.object.clone(), |live| prepared.against(live));
        let dry_run = PatchParams::apply(MANAGER).force().dry_run();
        let after = api.patch(child.name(), &dry_run, &Patch::Apply(&desired)).await;
        let after = after.map_err(Box::new).context(ask())?;
        Ok(Transition::of_child(child, before.map(without_record), without_record(after)))
    }

    /// What the resource owns and no longer wants.
    async fn orphans(&self, children: &Children) -> Result<Vec<Transition>, PreviewError> {
        let Some(owner) = self.pipeline.uid() else { return Ok(Vec::new()) };
        let labels =
            format!("app.kubernetes.io/managed-by={MANAGER},app.kubernetes.io/instance={}", self.pipeline.name_any());
        let mut orphans = Vec::new();
        for kind in Kind::ALL.into_iter().filter(|kind| self.served.capabilities.serves(*kind)) {
            let found = self.api(kind).list(&ListParams::default().labels(&labels)).await;
            let found = found.map_err(Box::new).context(AskSnafu { what: format!("objects of kind {}", kind.name()) })?;
            let unwanted = found.items.into_iter().filter(|object| {
                let is_owned = object.owner_references().iter().any(|reference| reference.uid == owner);
                is_owned && children.find(kind, &object.name_any()).is_none()
            });
            orphans.extend(unwanted.map(|object| deletion(kind, object)));
        }
        Ok(orphans)
    }
}

fn deletion(kind: Kind, object: DynamicObject) -> Transition {
    let component = object.labels().get("app.kubernetes.io/component").and_then(|name| Component::from_name(name));
    Transition { kind, name: object.name_any(), component, before: Some(object), after: None }
}

/// The operator's own note about what it has applied is nobody's field.
fn without_record(mut object: DynamicObject) -> DynamicObject {
    object.annotations_mut().remove(APPLIED_HASH);
    object
}

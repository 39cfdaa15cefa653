//! What would change if a resource were applied, asked by somebody who has not watched the cluster. Writes nothing.

use ccx_crds::CcxPipeline;
use kube::{Api, Client, ResourceExt as _, api::ListParams};
use snafu::{ResultExt as _, Snafu};

use crate::{
    build::build,
    cache::{entry::ChildEntry, status::ChildStatus},
    model::{
        key::Key,
        kind::Kind,
        names::{INSTANCE, MANAGED_BY, MANAGER},
        problem::ValidationErrors,
        references::{Served, referenced_names},
        resources::Children,
    },
    plan::Plan,
    runtime::discovery::discover,
    stages::{
        apply::{ApplyError, Orphan, orphans},
        dereference::{DereferenceError, dereference},
        dry_run::Planner,
    },
    validate::{OperatorDefaults, validate},
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
        source: ValidationErrors,
    },
    /// An object can't be as it should.
    #[snafu(transparent)]
    Refused {
        /// Why not.
        source: ApplyError,
    },
}

/// What would change in the cluster if the resource were applied, and which pods would restart and why.
pub async fn preview(
    client: &Client,
    pipeline: &CcxPipeline,
    defaults: &OperatorDefaults,
) -> Result<Plan, PreviewError> {
    let served = discover(client).await.map_err(Box::new).context(AskSnafu { what: "its kinds" })?;
    let references =
        dereference(client, &Key::from_pipeline(pipeline), &referenced_names(pipeline), &served).await?;
    let children = build(&validate(pipeline, &references, defaults)?);
    let known = as_known(client, pipeline).await?;
    let orphans = orphans_of(client, &known, &children, &served).await?;
    Ok(Planner { client, pipeline: &known }.plan(&children, orphans).await?)
}

/// The resource as the cluster knows it, which owns what there is; the given one when it is new.
async fn as_known(client: &Client, pipeline: &CcxPipeline) -> Result<CcxPipeline, PreviewError> {
    let key = Key::from_pipeline(pipeline);
    let api = Api::<CcxPipeline>::namespaced(client.clone(), &key.namespace);
    let found = api.get_opt(&key.name).await.map_err(Box::new);
    let found = found.with_context(|_| AskSnafu { what: format!("CcxPipeline {key}") })?;
    Ok(found.unwrap_or_else(|| pipeline.clone()))
}

async fn orphans_of(
    client: &Client,
    pipeline: &CcxPipeline,
    children: &Children,
    served: &Served,
) -> Result<Vec<Orphan>, PreviewError> {
    let Key { namespace, name } = Key::from_pipeline(pipeline);
    let ours = ListParams::default().labels(&format!("{MANAGED_BY}={MANAGER},{INSTANCE}={name}"));
    let mut records = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| served.capabilities.serves(*kind)) {
        let api: Api<kube::core::DynamicObject> =
            Api::namespaced_with(client.clone(), &namespace, &kind.api_resource());
        let found = api.list_metadata(&ours).await.map_err(Box::new);
        let found = found.with_context(|_| AskSnafu { what: format!("objects of kind {}", kind.name()) })?;
        records.extend(
            found
                .items
                .into_iter()
                .map(|it| (kind, it.name_any(), ChildEntry::new(&it.metadata, None, ChildStatus::None))),
        );
    }
    let records = records.iter().map(|(kind, name, record)| (*kind, name.as_str(), record));
    Ok(pipeline.metadata.uid.as_deref().map_or_else(Vec::new, |owner| orphans(owner, children, records)))
}

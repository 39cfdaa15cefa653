//! Finds the changes of a resource without watches, for `ccx-operator plan`. Writes nothing.

use ccx_crds::CcxPipeline;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::{Api, Client, ResourceExt as _, api::ListParams};
use snafu::{ResultExt as _, Snafu};

use crate::{
    build::{build, network_policy::operator_namespace},
    cache::{entry::ChildEntry, status::ChildStatus},
    model::{
        component::Component,
        key::Key,
        kind::Kind,
        names::PIPELINE_LABEL,
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

/// The changes could not be found.
#[derive(Debug, Snafu)]
pub enum PreviewError {
    /// The API server refused a request, or did not respond.
    #[snafu(display("failed to read {what}"))]
    Ask {
        /// The requested objects.
        what: String,
        /// The error.
        source: Box<kube::Error>,
    },
    /// A referenced object can't be read.
    #[snafu(transparent)]
    Dereference {
        /// The error.
        source: DereferenceError,
    },
    /// The resource can't be built.
    #[snafu(transparent)]
    Invalid {
        /// The problems.
        source: ValidationErrors,
    },
    /// The API server refused a dry run.
    #[snafu(transparent)]
    Refused {
        /// The error.
        source: ApplyError,
    },
}

/// Returns the changes if the resource were applied, and the pods that would restart and why.
pub async fn preview(
    client: &Client,
    pipeline: &CcxPipeline,
    defaults: &OperatorDefaults,
) -> Result<Plan, PreviewError> {
    let served = discover(client).await.map_err(Box::new).context(AskSnafu { what: "its kinds" })?;
    let references =
        dereference(client, &Key::from_pipeline(pipeline), &referenced_names(pipeline), &served).await?;
    let defaults = with_operator_namespace(client, pipeline, defaults).await?;
    let children = build(&validate(pipeline, &references, &defaults)?);
    let known = as_known(client, pipeline).await?;
    let orphans = orphans_of(client, &known, &children, &served).await?;
    Ok(Planner { client, pipeline: &known }.plan(&children, orphans).await?)
}

/// Takes the namespace of the operator, if it is not given, from a policy that the operator has applied.
async fn with_operator_namespace(
    client: &Client,
    pipeline: &CcxPipeline,
    defaults: &OperatorDefaults,
) -> Result<OperatorDefaults, PreviewError> {
    let mut defaults = defaults.clone();
    if defaults.namespace.is_none() {
        let Key { namespace, name } = Key::from_pipeline(pipeline);
        let policy = Component::DataPipeline.object_name(&name);
        let api = Api::<NetworkPolicy>::namespaced(client.clone(), &namespace);
        let found = api.get_opt(&policy).await.map_err(Box::new);
        let found = found.with_context(|_| AskSnafu { what: format!("NetworkPolicy {policy}") })?;
        defaults.namespace = found.as_ref().and_then(operator_namespace);
    }
    Ok(defaults)
}

/// Returns the resource in the cluster, which owns the present children; the given one when it is new.
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
    let ours = ListParams::default().labels(&format!("{PIPELINE_LABEL}={name}"));
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

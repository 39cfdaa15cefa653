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

/// The defaults of the operator as far as they are given; the others are those of the present pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenDefaults {
    /// The image of the workloads.
    pub image: Option<String>,
    /// The image of managed databases.
    pub database_image: Option<String>,
    /// The namespace of the operator.
    pub namespace: Option<String>,
}

impl From<GivenDefaults> for OperatorDefaults {
    fn from(given: GivenDefaults) -> Self {
        let defaults = Self::default();
        Self {
            image: given.image.unwrap_or(defaults.image),
            database_image: given.database_image.unwrap_or(defaults.database_image),
            namespace: given.namespace,
            ..defaults
        }
    }
}

/// Returns the changes if the resource were applied, and the pods that would restart and why.
pub async fn preview(
    client: &Client,
    pipeline: &CcxPipeline,
    given: &GivenDefaults,
) -> Result<Plan, PreviewError> {
    let served = discover(client)
        .await
        .map_err(Box::new)
        .context(AskSnafu { what: "the kinds that the cluster serves" })?;
    let references =
        dereference(client, &Key::from_pipeline(pipeline), &referenced_names(pipeline), &served).await?;
    let known = as_known(client, pipeline).await?;
    let defaults = present_defaults(&known, given);
    let defaults = with_operator_namespace(client, pipeline, defaults).await?;
    let children = build(&validate(pipeline, &references, &defaults)?);
    let orphans = orphans_of(client, &known, &children, &served).await?;
    Ok(Planner { client, pipeline: &known }.plan(&children, orphans).await?)
}

/// Takes the images that the operator has given to the pods of the resource in the cluster, which names none.
fn present_defaults(known: &CcxPipeline, given: &GivenDefaults) -> OperatorDefaults {
    let spec = &known.spec;
    let components = known.status.iter().flat_map(|status| &status.components);
    let present = |component: Component| {
        let mut components = components.clone();
        components.find(|it| it.name == component.name()).and_then(|it| it.image.clone())
    };
    let is_default = spec.image.is_none() && spec.data_pipeline.image.is_none();
    let image = is_default.then(|| present(Component::DataPipeline)).flatten();
    let managed = spec.database.managed.as_ref().and_then(|managed| managed.image.as_ref());
    let database_image = managed.is_none().then(|| present(Component::Database)).flatten();
    let given = given.clone();
    GivenDefaults {
        image: given.image.or(image),
        database_image: given.database_image.or(database_image),
        namespace: given.namespace,
    }
    .into()
}

/// Takes the namespace of the operator, if it is not given, from a policy that the operator has applied.
async fn with_operator_namespace(
    client: &Client,
    pipeline: &CcxPipeline,
    mut defaults: OperatorDefaults,
) -> Result<OperatorDefaults, PreviewError> {
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

#[cfg(test)]
mod tests {
    use ccx_crds::{CcxPipelineSpec, ComponentStatus};

    use super::*;

    #[test]
    fn images_that_are_not_given_are_those_of_the_present_pods() {
        let component = |component: Component, image: &str| ComponentStatus {
            name: component.name().into(),
            image: Some(image.into()),
            ..ComponentStatus::default()
        };
        let mut known = CcxPipeline::new("ccx", CcxPipelineSpec::default());
        let images = |known: &CcxPipeline, given: &GivenDefaults| {
            let defaults = present_defaults(known, given);
            (defaults.image, defaults.database_image)
        };
        let nothing = GivenDefaults::default();
        let released = OperatorDefaults::default();
        assert_eq!(images(&known, &nothing), (released.image.clone(), released.database_image));
        known.status = Some(ccx_crds::CcxPipelineStatus {
            components: vec![
                component(Component::DataPipeline, "mirror/ccx:1"),
                component(Component::Database, "mirror/postgres:17"),
            ],
            ..Default::default()
        });
        assert_eq!(images(&known, &nothing), ("mirror/ccx:1".into(), "mirror/postgres:17".into()));
        let given = GivenDefaults { image: Some("other:2".into()), ..GivenDefaults::default() };
        assert_eq!(images(&known, &given).0, "other:2");
        known.spec.image = Some("mirror/ccx:1".into());
        assert_eq!(images(&known, &nothing).0, released.image, "the default is not known");
    }
}

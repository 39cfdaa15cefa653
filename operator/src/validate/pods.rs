//! The settings of pods that all components have.

use std::time::Duration;

use ccx_crds::{CcxPipelineSpec, PodTemplate, Resources};

use crate::{
    model::validated::{Image, Pods, Scaling},
    validate::OperatorDefaults,
};

/// A component's own part of the spec.
#[derive(Clone, Copy)]
pub(super) struct Own<'a> {
    pub(super) image: Option<&'a String>,
    pub(super) resources: &'a Resources,
    pub(super) template: &'a PodTemplate,
    pub(super) scaling: Scaling,
    pub(super) shutdown_timeout: Duration,
}

/// Returns the pods of a component.
pub(super) fn pods(spec: &CcxPipelineSpec, own: Own<'_>, defaults: &OperatorDefaults) -> Pods {
    Pods {
        image: image(spec, own.image, own.template, defaults),
        resources: own.resources.clone().into(),
        template: own.template.clone(),
        scaling: own.scaling,
        shutdown_timeout: own.shutdown_timeout,
    }
}

/// Returns the image of the component, else that of the spec, else that of the operator's release.
pub(super) fn image(
    spec: &CcxPipelineSpec,
    own: Option<&String>,
    template: &PodTemplate,
    defaults: &OperatorDefaults,
) -> Image {
    let secrets = spec.image_pull_secrets.iter().chain(&template.image_pull_secrets);
    Image {
        reference: own.or(spec.image.as_ref()).unwrap_or(&defaults.image).clone(),
        pull_policy: template.image_pull_policy.as_str(),
        pull_secrets: secrets.map(|reference| reference.name.clone()).collect(),
    }
}

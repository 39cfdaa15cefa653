//! The settings of pods that all components have.

use std::time::Duration;

use ccx_crds::{CcxPipelineSpec, PodTemplate, Resources};
use k8s_openapi::api::core::v1::{ConfigMapKeySelector, SecretKeySelector};

use crate::{
    model::{
        input::Input,
        references::References,
        validated::{Image, Inputs, Pods, Scaling},
    },
    validate::{OperatorDefaults, problems::Problems, source},
};

/// A component's own part of the spec.
#[derive(Clone, Copy)]
pub(super) struct Own<'a> {
    /// Its field.
    pub(super) field: &'static str,
    pub(super) image: Option<&'a String>,
    pub(super) resources: &'a Resources,
    pub(super) template: &'a PodTemplate,
    pub(super) scaling: Scaling,
    pub(super) shutdown_timeout: Duration,
}

/// Returns the pods of a component.
pub(super) fn pods(
    spec: &CcxPipelineSpec,
    own: Own<'_>,
    references: &References,
    defaults: &OperatorDefaults,
    problems: &mut Problems,
) -> Pods {
    let before = problems.count();
    Pods {
        image: image(spec, own.image, own.template, defaults),
        resources: own.resources.clone().into(),
        template: own.template.clone(),
        scaling: own.scaling,
        inputs: variables(own, references, problems),
        missing: problems.missing_after(before),
        shutdown_timeout: own.shutdown_timeout,
    }
}

/// Returns the pods of a component whose pod template is that of another, which reports its problems.
pub(super) fn shared(
    spec: &CcxPipelineSpec,
    own: Own<'_>,
    references: &References,
    defaults: &OperatorDefaults,
) -> Pods {
    pods(spec, own, references, defaults, &mut Problems::default())
}

/// Returns the digests of the values that variables of the user take from Secrets and ConfigMaps: pods read
/// them at their start only.
fn variables(own: Own<'_>, references: &References, problems: &mut Problems) -> Inputs {
    let field = format!("{}.podTemplate.extraEnv", own.field);
    let mut inputs = Inputs::new();
    for source in own.template.extra_env.iter().filter_map(|variable| variable.value_from.as_ref()) {
        if let Some(SecretKeySelector { name, key, optional }) = &source.secret_key_ref {
            let is_optional = *optional == Some(true);
            let digest = source::secret_variable(&field, name, key, is_optional, references, problems);
            inputs.entry(Input::Secret).or_default().push(digest);
        }
        if let Some(ConfigMapKeySelector { name, key, optional }) = &source.config_map_key_ref {
            let is_absent = references.config_maps.get(name).is_none_or(Option::is_none);
            if *optional == Some(true) && is_absent {
                continue;
            }
            let digest = source::config_map_fingerprint(&field, name, Some(key), references, problems);
            inputs.entry(Input::Config).or_default().push(digest);
        }
    }
    inputs
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

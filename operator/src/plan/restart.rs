//! The reasons for which pods are replaced.

use std::fmt;

use k8s_openapi::api::core::v1::{Container, PodTemplateSpec};
use kube::core::DynamicObject;
use serde_json::Value;

use crate::model::{
    input::Input,
    input_digest::changed_objects,
    names::{ROLE_LABEL, main_container_name},
    reason::Reason,
};

/// The reason for which the pods of a workload are replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RestartReason {
    /// An input that they read at their start has changed.
    InputChanged {
        /// The input.
        input: Input,
        /// The objects that changed.
        objects: Vec<String>,
    },
    /// The image has changed.
    ImageChanged {
        /// The image of the running pods.
        from: String,
        /// The image of the new pods.
        to: String,
    },
    /// The requests or limits have changed.
    ResourcesChanged,
    /// Another field of the pod template has changed.
    TemplateChanged,
}

impl RestartReason {
    /// Returns the reason of the Event.
    pub fn reason(&self) -> Reason {
        match self {
            Self::InputChanged { input, .. } => input.reason(),
            Self::ImageChanged { .. } => Reason::ImageChanged,
            Self::ResourcesChanged => Reason::ResourcesChanged,
            Self::TemplateChanged => Reason::TemplateChanged,
        }
    }
}

impl fmt::Display for RestartReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InputChanged { input, objects } if objects.is_empty() => f.write_str(input.change()),
            Self::InputChanged { input, objects } => {
                write!(f, "{} in {}", input.change(), objects.join(", "))
            }
            Self::ImageChanged { from, to } => write!(f, "the image changes from {from} to {to}"),
            Self::ResourcesChanged => f.write_str("requests or limits have changed"),
            Self::TemplateChanged => f.write_str("the pod template has changed"),
        }
    }
}

/// Returns why the pods of a workload are replaced when `before`, the live Deployment or StatefulSet, becomes
/// `after`.
///
/// `after` is the response to the (dry-run) patch, or the child itself; fields that it does not have are
/// unchanged. Empty when no pod is replaced.
pub fn restart_reasons(before: &DynamicObject, after: &DynamicObject) -> Vec<RestartReason> {
    let (before_template, after_template) = (template(before), template(after));
    let mut reasons: Vec<RestartReason> = changed_inputs(&before_template, &after_template).collect();
    let containers = main_container(&before_template).zip(main_container(&after_template));
    if let Some((before, after)) = containers {
        reasons.extend(changed_image(before, after));
        if after.resources.is_some() && before.resources != after.resources {
            reasons.push(RestartReason::ResourcesChanged);
        }
    }
    if reasons.is_empty() && !is_contained(&after.data["spec"]["template"], &before.data["spec"]["template"])
    {
        reasons.push(RestartReason::TemplateChanged);
    }
    reasons
}

fn template(workload: &DynamicObject) -> PodTemplateSpec {
    serde_json::from_value(workload.data["spec"]["template"].clone()).unwrap_or_default()
}

/// Returns the container named after the role of the pod: others may be injected before it.
fn main_container(template: &PodTemplateSpec) -> Option<&Container> {
    let labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
    let name =
        main_container_name(labels.and_then(|labels| labels.get(ROLE_LABEL)).map_or("", String::as_str));
    let containers = &template.spec.as_ref()?.containers;
    containers.iter().find(|container| container.name == name).or(containers.first())
}

fn changed_inputs(before: &PodTemplateSpec, after: &PodTemplateSpec) -> impl Iterator<Item = RestartReason> {
    let annotation = |template: &PodTemplateSpec, input: Input| -> String {
        let annotations = template.metadata.as_ref().and_then(|metadata| metadata.annotations.as_ref());
        annotations.and_then(|annotations| annotations.get(input.annotation())).cloned().unwrap_or_default()
    };
    Input::ALL.into_iter().filter_map(move |input| {
        let (before, after) = (annotation(before, input), annotation(after, input));
        (before != after)
            .then(|| RestartReason::InputChanged { input, objects: changed_objects(&before, &after) })
    })
}

fn changed_image(before: &Container, after: &Container) -> Option<RestartReason> {
    let (from, to) = (before.image.clone()?, after.image.clone()?);
    (from != to).then_some(RestartReason::ImageChanged { from, to })
}

/// Whether every field of `part` is the same in `whole`. Lists must have the same length.
fn is_contained(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, value)| is_contained(value, whole.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(part, whole)| is_contained(part, whole))
        }
        // The API server omits empty values.
        (Value::Object(part), Value::Null) => part.is_empty(),
        (Value::Array(part), Value::Null) => part.is_empty(),
        _ => part == whole,
    }
}

#[cfg(test)]
mod tests {
    use kube::core::ObjectMeta;
    use serde_json::json;

    use super::*;

    fn deployment(annotations: &Value, container: &Value) -> DynamicObject {
        let data = json!({"spec": {"template": {"metadata": {"annotations": annotations}, "spec": {"containers": [container]}}}});
        DynamicObject { types: None, metadata: ObjectMeta::default(), data }
    }

    #[test]
    fn each_changed_input_is_a_reason() {
        for input in Input::ALL {
            let before =
                deployment(&json!({input.annotation(): "Secret a=1,Secret b=1"}), &json!({"image": "a"}));
            let after =
                deployment(&json!({input.annotation(): "Secret a=1,Secret b=2"}), &json!({"image": "a"}));
            let expected = RestartReason::InputChanged { input, objects: vec!["Secret b".into()] };
            assert_eq!(restart_reasons(&before, &after), [expected]);
        }
    }

    #[test]
    fn changed_input_names_its_objects() {
        let text = |input, objects: &[&str]| {
            let objects = objects.iter().map(|object| (*object).to_owned()).collect();
            RestartReason::InputChanged { input, objects }.to_string()
        };
        assert_eq!(
            text(Input::Secret, &["Secret a", "Secret b"]),
            "credentials have changed in Secret a, Secret b"
        );
        assert_eq!(text(Input::Config, &[]), "the configuration has changed");
    }

    #[test]
    fn changed_image_is_named() {
        let before = deployment(&json!({}), &json!({"image": "ccx:1"}));
        let after = deployment(&json!({}), &json!({"image": "ccx:2"}));
        let reasons = restart_reasons(&before, &after);
        assert_eq!(reasons[0].to_string(), "the image changes from ccx:1 to ccx:2");
        assert_eq!(reasons.len(), 1);
    }

    #[test]
    fn image_of_injected_container_is_no_reason() {
        let with_sidecar = |sidecar: &str| {
            let containers =
                json!([{"name": "proxy", "image": sidecar}, {"name": "data-pipeline", "image": "ccx:1"}]);
            let labels = json!({ROLE_LABEL: "data-pipeline"});
            let data = json!({"spec": {"template": {"metadata": {"labels": labels}, "spec": {"containers": containers}}}});
            DynamicObject { types: None, metadata: ObjectMeta::default(), data }
        };
        let reasons = restart_reasons(&with_sidecar("proxy:1"), &with_sidecar("proxy:2"));
        assert_eq!(reasons, [RestartReason::TemplateChanged]);
    }

    #[test]
    fn default_of_api_server_is_no_reason() {
        let before = deployment(
            &json!({}),
            &json!({"image": "a", "terminationMessagePath": "/dev/termination-log", "env": null}),
        );
        let after = deployment(&json!({}), &json!({"image": "a", "env": []}));
        assert_eq!(restart_reasons(&before, &after), []);
    }

    #[test]
    fn changed_limit_and_changed_argument_have_distinct_reasons() {
        let before = deployment(
            &json!({}),
            &json!({"image": "a", "args": ["x"], "resources": {"limits": {"memory": "1Gi"}}}),
        );
        let limit = deployment(
            &json!({}),
            &json!({"image": "a", "args": ["x"], "resources": {"limits": {"memory": "2Gi"}}}),
        );
        let argument = deployment(
            &json!({}),
            &json!({"image": "a", "args": ["y"], "resources": {"limits": {"memory": "1Gi"}}}),
        );
        assert_eq!(restart_reasons(&before, &limit), [RestartReason::ResourcesChanged]);
        assert_eq!(restart_reasons(&before, &argument), [RestartReason::TemplateChanged]);
    }
}

//! The reasons for which pods are replaced.

use std::fmt;

use k8s_openapi::api::core::v1::{Container, PodTemplateSpec};

use crate::model::{
    input::Input,
    input_digest::changed_objects,
    object::{Object, main_container},
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
/// `after`, the response to the (dry-run) patch. Empty when no pod is replaced, and for objects of other kinds.
pub fn restart_reasons(before: &Object, after: &Object) -> Vec<RestartReason> {
    let is_workload = matches!(after, Object::Deployment(_) | Object::StatefulSet(_));
    match (before.pod_template(), after.pod_template()) {
        (Some(before), Some(after)) if is_workload => template_changes(before, after),
        _ => Vec::new(),
    }
}

fn template_changes(before: &PodTemplateSpec, after: &PodTemplateSpec) -> Vec<RestartReason> {
    let mut reasons: Vec<RestartReason> = changed_inputs(before, after).collect();
    if let Some((before, after)) = main_container(before).zip(main_container(after)) {
        reasons.extend(changed_image(before, after));
        if before.resources != after.resources {
            reasons.push(RestartReason::ResourcesChanged);
        }
    }
    if reasons.is_empty() && before != after {
        reasons.push(RestartReason::TemplateChanged);
    }
    reasons
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{kind::Kind, names::ROLE_LABEL};

    fn workload(kind: Kind, template: &Value) -> Object {
        let spec = json!({"selector": {}, "serviceName": "a", "template": template});
        Object::parse(kind, json!({"metadata": {"name": "a"}, "spec": spec})).unwrap()
    }

    fn deployment(annotations: &Value, container: &Value) -> Object {
        let mut container = container.clone();
        container["name"] = json!("a");
        let template = json!({"metadata": {"annotations": annotations}, "spec": {"containers": [container]}});
        workload(Kind::Deployment, &template)
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
            let template = json!({"metadata": {"labels": labels}, "spec": {"containers": containers}});
            workload(Kind::Deployment, &template)
        };
        let reasons = restart_reasons(&with_sidecar("proxy:1"), &with_sidecar("proxy:2"));
        assert_eq!(reasons, [RestartReason::TemplateChanged]);
    }

    #[test]
    fn equal_template_and_template_of_a_job_restart_no_pods() {
        let template = |image: &str| json!({"spec": {"containers": [{"name": "a", "image": image}]}});
        let reasons = |kind, before: &str, after: &str| {
            restart_reasons(&workload(kind, &template(before)), &workload(kind, &template(after)))
        };
        assert_eq!(reasons(Kind::StatefulSet, "a", "a"), []);
        assert_eq!(reasons(Kind::StatefulSet, "a", "b").len(), 1);
        assert_eq!(reasons(Kind::Job, "a", "b"), []);
    }

    #[test]
    fn changed_limit_and_changed_argument_have_distinct_reasons() {
        let container = |argument: &str, memory: &str| {
            deployment(
                &json!({}),
                &json!({"image": "a", "args": [argument], "resources": {"limits": {"memory": memory}}}),
            )
        };
        let before = container("x", "1Gi");
        assert_eq!(restart_reasons(&before, &container("x", "2Gi")), [RestartReason::ResourcesChanged]);
        assert_eq!(restart_reasons(&before, &container("y", "1Gi")), [RestartReason::TemplateChanged]);
    }
}

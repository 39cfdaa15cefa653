//! The fields of the spec from which fields of a child are built, for messages of the API server that name the latter.

use crate::model::{
    component::{CLEANER, Component},
    kind::Kind,
};

/// Returns the field of the spec to correct when the API server rejects a child with this message.
pub(super) fn field(kind: Kind, name: &str, message: &str) -> Option<String> {
    match kind {
        Kind::Deployment | Kind::StatefulSet | Kind::Job | Kind::CronJob => pod_field(name, message),
        Kind::NetworkPolicy => Some(policy_field(message).into()),
        Kind::Ingress | Kind::Route | Kind::HttpRoute => exposure_field(name),
        Kind::PodMonitor | Kind::ServiceMonitor | Kind::PrometheusRule => Some("spec.monitoring".into()),
        Kind::PersistentVolumeClaim => Some("spec.database.managed.storage".into()),
        _ => None,
    }
}

/// Fields of pods, and those of the sections that they are built from.
const POD_FIELDS: [(&str, &str); 11] = [
    (".resources", "resources"),
    (".env[", "podTemplate.extraEnv"),
    (".tolerations", "podTemplate.tolerations"),
    (".topologySpreadConstraints", "podTemplate.topologySpreadConstraints"),
    (".affinity", "podTemplate.affinity"),
    (".nodeSelector", "podTemplate.nodeSelector"),
    (".priorityClassName", "podTemplate.priorityClassName"),
    (".imagePullSecrets", "podTemplate.imagePullSecrets"),
    ("template.annotations", "podTemplate.annotations"),
    ("template.metadata", "podTemplate"),
    (".image:", "image"),
];

fn pod_field(name: &str, message: &str) -> Option<String> {
    let component = component(name);
    if name.ends_with(CLEANER) {
        let own =
            ["schedule", "timeZone"].into_iter().find(|field| message.contains(&format!("spec.{field}")));
        if let Some(field) = own {
            return Some(format!("spec.cleaner.{field}"));
        }
    }
    let (_, field) = POD_FIELDS.iter().find(|(path, _)| message.contains(path))?;
    let section = match (component, field.starts_with("podTemplate")) {
        (Some(Component::DataPipeline), _) => "spec.dataPipeline",
        (Some(Component::Database), _) => "spec.database.managed",
        (Some(Component::SmartProxy), false) => "spec.publicApi",
        (Some(Component::Ingress), false) => "spec.ingress",
        (Some(Component::Aggregator), _) | (Some(Component::SmartProxy | Component::Ingress), true) => {
            "spec.aggregator"
        }
        (Some(Component::WorkloadsWriter), false) => "spec.workloadsWriter",
        (Some(Component::RequestsWriter), false) => "spec.requestsWriter",
        (None, false) if name.ends_with(CLEANER) => "spec.cleaner",
        // The Jobs have the settings of the writer.
        (Some(Component::DbWriter | Component::WorkloadsWriter | Component::RequestsWriter) | None, _) => {
            "spec.dbWriter"
        }
    };
    Some(format!("{section}.{field}"))
}

fn policy_field(message: &str) -> &'static str {
    if message.contains("spec.egress") {
        "spec.networkPolicy.extraEgress"
    } else if message.contains("spec.ingress") {
        "spec.networkPolicy.scrapeFrom, its extraIngress, or allowFrom of an exposure"
    } else {
        "spec.networkPolicy"
    }
}

fn exposure_field(name: &str) -> Option<String> {
    let section = match component(name)? {
        Component::Aggregator => "spec.aggregator",
        _ => "spec.publicApi",
    };
    Some(format!("{section}.exposure"))
}

/// Returns the component in the name of a child, which begins with that of the resource.
fn component(name: &str) -> Option<Component> {
    let is_named = |component: &Component| name.ends_with(&format!("-{}", component.name()));
    Component::ALL.into_iter().find(is_named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_field_has_the_field_of_the_spec_that_it_is_built_from() {
        let cases = [
            (
                Kind::Deployment,
                "ccx-data-pipeline",
                "spec.template.spec.tolerations[0].operator: Unsupported value: \"exists\"",
                "spec.dataPipeline.podTemplate.tolerations",
            ),
            (
                Kind::Deployment,
                "ccx-insights-results-smart-proxy",
                "spec.template.spec.containers[0].env[1].name: Invalid value: \"A=B\"",
                "spec.aggregator.podTemplate.extraEnv",
            ),
            (
                Kind::Deployment,
                "ccx-ingress",
                "spec.template.spec.containers[0].resources.limits[x]: Invalid value",
                "spec.ingress.resources",
            ),
            (
                Kind::StatefulSet,
                "ccx-data-pipeline-db",
                "spec.template.spec.affinity.podAffinity: Required value",
                "spec.database.managed.podTemplate.affinity",
            ),
            (
                Kind::Job,
                "ccx-migration-0123456789",
                "spec.template.spec.nodeSelector: Invalid value",
                "spec.dbWriter.podTemplate.nodeSelector",
            ),
            (
                Kind::CronJob,
                "ccx-cleaner",
                "spec.timeZone: Invalid value: \"Europe/Berlim\"",
                "spec.cleaner.timeZone",
            ),
            (
                Kind::CronJob,
                "ccx-cleaner",
                "spec.jobTemplate.spec.template.spec.containers[0].resources.requests: Invalid value",
                "spec.cleaner.resources",
            ),
            (
                Kind::NetworkPolicy,
                "ccx-migration",
                "spec.egress[2].ports[0].port: Invalid value: 99999",
                "spec.networkPolicy.extraEgress",
            ),
            (
                Kind::Ingress,
                "ccx-insights-results-smart-proxy",
                "spec.rules: invalid",
                "spec.publicApi.exposure",
            ),
        ];
        for (kind, name, message, expected) in cases {
            assert_eq!(field(kind, name, message).as_deref(), Some(expected), "{message}");
        }
        assert_eq!(field(Kind::Deployment, "ccx-data-pipeline", "denied by a policy"), None);
        assert_eq!(field(Kind::ConfigMap, "ccx-data-pipeline", "data: Too long"), None);
    }
}

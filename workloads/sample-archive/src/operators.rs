//! The cluster operators.

use serde_json::{Value, json};

use crate::{Fault, SampleArchive, cluster::previous_version, files::Files, random::Random};

/// The operators of a cluster and the namespace that each works in.
pub(crate) const OPERATORS: [(&str, &str); 32] = [
    ("authentication", "openshift-authentication"),
    ("baremetal", "openshift-machine-api"),
    ("cloud-controller-manager", "openshift-cloud-controller-manager"),
    ("cloud-credential", "openshift-cloud-credential-operator"),
    ("cluster-autoscaler", "openshift-machine-api"),
    ("config-operator", "openshift-config-operator"),
    ("console", "openshift-console"),
    ("control-plane-machine-set", "openshift-machine-api"),
    ("csi-snapshot-controller", "openshift-cluster-storage-operator"),
    ("dns", "openshift-dns"),
    ("etcd", "openshift-etcd"),
    ("image-registry", "openshift-image-registry"),
    ("ingress", "openshift-ingress"),
    ("insights", "openshift-insights"),
    ("kube-apiserver", "openshift-kube-apiserver"),
    ("kube-controller-manager", "openshift-kube-controller-manager"),
    ("kube-scheduler", "openshift-kube-scheduler"),
    ("kube-storage-version-migrator", "openshift-kube-storage-version-migrator"),
    ("machine-api", "openshift-machine-api"),
    ("machine-approver", "openshift-cluster-machine-approver"),
    ("machine-config", "openshift-machine-config-operator"),
    ("marketplace", "openshift-marketplace"),
    ("monitoring", "openshift-monitoring"),
    ("network", "openshift-ovn-kubernetes"),
    ("node-tuning", "openshift-cluster-node-tuning-operator"),
    ("openshift-apiserver", "openshift-apiserver"),
    ("openshift-controller-manager", "openshift-controller-manager"),
    ("openshift-samples", "openshift-cluster-samples-operator"),
    ("operator-lifecycle-manager", "openshift-operator-lifecycle-manager"),
    ("operator-lifecycle-manager-packageserver", "openshift-operator-lifecycle-manager"),
    ("service-ca", "openshift-service-ca"),
    ("storage", "openshift-cluster-csi-drivers"),
];

/// The operator that [`Fault::ClusterOperatorDegraded`] degrades.
const DEGRADED: &str = "authentication";

pub(crate) fn add(sample: &SampleArchive, files: &mut Files) {
    let mut random = sample.random("operators");
    for (name, namespace) in OPERATORS {
        files.json(
            format!("config/clusteroperator/{name}.json"),
            &cluster_operator(sample, name, namespace, &mut random),
        );
    }
    for name in [
        "config",
        "console",
        "etcd",
        "kubeapiserver",
        "kubecontrollermanager",
        "kubescheduler",
        "serviceca",
        "storage",
    ] {
        let path = format!("config/clusteroperator/operator.openshift.io/{name}/cluster.json");
        files.json(path, &operator_config(sample, name, &mut random));
    }
}

fn cluster_operator(sample: &SampleArchive, name: &str, namespace: &str, random: &mut Random) -> Value {
    let version = &sample.version;
    json!({
        "apiVersion": "config.openshift.io/v1",
        "kind": "ClusterOperator",
        "metadata": {
            "name": name,
            "uid": random.uuid(),
            "resourceVersion": (1_000_000 + random.below(900_000)).to_string(),
            "generation": 1,
            "creationTimestamp": sample.minutes_ago(90 * 24 * 60),
            "annotations": {
                "exclude.release.openshift.io/internal-openshift-hosted": "true",
                "include.release.openshift.io/self-managed-high-availability": "true",
                "include.release.openshift.io/single-node-developer": "true",
            },
            "managedFields": managed_fields(sample),
        },
        "spec": {},
        "status": {
            "conditions": conditions(sample, name, random),
            "extension": null,
            "relatedObjects": [
                { "group": "operator.openshift.io", "name": "cluster", "resource": format!("{}s", name.replace('-', "")) },
                { "group": "", "name": "openshift-config", "resource": "namespaces" },
                { "group": "", "name": "openshift-config-managed", "resource": "namespaces" },
                { "group": "", "name": namespace, "resource": "namespaces" },
                { "group": "", "name": format!("{namespace}-operator"), "resource": "namespaces" },
            ],
            "versions": [
                { "name": "operator", "version": version },
                { "name": name, "version": format!("{version}_{}", previous_version(version)) },
            ],
        },
    })
}

fn conditions(sample: &SampleArchive, name: &str, random: &mut Random) -> Value {
    let minutes = 20_000 + i64::try_from(random.below(80_000)).unwrap_or(0);
    let since = sample.minutes_ago(minutes);
    let all_is_well = format!("All is well with {name}");
    let degraded = if name == DEGRADED && sample.has(Fault::ClusterOperatorDegraded) {
        json!({
            "type": "Degraded", "status": "True", "lastTransitionTime": sample.minutes_ago(125),
            "reason": "OAuthServerDeployment_UnavailablePod",
            "message": "OAuthServerDeploymentDegraded: 1 of 3 requested instances are unavailable for oauth-openshift.openshift-authentication",
        })
    } else {
        json!({ "type": "Degraded", "status": "False", "lastTransitionTime": since, "reason": "AsExpected", "message": all_is_well })
    };
    json!([
        degraded,
        { "type": "Progressing", "status": "False", "lastTransitionTime": since, "reason": "AsExpected", "message": all_is_well },
        { "type": "Available", "status": "True", "lastTransitionTime": since, "reason": "AsExpected", "message": all_is_well },
        { "type": "Upgradeable", "status": "True", "lastTransitionTime": since, "reason": "AsExpected", "message": all_is_well },
    ])
}

fn operator_config(sample: &SampleArchive, name: &str, random: &mut Random) -> Value {
    json!({
        "apiVersion": "operator.openshift.io/v1",
        "kind": name,
        "metadata": { "name": "cluster", "uid": random.uuid(), "generation": 3, "managedFields": managed_fields(sample) },
        "spec": { "logLevel": "Normal", "managementState": "Managed", "operatorLogLevel": "Normal", "unsupportedConfigOverrides": null },
        "status": { "observedGeneration": 3, "readyReplicas": 0, "version": sample.version },
    })
}

/// The managed fields of an object: a third of every object in a real archive.
pub(crate) fn managed_fields(sample: &SampleArchive) -> Value {
    let owned = json!({
        "f:metadata": { "f:annotations": { ".": {}, "f:include.release.openshift.io/self-managed-high-availability": {} } },
        "f:spec": {},
        "f:status": { ".": {}, "f:conditions": {}, "f:relatedObjects": {}, "f:versions": {} },
    });
    json!([
        { "apiVersion": "config.openshift.io/v1", "fieldsType": "FieldsV1", "fieldsV1": owned, "manager": "cluster-version-operator",
          "operation": "Update", "time": sample.minutes_ago(90 * 24 * 60) },
        { "apiVersion": "config.openshift.io/v1", "fieldsType": "FieldsV1", "fieldsV1": owned, "manager": "operator",
          "operation": "Update", "subresource": "status", "time": sample.minutes_ago(14 * 24 * 60) },
    ])
}

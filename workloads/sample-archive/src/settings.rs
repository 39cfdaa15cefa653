//! The cluster-wide settings: network, proxy, ingress, identity and the like.

use serde_json::{Value, json};

use crate::{SampleArchive, files::Files};

pub(crate) fn add(sample: &SampleArchive, files: &mut Files) {
    for (name, kind, spec, status) in settings() {
        files.json(
            format!("config/{name}.json"),
            &json!({
                "apiVersion": "config.openshift.io/v1",
                "kind": kind,
                "metadata": {
                    "name": "cluster",
                    "uid": sample.random(name).uuid(),
                    "generation": 1,
                    "creationTimestamp": sample.minutes_ago(90 * 24 * 60),
                },
                "spec": spec,
                "status": status,
            }),
        );
    }
    add_storage_class(sample, files);
}

/// Name, kind, spec and status. Nothing here is what a rule warns of.
fn settings() -> Vec<(&'static str, &'static str, Value, Value)> {
    let network = json!({
        "clusterNetwork": [{ "cidr": "10.128.0.0/14", "hostPrefix": 23 }],
        "externalIP": { "policy": {} },
        "networkType": "OVNKubernetes",
        "serviceNetwork": ["172.30.0.0/16"],
    });
    let network_status = json!({
        "clusterNetwork": [{ "cidr": "10.128.0.0/14", "hostPrefix": 23 }],
        "clusterNetworkMTU": 1400,
        "networkType": "OVNKubernetes",
        "serviceNetwork": ["172.30.0.0/16"],
    });
    let oauth = json!({ "identityProviders": [{
        "name": "ldap", "mappingMethod": "claim", "type": "LDAP",
        "ldap": { "url": "ldaps://ldap.example.com/ou=people", "insecure": false, "attributes": { "id": ["dn"], "preferredUsername": ["uid"] } },
    }] });
    vec![
        ("network", "Network", network, network_status),
        ("proxy", "Proxy", json!({ "trustedCA": { "name": "" } }), json!({})),
        (
            "ingress",
            "Ingress",
            json!({ "domain": "apps.sample.example.com" }),
            json!({ "defaultPlacement": "Workers" }),
        ),
        ("featuregate", "FeatureGate", json!({}), json!({ "conditions": [] })),
        (
            "image",
            "Image",
            json!({}),
            json!({ "internalRegistryHostname": "image-registry.openshift-image-registry.svc:5000" }),
        ),
        ("oauth", "OAuth", oauth, json!({})),
        (
            "authentication",
            "Authentication",
            json!({ "type": "" }),
            json!({ "integratedOAuthMetadata": { "name": "oauth-openshift" } }),
        ),
        (
            "apiserver",
            "APIServer",
            json!({ "audit": { "profile": "Default" }, "encryption": { "type": "aesgcm" } }),
            json!({}),
        ),
        (
            "schedulers/cluster",
            "Scheduler",
            json!({ "mastersSchedulable": false, "policy": { "name": "" } }),
            json!({}),
        ),
    ]
}

fn add_storage_class(sample: &SampleArchive, files: &mut Files) {
    let storage_class = json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "thin-csi",
            "uid": sample.random("storage class").uuid(),
            "annotations": { "storageclass.kubernetes.io/is-default-class": "true" },
        },
        "provisioner": "csi.vsphere.vmware.com",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": true,
    });
    files.json("config/storage/storageclasses/thin-csi.json", &storage_class);
}

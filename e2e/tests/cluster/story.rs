//! The installation of this test, and its observations.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use ccx_e2e::{
    BACKLOG, BUCKET, Cluster, Namespace, PASSWORD, PODS, Pod, Servers, Service, USER, cluster_with,
    identity_header, run,
};
use ccx_messages::ClusterId;
use ccx_sample_archive::Fault;
use ccx_test_support::{eventually_within, http::Response};
use serde_json::{Value, json};

const ORG: u32 = 1;
pub(crate) const FAULTS: [Fault; 2] = [Fault::NodeNotReady, Fault::EtcdSlowDisk];

pub(crate) const RESOURCE: &str = "ccxpipeline/ccx";
pub(crate) const PIPELINE: &str = "data-pipeline";
pub(crate) const WRITER: &str = "insights-results-db-writer";
pub(crate) const AGGREGATOR: &str = "insights-results-aggregator";
pub(crate) const DATABASE: &str = "data-pipeline-db";
pub(crate) const COMPONENTS: [&str; 4] = [PIPELINE, WRITER, AGGREGATOR, DATABASE];

/// The number of pods of each component, in the order of [`COMPONENTS`].
pub(crate) const REPLICAS: [usize; 4] = [8, 1, 2, 1];

/// One installation, from its creation to its deletion.
pub(crate) struct Story<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) servers: &'static Servers,
    pub(crate) namespace: Namespace<'a>,
}

impl Story<'_> {
    pub(crate) fn resource(&self) -> Value {
        let Servers { sasl_port, object_storage, .. } = self.servers;
        let host = self.cluster.host();
        // Small requests, so that all pods fit on two cores.
        let resources = |request: &str, limit: &str| json!({"requests": {"cpu": "20m", "memory": request}, "limits": {"memory": limit}});
        let small = |request: &str| resources(request, "512Mi");
        json!({
            "apiVersion": "ccx.openshift.io/v1alpha1",
            "kind": "CcxPipeline",
            "metadata": {"name": "ccx", "namespace": self.namespace.name()},
            "spec": {
                "kafka": {
                    "bootstrapServers": [format!("{host}:{sasl_port}")],
                    "securityProtocol": "SASL_PLAINTEXT",
                    "sasl": {"credentialsSecretRef": {"name": "kafka"}},
                    "topicManagement": {"partitions": 8, "replicationFactor": 1},
                },
                "objectStorage": {
                    "endpoint": format!("http://{host}:{}", object_storage.port),
                    "region": "us-east-1",
                    "bucket": BUCKET,
                    "addressing": "Path",
                    "credentials": {"type": "Secret", "secretRef": {"name": "object-storage"}},
                },
                "database": {"managed": {
                    "image": "localhost/postgres:e2e",
                    "storage": {"size": "1Gi"},
                    "resources": small("64Mi"),
                }},
                // An unpacked archive, what is in flight beside it, and a margin have to fit.
                "dataPipeline": {"resources": resources("48Mi", "1Gi")},
                "dbWriter": {"resources": small("32Mi")},
                "aggregator": {
                    "resources": small("32Mi"),
                    "authentication": "XRhIdentity",
                    // Not scaled up before the step about autoscaling.
                    "autoscaling": {"maxReplicas": 2},
                },
            },
        })
    }

    pub(crate) fn apply_secret(&self, name: &str, data: &Value) {
        self.namespace.apply(
            &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}),
        );
    }

    /// Waits until the resource is ready at its newest generation and all pods are.
    pub(crate) fn wait_until_ready(&self) {
        eventually_within(PODS, "the resource is ready", || {
            let resource = self.namespace.get(&[RESOURCE]);
            let is_seen = resource["metadata"]["generation"] == resource["status"]["observedGeneration"];
            let conditions = conditions(&resource);
            let says_so = conditions.get("Ready").is_some_and(|ready| ready.starts_with("True"));
            let is_ready = says_so && self.pods().iter().flatten().all(|pod| pod.is_ready);
            if is_seen && is_ready { Ok(()) } else { Err(conditions) }
        });
    }

    /// Returns the pods of each component.
    pub(crate) fn pods(&self) -> [Vec<Pod>; 4] {
        COMPONENTS.map(|component| self.namespace.pods(component))
    }

    pub(crate) fn wait_for_new_pods(&self, component: &str, before: &[Pod]) {
        eventually_within(PODS, "new pods", || {
            let now = self.namespace.pods(component);
            let is_new = |pod: &Pod| pod.is_ready && before.iter().all(|old| old.uid != pod.uid);
            if now.len() == before.len() && now.iter().all(is_new) { Ok(()) } else { Err(now) }
        });
    }

    pub(crate) fn upload(&self, cluster_id: ClusterId) {
        let file = self.servers.folder().join(format!("{cluster_id}.tar.gz"));
        fs::write(&file, cluster_with(cluster_id, &FAULTS)).unwrap();
        let host = self.cluster.host();
        let settings = [
            ("CCX__KAFKA__BOOTSTRAP_SERVERS", format!("{host}:{}", self.servers.kafka.port)),
            ("CCX__OBJECT_STORAGE__ENDPOINT", format!("http://{host}:{}", self.servers.object_storage.port)),
            ("CCX__OBJECT_STORAGE__REGION", "us-east-1".into()),
            ("CCX__OBJECT_STORAGE__BUCKET", BUCKET.into()),
            ("CCX__OBJECT_STORAGE__ADDRESSING", "path".into()),
            ("CCX__OBJECT_STORAGE__ACCESS_KEY_ID", USER.into()),
            ("CCX__OBJECT_STORAGE__SECRET_ACCESS_KEY", PASSWORD.into()),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        run(&["upload", "--org", &ORG.to_string(), &file.display().to_string()], &settings);
    }

    pub(crate) fn api(&self) -> Service {
        Service::open(self.cluster, self.namespace.name(), &format!("ccx-{AGGREGATOR}"), 10000)
    }

    pub(crate) fn keys_of_a_new_report(&self) -> BTreeSet<String> {
        let cluster_id = ClusterId::random();
        self.upload(cluster_id);
        keys(&self.wait_for_report(cluster_id))
    }

    pub(crate) fn wait_for_report(&self, cluster_id: ClusterId) -> Value {
        let api = self.api();
        eventually_within(BACKLOG, "the report", || match ask(&api, cluster_id) {
            answer if answer.status == 200 => Ok(answer.json()["report"].clone()),
            other => Err(other),
        })
    }
}

pub(crate) fn ask(api: &Service, cluster_id: ClusterId) -> Response {
    ask_for("report", api, cluster_id)
}

pub(crate) fn ask_for(what: &str, api: &Service, cluster_id: ClusterId) -> Response {
    let path = format!("/api/v1/organizations/{ORG}/clusters/{cluster_id}/users/1/{what}");
    api.get(&path, &[identity_header(ORG)]).expect("the API server answers")
}

/// Returns the error keys of the hits of a report.
pub(crate) fn keys(report: &Value) -> BTreeSet<String> {
    report["reports"].as_array().unwrap().iter().map(|hit| hit["key"].as_str().unwrap().to_owned()).collect()
}

/// Returns the conditions of a resource, by type, each as `status (reason) message`.
pub(crate) fn conditions(resource: &Value) -> BTreeMap<String, String> {
    let text = |condition: &Value, key: &str| condition[key].as_str().unwrap_or_default().to_owned();
    let summary =
        |it: &Value| format!("{} ({}) {}", text(it, "status"), text(it, "reason"), text(it, "message"));
    let conditions = resource["status"]["conditions"].as_array().into_iter().flatten();
    conditions.map(|condition| (text(condition, "type"), summary(condition))).collect()
}

pub(crate) fn kafka_secret() -> Value {
    json!({"username": USER, "password": PASSWORD})
}

pub(crate) fn storage_secret(key: &str) -> Value {
    json!({"AWS_ACCESS_KEY_ID": USER, "AWS_SECRET_ACCESS_KEY": key})
}

//! The whole of it on a cluster that runs pods: the chart, one resource, an archive, and a life with all that happens in it.
//!
//! One story, as the parts of it take minutes to start: each chapter begins where the one before has ended.

#![expect(clippy::unwrap_used, reason = "a test that meets nothing has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

use ccx_e2e::{
    Answer, BUCKET, Cluster, Namespace, OPERATOR, PASSWORD, Patience, Pod, Requests, Servers, Service, USER, cluster_with,
    eventually, identity_header, run,
};
use ccx_messages::ClusterId;
use ccx_sample_archive::Fault;
use serde_json::{Value, json};

const ORG: u32 = 1;
const FAULTS: [Fault; 2] = [Fault::NodeNotReady, Fault::EtcdSlowDisk];

const RESOURCE: &str = "ccxpipeline/ccx";
const PIPELINE: &str = "data-pipeline";
const WRITER: &str = "insights-results-db-writer";
const AGGREGATOR: &str = "insights-results-aggregator";
const DATABASE: &str = "data-pipeline-db";
const COMPONENTS: [&str; 4] = [PIPELINE, WRITER, AGGREGATOR, DATABASE];

/// How many pods each component has, in the order of [`COMPONENTS`].
const REPLICAS: [usize; 4] = [8, 1, 2, 1];

/// What the operator has the right to do only on clusters with extensions, or without asking for it.
const UNUSED_HERE: [&str; 6] = [
    "ccx.openshift.io/ccxpipelines/finalizers",
    "gateway.networking.k8s.io",
    "kafka.strimzi.io",
    "keda.sh",
    "monitoring.coreos.com",
    "route.openshift.io",
];

#[test]
fn the_life_of_a_pipeline_on_a_cluster() {
    let Some(cluster) = Cluster::find() else { return };
    let Some(servers) = Servers::start_at(cluster.host()) else { return };
    cluster.install_operator(&[]);
    let namespace = Namespace::new(&cluster, "ccx-e2e");
    let story = Story { cluster: &cluster, servers, namespace };

    story.everything_becomes_ready_from_one_resource();
    let cluster_id = ClusterId::random();
    story.an_archive_becomes_a_report(cluster_id);
    story.a_stranger_does_not_reach_the_database();
    story.a_change_of_one_component_restarts_that_one_while_the_api_answers(cluster_id);
    story.a_rotated_secret_restarts_whoever_uses_it();
    story.a_killed_pod_comes_back_and_nothing_is_lost(cluster_id);
    story.what_somebody_changes_by_hand_is_put_back();
    story.suspension_stops_the_workloads_and_the_end_of_it_starts_them(cluster_id);
    story.another_operator_lets_the_workloads_run(cluster_id);
    story.a_deleted_resource_leaves_its_database_for_the_next(cluster_id);
    story.a_resource_that_owns_its_database_leaves_nothing();
    story.the_operator_has_asked_for_what_it_may_and_no_more();
}

struct Story<'a> {
    cluster: &'a Cluster,
    servers: &'static Servers,
    namespace: Namespace<'a>,
}

impl Story<'_> {
    fn everything_becomes_ready_from_one_resource(&self) {
        let started = Instant::now();
        for (name, data) in [("kafka", kafka_secret()), ("object-storage", storage_secret(PASSWORD))] {
            self.apply_secret(name, &data);
        }
        self.namespace.apply(&self.resource());
        self.wait_until_ready();
        eprintln!("all pods are ready after {} s", started.elapsed().as_secs());
        let ready = COMPONENTS.map(|component| self.namespace.pods(component).iter().filter(|pod| pod.is_ready).count());
        assert_eq!(ready, REPLICAS);
    }

    fn an_archive_becomes_a_report(&self, cluster_id: ClusterId) {
        let started = Instant::now();
        self.upload(cluster_id);
        let report = self.wait_for_report(cluster_id);
        eprintln!("the report is there after {} ms", started.elapsed().as_millis());
        let keys: BTreeSet<_> =
            report["reports"].as_array().unwrap().iter().map(|hit| hit["key"].as_str().unwrap()).collect();
        assert_eq!(keys, FAULTS.iter().map(Fault::error_key).collect());
    }

    /// Where NetworkPolicies are enforced: `e2e/cluster/cluster.sh policies`.
    fn a_stranger_does_not_reach_the_database(&self) {
        let agents = self.cluster.get(&["daemonsets", "--namespace=kube-system", "--selector=e2e=network-policies"]);
        if agents["items"] == json!([]) {
            eprintln!("NetworkPolicies are not enforced here");
            return;
        }
        let host = format!("ccx-{DATABASE}.{}.svc", self.namespace.name());
        let stranger = Namespace::new(self.cluster, "ccx-e2e-stranger");
        stranger.apply(&json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stranger"},
            "spec": {
                "restartPolicy": "Never",
                "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [{
                    "name": "stranger", "image": "localhost/postgres:e2e", "imagePullPolicy": "IfNotPresent",
                    "command": ["pg_isready", "--timeout=5", "--host", host],
                    "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
                }],
            },
        }));
        let answer = Patience::LONG.wait("what the stranger sees", || {
            let is_over =
                ["Failed", "Succeeded"].map(Value::from).contains(&stranger.get(&["pod/stranger"])["status"]["phase"]);
            if is_over { Ok(stranger.kubectl(&["logs", "stranger"])) } else { Err("not over") }
        });
        assert!(answer.contains("no response"), "{answer}");
    }

    fn a_change_of_one_component_restarts_that_one_while_the_api_answers(&self, cluster_id: ClusterId) {
        let before = self.pods();
        let api = self.api();
        let is_over = AtomicBool::new(false);
        let unanswered = thread::scope(|scope| {
            let asking = scope.spawn(|| {
                let asks = std::iter::repeat_with(|| ask(&api, cluster_id)).take_while(|_| !is_over.load(Ordering::Relaxed));
                asks.filter(|answer| answer.status != 200).collect::<Vec<_>>()
            });
            self.namespace.patch(RESOURCE, &json!({"spec": {"aggregator": {"orgOverviewLimit": "4h"}}}));
            self.wait_for_new_pods(AGGREGATOR, &before[2]);
            self.wait_until_ready();
            is_over.store(true, Ordering::Relaxed);
            asking.join().unwrap()
        });
        assert_eq!(unanswered, [], "while pods are replaced");
        let after = self.pods();
        assert_eq!(
            [&after[0], &after[1], &after[3]],
            [&before[0], &before[1], &before[3]],
            "only the aggregator is restarted"
        );
    }

    fn a_rotated_secret_restarts_whoever_uses_it(&self) {
        let before = self.pods();
        self.apply_secret("object-storage", &storage_secret("rotated"));
        self.wait_for_new_pods(PIPELINE, &before[0]);
        let told = self.namespace.events("SecretChanged");
        assert!(told.iter().any(|note| note.contains(PIPELINE)), "an Event says why: {told:?}");
        self.apply_secret("object-storage", &storage_secret(PASSWORD));
        self.wait_until_ready();
        assert_eq!(self.pods()[1..], before[1..], "nobody else is restarted");
    }

    fn a_killed_pod_comes_back_and_nothing_is_lost(&self, cluster_id: ClusterId) {
        for component in [DATABASE, AGGREGATOR] {
            let before = self.namespace.pods(component);
            self.namespace.kubectl(&["delete", "pod", &before[0].name, "--grace-period=0", "--force"]);
            Patience::LONG.wait("another pod", || {
                let now = self.namespace.pods(component);
                let is_replaced = now.iter().all(|pod| pod.is_ready && pod.uid != before[0].uid);
                if is_replaced && now.len() == before.len() { Ok(()) } else { Err(now) }
            });
        }
        self.wait_until_ready();
        self.wait_for_report(cluster_id);
    }

    fn what_somebody_changes_by_hand_is_put_back(&self) {
        let deployment = format!("deployment/ccx-{WRITER}");
        self.namespace.kubectl(&["scale", &deployment, "--replicas=3"]);
        eventually("the number of writers is put back", || self.namespace.get(&[&deployment])["spec"]["replicas"] == 1);
        let service = format!("service/ccx-{AGGREGATOR}");
        self.namespace.kubectl(&["delete", &service]);
        eventually("the Service is made anew", || self.namespace.names("services").contains(&service));
        let told = self.namespace.events("DriftCorrected");
        assert!(told.iter().any(|note| note.contains("replicas")), "an Event names the field: {told:?}");
        self.wait_until_ready();
    }

    fn suspension_stops_the_workloads_and_the_end_of_it_starts_them(&self, cluster_id: ClusterId) {
        let database = self.namespace.pods(DATABASE);
        self.namespace.patch(RESOURCE, &json!({"spec": {"suspend": true}}));
        Patience::LONG.wait("the workloads are gone", || {
            let left: Vec<Pod> = COMPONENTS[..3].iter().flat_map(|component| self.namespace.pods(component)).collect();
            if left.is_empty() { Ok(()) } else { Err(left) }
        });
        assert_eq!(self.namespace.pods(DATABASE), database, "the database goes on");
        self.namespace.patch(RESOURCE, &json!({"spec": {"suspend": false}}));
        self.wait_until_ready();
        self.wait_for_report(cluster_id);
    }

    fn another_operator_lets_the_workloads_run(&self, cluster_id: ClusterId) {
        let before = self.pods();
        self.cluster.install_operator(&["podAnnotations.release=next"]);
        let operators = ["pods", "--namespace", OPERATOR, "--selector=app.kubernetes.io/name=ccx-operator"];
        Patience::SHORT.wait("only the new operator runs", || {
            let pods = self.cluster.get(&operators)["items"].as_array().unwrap().clone();
            let releases: Vec<_> = pods.iter().map(|pod| pod["metadata"]["annotations"]["release"].clone()).collect();
            // One leads, one waits.
            if releases == ["next", "next"] { Ok(()) } else { Err(releases) }
        });
        // That it leads shows in what it does.
        self.namespace.patch(RESOURCE, &json!({"spec": {"aggregator": {"orgOverviewLimit": "5h"}}}));
        self.wait_for_new_pods(AGGREGATOR, &before[2]);
        self.wait_until_ready();
        let after = self.pods();
        assert_eq!([&after[0], &after[1], &after[3]], [&before[0], &before[1], &before[3]], "it changes no other pod");
        self.wait_for_report(cluster_id);
    }

    fn a_deleted_resource_leaves_its_database_for_the_next(&self, cluster_id: ClusterId) {
        self.namespace.kubectl(&["delete", RESOURCE, "--timeout=60s"]);
        Patience::LONG.wait("the workloads are gone", || {
            let left = self.namespace.names("deployments,services,configmaps");
            let left: Vec<_> = left.iter().filter(|name| name.contains("/ccx-") && !name.contains(DATABASE)).collect();
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
        });
        assert_eq!(self.namespace.names("persistentvolumeclaims").len(), 1, "the data stays");
        self.namespace.apply(&self.resource());
        self.wait_until_ready();
        self.wait_for_report(cluster_id);
    }

    fn a_resource_that_owns_its_database_leaves_nothing(&self) {
        self.namespace.patch(RESOURCE, &json!({"spec": {"deletionPolicy": "Delete"}}));
        self.wait_until_ready();
        self.namespace.kubectl(&["delete", RESOURCE, "--timeout=60s"]);
        Patience::LONG.wait("all is gone", || {
            let kinds =
                "deployments,statefulsets,jobs,services,configmaps,secrets,persistentvolumeclaims,serviceaccounts,pods";
            let left = self.namespace.names(kinds);
            let left: Vec<_> = left.into_iter().filter(|name| name.contains("/ccx-")).collect();
            if left.is_empty() { Ok(()) } else { Err(left) }
        });
    }

    /// What is granted beyond what was asked for would be a right that nobody needs.
    fn the_operator_has_asked_for_what_it_may_and_no_more(&self) {
        let Some(log) = self.cluster.audit_log() else { return };
        let requests = Requests::of(&format!("{OPERATOR}:{OPERATOR}"), log);
        assert_eq!(requests.forbidden, BTreeSet::new());
        let asked: BTreeSet<_> = requests.asked.iter().map(|it| format!("{}/{}", it.group, it.resource)).collect();
        let granted = resources_of(&self.cluster.get(&["clusterrole", OPERATOR]));
        let unused: Vec<_> = granted
            .difference(&asked)
            .filter(|resource| !UNUSED_HERE.iter().any(|unused| resource.starts_with(unused)))
            .collect();
        assert_eq!(unused, [""; 0], "rights that nobody needs");
    }

    fn resource(&self) -> Value {
        let Servers { sasl_port, object_storage, .. } = self.servers;
        let host = self.cluster.host();
        // Small requests, so that all pods fit on two cores.
        let small = |memory: &str| json!({"requests": {"cpu": "20m", "memory": memory}, "limits": {"memory": "512Mi"}});
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
                "dataPipeline": {"resources": small("48Mi")},
                "dbWriter": {"resources": small("32Mi")},
                "aggregator": {"resources": small("32Mi"), "authentication": "XRhIdentity"},
            },
        })
    }

    fn apply_secret(&self, name: &str, data: &Value) {
        self.namespace.apply(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}));
    }

    /// Until the resource says so of what is wanted now, and the pods agree.
    fn wait_until_ready(&self) {
        Patience::VERY_LONG.wait("the resource is ready", || {
            let resource = self.namespace.get(&[RESOURCE]);
            let is_seen = resource["metadata"]["generation"] == resource["status"]["observedGeneration"];
            let conditions = conditions(&resource);
            let says_so = conditions.get("Ready").is_some_and(|ready| ready.starts_with("True"));
            let is_ready = says_so && self.pods().iter().flatten().all(|pod| pod.is_ready);
            if is_seen && is_ready { Ok(()) } else { Err(conditions) }
        });
    }

    /// The pods of each component.
    fn pods(&self) -> [Vec<Pod>; 4] {
        COMPONENTS.map(|component| self.namespace.pods(component))
    }

    fn wait_for_new_pods(&self, component: &str, before: &[Pod]) {
        Patience::VERY_LONG.wait("new pods", || {
            let now = self.namespace.pods(component);
            let is_new = |pod: &Pod| pod.is_ready && before.iter().all(|old| old.uid != pod.uid);
            if now.len() == before.len() && now.iter().all(is_new) { Ok(()) } else { Err(now) }
        });
    }

    fn upload(&self, cluster_id: ClusterId) {
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

    fn api(&self) -> Service {
        Service::open(self.cluster, self.namespace.name(), &format!("ccx-{AGGREGATOR}"), 10000)
    }

    fn wait_for_report(&self, cluster_id: ClusterId) -> Value {
        let api = self.api();
        Patience::LONG.wait("the report", || match ask(&api, cluster_id) {
            answer if answer.status == 200 => Ok(answer.json()["report"].clone()),
            other => Err(other),
        })
    }
}

fn ask(api: &Service, cluster_id: ClusterId) -> Answer {
    let path = format!("/api/v1/organizations/{ORG}/clusters/{cluster_id}/users/1/report");
    api.get(&path, &[identity_header(ORG)]).expect("the API server answers")
}

/// The conditions of a resource, by type, each as `status (reason) message`.
fn conditions(resource: &Value) -> BTreeMap<String, String> {
    let text = |condition: &Value, key: &str| condition[key].as_str().unwrap_or_default().to_owned();
    let summary = |it: &Value| format!("{} ({}) {}", text(it, "status"), text(it, "reason"), text(it, "message"));
    let conditions = resource["status"]["conditions"].as_array().into_iter().flatten();
    conditions.map(|condition| (text(condition, "type"), summary(condition))).collect()
}

fn kafka_secret() -> Value {
    json!({"username": USER, "password": PASSWORD})
}

fn storage_secret(key: &str) -> Value {
    json!({"AWS_ACCESS_KEY_ID": USER, "AWS_SECRET_ACCESS_KEY": key})
}

/// All resources of a role, each as `group/resource`.
fn resources_of(role: &Value) -> BTreeSet<String> {
    let texts = |rule: &Value, key: &str| -> Vec<String> {
        rule[key].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let of_rule = |rule: &Value| {
        let groups = texts(rule, "apiGroups");
        let resources = texts(rule, "resources");
        groups.into_iter().flat_map(move |group| resources.clone().into_iter().map(move |it| format!("{group}/{it}")))
    };
    role["rules"].as_array().unwrap().iter().flat_map(of_rule).collect()
}

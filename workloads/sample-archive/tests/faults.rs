//! Each fault shows its own sign and no other; a healthy sample shows none.
//!
//! The signs are read here by hand, from the conditions that the rules are written after, so that neither a rule nor the sample
//! can be wrong unseen.

use std::collections::BTreeMap;

use ccx_messages::ClusterId;
use ccx_sample_archive::{Fault, SampleArchive};
use serde_json::Value;

/// A sample as a rule sees it.
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    fn from_sample(sample: &SampleArchive) -> Self {
        Self(sample.files())
    }

    fn text(&self, path: &str) -> &str {
        std::str::from_utf8(&self.0[path]).expect("text")
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.0[path]).expect("JSON")
    }

    /// Every JSON file directly in `folder`.
    fn folder(&self, folder: &str) -> Vec<Value> {
        let is_directly_inside =
            |path: &&String| path.strip_prefix(folder).is_some_and(|rest| !rest.contains('/'));
        self.0.keys().filter(is_directly_inside).map(|path| self.json(path)).collect()
    }

    fn logs(&self, prefix: &str) -> impl Iterator<Item = &str> {
        let paths = self
            .0
            .keys()
            .filter(move |path| path.starts_with(prefix) && path.rsplit('.').next() == Some("log"));
        paths.flat_map(|path| self.text(path).lines())
    }

    /// The value of the samples of a metric whose labels contain `label`.
    fn metric(&self, name: &str, label: &str) -> Vec<u64> {
        let lines =
            self.text("config/metrics").lines().filter(|line| line.starts_with(name) && line.contains(label));
        lines
            .map(|line| line.rsplit(' ').nth(1).and_then(|value| value.parse().ok()).expect("a value"))
            .collect()
    }

    fn pods(&self) -> Vec<Value> {
        let is_pod = |path: &&String| path.starts_with("config/pod/openshift-");
        self.0.keys().filter(is_pod).map(|path| self.json(path)).collect()
    }
}

fn has_condition(object: &Value, kind: &str, status: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array().expect("conditions");
    conditions.iter().any(|condition| condition["type"] == kind && condition["status"] == status)
}

fn shows(fault: Fault, files: &Files) -> bool {
    match fault {
        Fault::ClusterOperatorDegraded => files
            .folder("config/clusteroperator/")
            .iter()
            .any(|operator| has_condition(operator, "Degraded", "True")),
        Fault::ClusterVersionFailing => has_condition(&files.json("config/version.json"), "Failing", "True"),
        Fault::NodeNotReady => {
            files.folder("config/node/").iter().any(|node| !has_condition(node, "Ready", "True"))
        }
        Fault::NodesMinimumRequirementsNotMet => files.folder("config/node/").iter().any(is_too_small),
        Fault::MachineConfigPoolDegraded => {
            let is_degraded = |pool: &Value| {
                has_condition(pool, "Degraded", "True") && pool["status"]["degradedMachineCount"] == 1
            };
            files.folder("config/machineconfigpools/").iter().any(is_degraded)
        }
        Fault::PlatformPodCrashLooping => {
            files.pods().iter().any(|pod| pod.to_string().contains("CrashLoopBackOff"))
        }
        Fault::CriticalAlertFiring => files.text("config/alerts.json").contains("\"severity\":\"critical\""),
        Fault::EtcdSlowDisk => {
            files.metric("etcd_server_slow_apply_total{", "").iter().any(|count| *count > 100)
        }
        Fault::VsphereOldHardwareVersion => files
            .metric("vsphere_node_hw_version_total{", "hw_version=\"vmx-13\"")
            .iter()
            .any(|count| *count > 0),
        Fault::PlatformOperatorPanic => {
            files.logs("namespaces/openshift-").any(|line| line.contains("Observed a panic"))
        }
        Fault::KcmGarbageCollectorResync => {
            files.logs("namespaces/openshift-kube-controller-manager/").any(|line| {
                line.contains("syncing garbage collector with updated resources from discovery")
                    && line.contains("removed: [")
                    && !line.contains("removed: []")
            })
        }
        Fault::MachineApiWarningEvents => {
            files.text("events/openshift-machine-api.json").contains("\"type\":\"Warning\"")
        }
    }
}

fn is_too_small(node: &Value) -> bool {
    let capacity = &node["status"]["capacity"];
    let cpu: u64 = capacity["cpu"].as_str().and_then(|cpu| cpu.parse().ok()).expect("a number of processors");
    let memory =
        capacity["memory"].as_str().and_then(|memory| memory.strip_suffix("Ki")).expect("memory in KiB");
    let memory_bytes = memory.parse::<u64>().expect("a number") * 1024;
    let is_control_plane = node["metadata"]["labels"].get("node-role.kubernetes.io/master").is_some();
    let (needed_cpu, needed_memory_bytes) =
        if is_control_plane { (4, 16_000_000_000) } else { (2, 8_000_000_000) };
    cpu < needed_cpu || memory_bytes < needed_memory_bytes
}

fn signs(sample: &SampleArchive) -> Vec<Fault> {
    let files = Files::from_sample(sample);
    Fault::ALL.iter().copied().filter(|fault| shows(*fault, &files)).collect()
}

/// The smallest possible cluster, the default one, and one with logs.
fn healthy_samples() -> [SampleArchive; 3] {
    let sample = SampleArchive::new(ClusterId::random());
    let tiny = SampleArchive { nodes: 0, pods: 0, ..sample.clone() };
    let logs = SampleArchive { nodes: 9, pods: 50, logs_mib: 1, seed: 7, ..sample.clone() };
    [tiny, sample, logs]
}

#[test]
fn healthy_sample_has_no_fault() {
    for sample in healthy_samples() {
        assert_eq!(signs(&sample), [], "{sample:?}");
    }
}

#[test]
fn single_fault_shows_its_own_sign_only() {
    for healthy in healthy_samples() {
        for &fault in Fault::ALL {
            let sample = SampleArchive { faults: vec![fault], ..healthy.clone() };
            assert_eq!(signs(&sample), [fault], "{sample:?}");
        }
    }
}

#[test]
fn sample_with_all_faults_shows_all_signs() {
    for healthy in healthy_samples() {
        let sample = SampleArchive { faults: Fault::ALL.to_vec(), ..healthy };
        assert_eq!(signs(&sample), Fault::ALL, "{sample:?}");
    }
}

#[test]
fn fault_changes_only_its_own_files() {
    let healthy = SampleArchive::new(ClusterId::random());
    let sample = SampleArchive { faults: vec![Fault::EtcdSlowDisk], ..healthy.clone() };
    let (before, after) = (healthy.files(), sample.files());
    let changed: Vec<_> = before.keys().filter(|path| before.get(*path) != after.get(*path)).collect();
    // The platform alerts about a slow disk, and the rule reads both.
    assert_eq!(changed, ["config/alerts.json", "config/metrics"]);
    assert_eq!(before.len(), after.len());
}

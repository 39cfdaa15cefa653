//! `config/metrics`: what the operator reads from Prometheus, as text.

use std::fmt::Write;

use crate::{
    Fault, SampleArchive,
    files::Files,
    nodes::{Node, Role},
    operators::OPERATORS,
    pods::Pod,
    random::Random,
};

/// The labels that federation adds to every series.
const FEDERATED: &str = "prometheus=\"openshift-monitoring/k8s\",prometheus_replica=\"prometheus-k8s-0\"";

pub(crate) fn add(sample: &SampleArchive, nodes: &[Node], pods: &[Pod], files: &mut Files) {
    let mut metrics = Metrics {
        random: sample.random("metrics"),
        time_ms: sample.gathered_at.timestamp_millis(),
        text: String::new(),
    };
    metrics.etcd(nodes, sample.has(Fault::EtcdSlowDisk));
    metrics.vsphere(nodes.len(), sample.has(Fault::VsphereOldHardwareVersion));
    metrics.namespaces();
    metrics.routers(pods);
    metrics.requests(pods);
    metrics.text.push_str("# ALERTS 0/1000\n");
    files.text("config/metrics", metrics.text);
}

struct Metrics {
    random: Random,
    time_ms: i64,
    text: String,
}

impl Metrics {
    fn etcd(&mut self, nodes: &[Node], is_slow: bool) {
        self.family("etcd_server_slow_apply_total");
        let members = nodes.iter().filter(|node| node.role == Role::ControlPlane);
        for (position, node) in members.enumerate() {
            let slow_applies = if is_slow && position == 0 { 812 } else { self.random.below(9) };
            let labels = format!(
                "endpoint=\"etcd-metrics\",instance=\"{}:9979\",job=\"etcd\",namespace=\"openshift-etcd\"",
                node.address
            );
            self.series("etcd_server_slow_apply_total", &labels, slow_applies);
        }
    }

    fn vsphere(&mut self, nodes: usize, is_old: bool) {
        self.family("vsphere_node_hw_version_total");
        let hardware = if is_old { "vmx-13" } else { "vmx-19" };
        self.series(
            "vsphere_node_hw_version_total",
            &format!("hw_version=\"{hardware}\",job=\"vsphere-problem-detector\""),
            nodes as u64,
        );
    }

    fn namespaces(&mut self) {
        for name in ["namespace:container_cpu_usage:sum", "namespace:container_memory_usage_bytes:sum"] {
            self.family(name);
            for (_, namespace) in OPERATORS {
                let value = self.random.below(900_000_000);
                self.series(name, &format!("namespace=\"{namespace}\",instance=\"\""), value);
            }
        }
    }

    fn routers(&mut self, pods: &[Pod]) {
        self.family("haproxy_exporter_server_threshold");
        for pod in pods.iter().filter(|pod| pod.namespace == "openshift-ingress") {
            for (kind, value) in [("current", 20 + self.random.below(80)), ("limit", 500)] {
                let labels = format!(
                    "container=\"router\",job=\"router-internal-default\",pod=\"{}\",type=\"{kind}\"",
                    pod.name
                );
                self.series("haproxy_exporter_server_threshold", &labels, value);
            }
        }
    }

    fn requests(&mut self, pods: &[Pod]) {
        self.family("cluster:usage:workload:requests:rate5m");
        for pod in pods {
            for code in ["200", "201", "304", "404", "409", "500"] {
                let value = self.random.below(100_000);
                let labels = format!(
                    "container=\"{}\",code=\"{code}\",endpoint=\"https\",namespace=\"{}\",pod=\"{}\"",
                    pod.container, pod.namespace, pod.name
                );
                self.series("cluster:usage:workload:requests:rate5m", &labels, value);
            }
        }
    }

    fn family(&mut self, name: &str) {
        let _ = writeln!(self.text, "# TYPE {name} untyped");
    }

    fn series(&mut self, name: &str, labels: &str, value: u64) {
        let _ = writeln!(self.text, "{name}{{{labels},{FEDERATED}}} {value} {}", self.time_ms);
    }
}

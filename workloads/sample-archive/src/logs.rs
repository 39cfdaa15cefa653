//! Logs of the platform's pods, in klog's format.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::{Fault, SampleArchive, files::Files, pods::Pod, random::Random};

/// Lines in the log of a pod's errors.
const ERROR_LINES: usize = 86;

/// About how big one of the additional logs is.
const LOG_BYTES: usize = 512 << 10;

pub(crate) fn add(sample: &SampleArchive, pods: &[Pod], files: &mut Files) {
    let mut writer = LogWriter {
        random: sample.random("logs"),
        time: sample.gathered_at - TimeDelta::hours(2),
        text: String::new(),
    };
    for (position, pod) in pods.iter().enumerate() {
        for _ in 0..ERROR_LINES {
            writer.harmless_line();
        }
        if position == pods.len() / 2 && sample.has(Fault::PlatformOperatorPanic) {
            writer.panic();
        }
        files.text(log_path(pod, "current.log"), writer.finish(sample));
    }
    add_controller_manager_log(sample, &mut writer, files);
    add_bulk(sample, pods, &mut writer, files);
}

fn add_controller_manager_log(sample: &SampleArchive, writer: &mut LogWriter, files: &mut Files) {
    for attempt in 0..20 {
        writer.harmless_line();
        let removed = if attempt % 5 == 4 && sample.has(Fault::KcmGarbageCollectorResync) {
            "packages.operators.coreos.com/v1"
        } else {
            ""
        };
        writer.garbage_collector_sync(removed);
    }
    let path = "namespaces/openshift-kube-controller-manager/pods/kube-controller-manager-master-0.sample.example.com/\
                kube-controller-manager/current.log";
    files.text(path, writer.finish(sample));
}

/// The volume that was asked for, spread over the pods.
fn add_bulk(sample: &SampleArchive, pods: &[Pod], writer: &mut LogWriter, files: &mut Files) {
    let bytes = sample.logs_mib << 20;
    let logs = (bytes / LOG_BYTES).min(pods.len());
    for pod in &pods[..logs] {
        while writer.text.len() < bytes / logs {
            writer.harmless_line();
        }
        files.text(log_path(pod, "previous.log"), writer.finish(sample));
    }
}

/// Returns where the operator records a log since OpenShift 4.17.
fn log_path(pod: &Pod, file: &str) -> String {
    format!("namespaces/{}/pods/{}/{}/{file}", pod.namespace, pod.name, pod.container)
}

/// Writes one log after the other.
struct LogWriter {
    random: Random,
    time: DateTime<Utc>,
    text: String,
}

impl LogWriter {
    /// A line that no rule matches.
    fn harmless_line(&mut self) {
        let (level, source, text) = *self.random.pick(HARMLESS);
        self.head(level, source);
        let mut pieces = text.split('%');
        self.text.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let _ = write!(self.text, "{}{piece}", self.random.below(100_000));
        }
        self.text.push('\n');
    }

    fn panic(&mut self) {
        self.head('E', "runtime.go:79");
        self.text.push_str(
            "Observed a panic: \"invalid memory address or nil pointer dereference\" (runtime error: invalid memory address or nil pointer dereference)\n\
             goroutine 512 [running]:\n\
             k8s.io/apimachinery/pkg/util/runtime.logPanic({0x1f5b7e0?, 0x38b1c50})\n",
        );
    }

    fn garbage_collector_sync(&mut self, removed: &str) {
        self.head('I', "garbagecollector.go:244");
        let attempt = 1 + self.random.below(3);
        let _ = writeln!(
            self.text,
            "\"syncing garbage collector with updated resources from discovery (attempt {attempt}): added: [samples.example.com/v1, Resource=widgets], removed: [{removed}]\""
        );
    }

    /// The container runtime's time stamp and klog's own head.
    fn head(&mut self, level: char, source: &str) {
        let step = 1 + i64::try_from(self.random.below(40_000)).unwrap_or(0);
        self.time += TimeDelta::microseconds(step);
        let stamp = self.time.to_rfc3339_opts(SecondsFormat::Nanos, true);
        let _ =
            write!(self.text, "{stamp} {level}{}       1 {source}] ", self.time.format("%m%d %H:%M:%S%.6f"));
    }

    /// The log so far; the next one begins at the same time.
    fn finish(&mut self, sample: &SampleArchive) -> String {
        self.time = sample.gathered_at - TimeDelta::hours(2);
        std::mem::take(&mut self.text)
    }
}

/// Level, source and text; each `%` becomes a number. Some resemble lines that rules match.
const HARMLESS: &[(char, &str, &str)] = &[
    (
        'I',
        "event.go:377",
        "Event(v1.ObjectReference{Kind:\"Deployment\", Namespace:\"openshift-kube-apiserver-operator\", Name:\"kube-apiserver-operator\"}): type: 'Normal' reason: 'ObservedConfigChanged' Writing updated observed config, revision %",
    ),
    (
        'I',
        "status_controller.go:225",
        "clusteroperator diff {\"status\":{\"conditions\":[{\"message\":\"NodeInstallerProgressing: 3 nodes are at revision %\",\"type\":\"Progressing\"}]}}",
    ),
    (
        'I',
        "reflector.go:351",
        "Caches populated for *v1.ConfigMap from k8s.io/client-go@v0.31.1/tools/cache/reflector.go:%",
    ),
    (
        'I',
        "leaderelection.go:260",
        "successfully acquired lease openshift-config-operator/config-operator-lock, transition %",
    ),
    (
        'I',
        "httplog.go:132",
        "\"HTTP\" verb=\"GET\" URI=\"/api/v1/namespaces/openshift-monitoring/endpoints?resourceVersion=%\" latency=\"%us\" userAgent=\"Prometheus/2.55.1\" audit-ID=\"%\" srcIP=\"10.128.0.7:%\" resp=200",
    ),
    (
        'I',
        "controllermanager.go:797",
        "\"Started controller\" controller=\"resourcequota-controller\" worker=%",
    ),
    (
        'I',
        "trace.go:236",
        "Trace[%]: \"List\" accept:application/json,audit-id:%,client:10.0.1.12,protocol:HTTP/2.0,resource:secrets (total time: %ms)",
    ),
    (
        'W',
        "reflector.go:462",
        "watch of *v1.Secret ended with: an error on the server (\"unable to decode an event from the watch stream: http2: client connection lost\") has prevented the request from succeeding, retry %",
    ),
    (
        'W',
        "warnings.go:70",
        "apps.openshift.io/v1 DeploymentConfig is deprecated in v4.14+, unavailable in v4.10000+, seen % times",
    ),
    (
        'E',
        "leaderelection.go:332",
        "error retrieving resource lock openshift-controller-manager/controller-manager-lock: Get \"https://172.30.0.1:443/apis/coordination.k8s.io/v1/leases?timeout=%ms\": context deadline exceeded",
    ),
    (
        'E',
        "base_controller.go:268",
        "StatusSyncer_openshift-apiserver reconciliation failed: Operation cannot be fulfilled on clusteroperators: the object has been modified; retry %",
    ),
    ('I', "handler.go:142", "panic-recovery middleware enabled for % handlers, no panic in % requests"),
    ('I', "panic.go:31", "panics observed so far: 0, goroutines: %"),
    ('I', "garbagecollector.go:203", "\"synced garbage collector\" monitors=%"),
];

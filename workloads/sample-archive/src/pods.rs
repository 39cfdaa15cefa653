//! Pods of the platform.

use serde_json::{Value, json};

use crate::{Fault, SampleArchive, files::Files, nodes::Node, operators::OPERATORS, random::Random};

/// A pod of the sample cluster.
pub(crate) struct Pod {
    pub(crate) namespace: &'static str,
    pub(crate) name: String,
    pub(crate) container: &'static str,
    pub(crate) node: String,
}

impl Pod {
    /// All pods, spread over the operators' namespaces and the nodes.
    pub(crate) fn all(sample: &SampleArchive, nodes: &[Node]) -> Vec<Self> {
        let mut random = sample.random("pod names");
        let pod = |number: usize| {
            let (container, namespace) = OPERATORS[number % OPERATORS.len()];
            Self {
                namespace,
                name: format!("{container}-{}-{}", random.suffix(10), random.suffix(5)),
                container,
                node: nodes[number % nodes.len()].name.clone(),
            }
        };
        (0..sample.pods.max(1)).map(pod).collect()
    }
}

pub(crate) fn add(sample: &SampleArchive, pods: &[Pod], files: &mut Files) {
    let mut random = sample.random("pods");
    for (position, pod) in pods.iter().enumerate() {
        let is_crash_looping = position == 0 && sample.has(Fault::PlatformPodCrashLooping);
        let pod_json = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata(sample, pod, &mut random),
            "spec": spec(sample, pod, &mut random),
            "status": status(sample, pod, is_crash_looping, &mut random),
        });
        files.json(format!("config/pod/{}/{}.json", pod.namespace, pod.name), &pod_json);
    }
}

fn metadata(sample: &SampleArchive, pod: &Pod, random: &mut Random) -> Value {
    let network_status = json!([{
        "name": "ovn-kubernetes", "interface": "eth0", "ips": [format!("10.128.{}.{}", random.below(250), random.below(250))],
        "mac": "0a:58:0a:80:00:1f", "default": true, "dns": {},
    }]);
    json!({
        "name": pod.name,
        "generateName": format!("{}-", pod.container),
        "namespace": pod.namespace,
        "uid": random.uuid(),
        "resourceVersion": (1_000_000 + random.below(900_000)).to_string(),
        "creationTimestamp": sample.minutes_ago(14 * 24 * 60),
        "labels": { "app": pod.container, "pod-template-hash": random.suffix(10) },
        "annotations": {
            "k8s.v1.cni.cncf.io/network-status": network_status.to_string(),
            "openshift.io/scc": "restricted-v2",
            "seccomp.security.alpha.kubernetes.io/pod": "runtime/default",
            "target.workload.openshift.io/management": "{\"effect\": \"PreferredDuringScheduling\"}",
        },
        "ownerReferences": [{
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": pod.container, "uid": random.uuid(), "controller": true, "blockOwnerDeletion": true,
        }],
        "managedFields": managed_fields(sample, pod),
    })
}

fn spec(sample: &SampleArchive, pod: &Pod, random: &mut Random) -> Value {
    json!({
        "containers": [container(sample, pod.container, random), container(sample, "kube-rbac-proxy", random)],
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": true,
        "nodeName": pod.node,
        "nodeSelector": { "kubernetes.io/os": "linux", "node-role.kubernetes.io/master": "" },
        "preemptionPolicy": "PreemptLowerPriority",
        "priority": 2_000_000_000,
        "priorityClassName": "system-cluster-critical",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": { "fsGroup": 1_000_450_000, "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
        "serviceAccount": pod.container,
        "serviceAccountName": pod.container,
        "terminationGracePeriodSeconds": 30,
        "tolerations": [
            { "effect": "NoSchedule", "key": "node-role.kubernetes.io/master", "operator": "Exists" },
            { "effect": "NoExecute", "key": "node.kubernetes.io/unreachable", "operator": "Exists", "tolerationSeconds": 120 },
            { "effect": "NoExecute", "key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 120 },
            { "effect": "NoSchedule", "key": "node.kubernetes.io/memory-pressure", "operator": "Exists" },
        ],
        "volumes": [
            { "name": "serving-cert", "secret": { "defaultMode": 420, "optional": true, "secretName": format!("{}-serving-cert", pod.container) } },
            { "name": "config", "configMap": { "defaultMode": 420, "name": format!("{}-config", pod.container) } },
            { "name": "trusted-ca-bundle", "configMap": { "defaultMode": 420, "name": "trusted-ca-bundle", "items": [{ "key": "ca-bundle.crt", "path": "tls-ca-bundle.pem" }] } },
            { "name": format!("kube-api-access-{}", random.suffix(5)), "projected": { "defaultMode": 420, "sources": [
                { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
                { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
                { "downwardAPI": { "items": [{ "path": "namespace", "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } }] } },
                { "configMap": { "name": "openshift-service-ca.crt", "items": [{ "key": "service-ca.crt", "path": "service-ca.crt" }] } },
            ] } },
        ],
    })
}

fn container(sample: &SampleArchive, name: &str, random: &mut Random) -> Value {
    json!({
        "name": name,
        "image": image(random),
        "imagePullPolicy": "IfNotPresent",
        "args": ["start", "-v=2", "--config=/var/run/configmaps/config/config.yaml", "--terminate-on-files=/var/run/secrets/serving-cert/tls.crt"],
        "command": [format!("{name}-operator")],
        "env": [
            { "name": "RELEASE_VERSION", "value": sample.version },
            { "name": "IMAGE", "value": image(random) },
            { "name": "OPERAND_IMAGE", "value": image(random) },
            { "name": "OPERATOR_IMAGE_VERSION", "value": sample.version },
            { "name": "POD_NAME", "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.name" } } },
            { "name": "GODEBUG", "value": "x509ignoreCN=0" },
        ],
        "livenessProbe": probe(30),
        "readinessProbe": probe(5),
        "ports": [{ "containerPort": 8443, "name": "metrics", "protocol": "TCP" }],
        "resources": { "requests": { "cpu": "10m", "memory": "50Mi" } },
        "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] }, "readOnlyRootFilesystem": true },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            { "mountPath": "/var/run/configmaps/config", "name": "config" },
            { "mountPath": "/var/run/secrets/serving-cert", "name": "serving-cert" },
            { "mountPath": "/var/run/configmaps/trusted-ca-bundle", "name": "trusted-ca-bundle", "readOnly": true },
        ],
    })
}

fn probe(delay_seconds: u64) -> Value {
    json!({
        "failureThreshold": 3, "httpGet": { "path": "/healthz", "port": 8443, "scheme": "HTTPS" },
        "initialDelaySeconds": delay_seconds, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1,
    })
}

fn status(sample: &SampleArchive, pod: &Pod, is_crash_looping: bool, random: &mut Random) -> Value {
    let started = sample.minutes_ago(14 * 24 * 60 - 1);
    let ready = if is_crash_looping { "False" } else { "True" };
    let condition = |kind: &str, status: &str| json!({ "type": kind, "status": status, "lastProbeTime": null, "lastTransitionTime": started });
    let mut operand = container_status(pod.container, &started, random);
    if is_crash_looping {
        crash_loop(sample, &mut operand);
    }
    json!({
        "phase": "Running",
        "qosClass": "Burstable",
        "startTime": started,
        "hostIP": "10.0.1.10",
        "podIP": format!("10.128.{}.{}", random.below(250), random.below(250)),
        "conditions": [
            condition("PodReadyToStartContainers", "True"),
            condition("Initialized", "True"),
            condition("Ready", ready),
            condition("ContainersReady", ready),
            condition("PodScheduled", "True"),
        ],
        "containerStatuses": [operand, container_status("kube-rbac-proxy", &started, random)],
    })
}

fn container_status(name: &str, started: &str, random: &mut Random) -> Value {
    json!({
        "name": name,
        "containerID": format!("cri-o://{}", random.sha256()),
        "image": image(random),
        "imageID": image(random),
        "lastState": {},
        "ready": true,
        "restartCount": random.below(3),
        "started": true,
        "state": { "running": { "startedAt": started } },
    })
}

fn crash_loop(sample: &SampleArchive, status: &mut Value) {
    status["ready"] = false.into();
    status["started"] = false.into();
    status["restartCount"] = 27.into();
    status["state"] = json!({ "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container" } });
    status["lastState"] = json!({ "terminated": {
        "exitCode": 255, "reason": "Error", "startedAt": sample.minutes_ago(7), "finishedAt": sample.minutes_ago(6),
    } });
}

fn image(random: &mut Random) -> String {
    format!("quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:{}", random.sha256())
}

fn managed_fields(sample: &SampleArchive, pod: &Pod) -> Value {
    let container_key = format!("k:{{\"name\":\"{}\"}}", pod.container);
    json!([
        { "apiVersion": "v1", "manager": "kube-controller-manager", "operation": "Update", "time": sample.minutes_ago(14 * 24 * 60),
          "fieldsType": "FieldsV1", "fieldsV1": {
            "f:metadata": { "f:annotations": { ".": {}, "f:openshift.io/scc": {} }, "f:generateName": {}, "f:labels": { ".": {}, "f:app": {} } },
            "f:spec": { "f:containers": { container_key: {
                ".": {}, "f:args": {}, "f:command": {}, "f:env": { ".": {}, "k:{\"name\":\"IMAGE\"}": { ".": {}, "f:name": {}, "f:value": {} } },
                "f:image": {}, "f:imagePullPolicy": {}, "f:livenessProbe": {}, "f:name": {}, "f:ports": {}, "f:readinessProbe": {},
                "f:resources": { ".": {}, "f:requests": { ".": {}, "f:cpu": {}, "f:memory": {} } }, "f:securityContext": {}, "f:volumeMounts": {},
            } }, "f:dnsPolicy": {}, "f:enableServiceLinks": {}, "f:nodeSelector": {}, "f:priorityClassName": {}, "f:tolerations": {}, "f:volumes": {} } } },
        { "apiVersion": "v1", "manager": "kubelet", "operation": "Update", "subresource": "status", "time": sample.minutes_ago(14 * 24 * 60 - 1),
          "fieldsType": "FieldsV1", "fieldsV1": { "f:status": { "f:conditions": {}, "f:containerStatuses": {}, "f:hostIP": {}, "f:phase": {}, "f:podIP": {}, "f:startTime": {} } } },
    ])
}

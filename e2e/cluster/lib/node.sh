# shellcheck shell=bash
# Starts a node beside a running control plane: network, containerd, kubelet, scheduler, kube-proxy. Sourced.
#
# The sourcing script has set, in addition to the variables of control-plane.sh:
#   sockets      a folder with a short name: the path of a socket has at most 107 characters
#   pod_network  the network of the pods' addresses, without its last number; the node itself is number 1
: "${sockets:?}" "${pod_network:?}"

readonly node=ccx-node bridge=ccx-pods

# Runs before the control plane, which advertises the node's address.
network_up() {
  sysctl -qw net.ipv4.ip_forward=1
  # Otherwise traffic between pods bypasses the rules of Services.
  modprobe br_netfilter 2>/dev/null || true
  sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true
  ip link show "$bridge" >/dev/null 2>&1 && return
  [ -z "$(ip route show root "$pod_network.0/24")" ] || die "$pod_network.0/24 is in use here: set POD_NETWORK to a free network"
  ip link add "$bridge" type bridge
  ip link set "$bridge" address 0a:58:0a:00:00:01 # A bridge without an address of its own changes it with each pod that comes.
  ip address add "$pod_network.1/24" dev "$bridge"
  ip link set "$bridge" up
}

node_up() {
  mkdir -p "$sockets" "$state"/{containerd,kubelet,volumes,kube-scheduler,kube-proxy}
  certificate "$state/certificates" kubelet "/O=system:nodes/CN=system:node:$node" "DNS:$node,IP:$address"
  certificate "$state/certificates" kube-scheduler /CN=system:kube-scheduler
  certificate "$state/certificates" kube-proxy /CN=system:kube-proxy
  containerd_up
  kubelet_up
  scheduler_up
  proxy_up
  volumes_up
  kubectl apply -f <(sed "s/{dns_address}/$service_network.0.10/" "$sources/manifests/base.yaml") >/dev/null
  server_wait "$state/kubelet" is_true 'node/ccx-node' 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' True
  server_wait "$state/kubelet" is_true '-n kube-system deployment/coredns' 'jsonpath={.status.readyReplicas}' 1
}

# is_true OBJECT OUTPUT VALUE
is_true() {
  # shellcheck disable=SC2086 # OBJECT is several words.
  [ "$(kubectl get $1 --output "$2")" = "$3" ]
}

# Every path is in our own folders, so that all of it can be removed and no other containerd is affected.
containerd_up() {
  local folder=$state/containerd
  server_alive "$folder" && return
  cat >"$folder/config.toml" <<TOML
version = 2
root = "$folder/root"
state = "$sockets/containerd"
oom_score = 0

[grpc]
address = "$sockets/containerd.sock"

[plugins."io.containerd.internal.v1.opt"]
path = "$folder/opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/pause:e2e"
disable_apparmor = true
# In a container or a small virtual machine, root may lack the permission to lower its OOM score.
restrict_oom_score_adj = true
# In our own folder, where the teardown of the cluster finds them.
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "$folder/cni"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
TOML
  pod_network_config
  server_start "$folder" containerd --config "$folder/config.toml"
  server_wait "$folder" containers_answer
  load "$images"/*.tar
}

containers_answer() { containers version >/dev/null; }

pod_network_config() {
  mkdir -p "$state/containerd/cni"
  cat >"$state/containerd/cni/pods.conflist" <<JSON
{
  "cniVersion": "0.4.0",
  "name": "pods",
  "plugins": [
    {
      "type": "bridge", "bridge": "$bridge", "isGateway": true, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": "$sockets/addresses", "routes": [{"dst": "0.0.0.0/0"}],
        "ranges": [[{"subnet": "$pod_network.0/24", "gateway": "$pod_network.1"}]]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
JSON
}

kubelet_up() {
  local folder=$state/kubelet
  server_alive "$folder" && return
  kubeconfig "$state/certificates" kubelet "https://127.0.0.1:$api_port" "$folder/kubeconfig"
  cat >"$folder/config.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
port: $kubelet_port
healthzPort: 0
readOnlyPort: 0
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: "$state/certificates/ca.crt"}}
authorization: {mode: Webhook}
tlsCertFile: "$state/certificates/kubelet.crt"
tlsPrivateKeyFile: "$state/certificates/kubelet.key"
containerRuntimeEndpoint: "unix://$sockets/containerd.sock"
cgroupDriver: cgroupfs
failSwapOn: false
# Settings that root may not change here are skipped, with a line in the log.
featureGates: {KubeletInUserNamespace: true}
clusterDomain: cluster.local
clusterDNS: ["$service_network.0.10"]
# External names are not resolved in pods: a query for one fails at once.
resolvConf: ""
# An image that is garbage-collected could not be pulled again.
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1%}
# Otherwise it leaves chains in iptables.
makeIPTablesUtilChains: false
nodeStatusUpdateFrequency: 5s
syncFrequency: 10s
YAML
  start kubelet --root-dir "$folder/root" --config "$folder/config.yaml" --kubeconfig "$folder/kubeconfig" \
    --hostname-override "$node" --node-ip "$address"
}

scheduler_up() {
  local folder=$state/kube-scheduler
  kubeconfig "$state/certificates" kube-scheduler "https://127.0.0.1:$api_port" "$folder/kubeconfig"
  start kube-scheduler --kubeconfig "$folder/kubeconfig" --secure-port 0 --leader-elect=false --profiling=false \
    --kube-api-qps 200 --kube-api-burst 400
}

# The machine's limits of connection tracking are unchanged.
proxy_up() {
  local folder=$state/kube-proxy
  kubeconfig "$state/certificates" kube-proxy "https://127.0.0.1:$api_port" "$folder/kubeconfig"
  start kube-proxy --kubeconfig "$folder/kubeconfig" --proxy-mode iptables --cluster-cidr "$pod_network.0/24" \
    --hostname-override "$node" --nodeport-addresses primary \
    --metrics-bind-address "127.0.0.1:$proxy_metrics_port" --healthz-bind-address "127.0.0.1:$proxy_health_port" \
    --conntrack-max-per-core 0 --conntrack-min 0 \
    --conntrack-tcp-timeout-established 0s --conntrack-tcp-timeout-close-wait 0s
}

# The controllers' hostPath provisioner creates folders that only root can write to, and kubelet applies no fsGroup to them. Storage of
# real clusters is writable for the pod's fsGroup; here it is writable for all users.
volumes_up() {
  server_alive "$state/volumes" && return
  # shellcheck disable=SC2016 # For the other shell.
  server_start "$state/volumes" bash -c 'while sleep 0.3; do chmod -f 777 "$1"/*; done' "$state/volumes" "$volumes"
}

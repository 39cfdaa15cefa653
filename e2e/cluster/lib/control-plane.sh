# shellcheck shell=bash
# Starts etcd, the API server and the controller manager, which need no node and no root. Sourced after the other libraries.
#
# The sourcing script has set:
#   state            the folder of one instance: certificates, kubeconfig, and for each program a folder with its pid and log
#   address          the address of the API server for clients and pods; its listen address is derived from it
#   service_network  the network of the Services' addresses, without its last two numbers
: "${state:?}" "${address:?}" "${service_network:?}" "${audit_log=}"

api_port='' etcd_port='' etcd_peer_port='' # Chosen at the first start, like those of a node.
export kubelet_port='' proxy_metrics_port='' proxy_health_port=''

control_plane_up() {
  mkdir -p "$state"
  [ -f "$state/ports" ] || choose_ports
  # shellcheck source=/dev/null
  source "$state/ports"
  control_plane_certificates
  etcd_up
  api_server_up
  controllers_up
  # Namespaces are usable as soon as the default service account exists.
  server_wait "$state/kube-controller-manager" api /api/v1/namespaces/default/serviceaccounts/default
}

# Its data is removed with it, so writes need not be finished.
control_plane_down() {
  local name
  for name in kube-controller-manager kube-apiserver etcd; do server_stop "$state/$name" KILL; done
}

# Free ports, so that several instances can run in parallel.
choose_ports() {
  local name
  for name in api etcd etcd_peer kubelet proxy_metrics proxy_health; do echo "${name}_port=$(free_port)"; done >"$state/ports"
}

control_plane_certificates() {
  local folder=$state/certificates
  local names=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
  authority "$folder"
  certificate "$folder" kube-apiserver /O=system:masters/CN=kube-apiserver "$names,IP:127.0.0.1,IP:$address,IP:$service_network.0.1"
  certificate "$folder" front-proxy /CN=front-proxy
  certificate "$folder" admin /O=system:masters/CN=admin
  certificate "$folder" kube-controller-manager /CN=system:kube-controller-manager
  kubeconfig "$folder" admin "https://127.0.0.1:$api_port" "$state/kubeconfig"
}

# start NAME ARGUMENTS...: starts a program of Kubernetes, unless it is running.
start() {
  local folder=$state/$1 name=$1
  shift
  server_alive "$folder" && return
  mkdir -p "$folder"
  server_start "$folder" "$(program "$name")" "$@"
}

# It listens on loopback without authentication: it has only the data of tests.
etcd_up() {
  start etcd --data-dir "$state/etcd/data" --unsafe-no-fsync --logger zap --log-level warn \
    --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
    --listen-peer-urls "http://127.0.0.1:$etcd_peer_port" --initial-advertise-peer-urls "http://127.0.0.1:$etcd_peer_port" \
    --initial-cluster "default=http://127.0.0.1:$etcd_peer_port"
}

# As on OpenShift, the creator of an object that blocks its owner's deletion needs the permission for it.
api_server_up() {
  local certificates=$state/certificates
  # shellcheck disable=SC2046 # Several words.
  start kube-apiserver --cert-dir "$state/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd_port" \
    --secure-port "$api_port" --advertise-address "$address" $(reachability) \
    --service-cluster-ip-range "$service_network.0.0/16" --allow-privileged --profiling=false \
    --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction,OwnerReferencesPermissionEnforcement \
    --client-ca-file "$certificates/ca.crt" \
    --tls-cert-file "$certificates/kube-apiserver.crt" --tls-private-key-file "$certificates/kube-apiserver.key" \
    --service-account-issuer https://kubernetes.default.svc.cluster.local \
    --service-account-key-file "$certificates/service-accounts.pub" \
    --service-account-signing-key-file "$certificates/service-accounts.key" \
    --kubelet-certificate-authority "$certificates/ca.crt" --kubelet-preferred-address-types InternalIP \
    --kubelet-client-certificate "$certificates/kube-apiserver.crt" --kubelet-client-key "$certificates/kube-apiserver.key" \
    --requestheader-client-ca-file "$certificates/ca.crt" --requestheader-allowed-names front-proxy \
    --requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group \
    --requestheader-extra-headers-prefix X-Remote-Extra- --enable-aggregator-routing \
    --proxy-client-cert-file "$certificates/front-proxy.crt" --proxy-client-key-file "$certificates/front-proxy.key"
  server_wait "$state/kube-apiserver" api /readyz
}

# A node's address is advertised to pods; loopback can't be an endpoint of a Service, so it is not. A node's API server also writes
# the audit log `audit_log`.
reachability() {
  if [ "$address" = 127.0.0.1 ]; then
    echo --bind-address 127.0.0.1 --endpoint-reconciler-type none
  else
    echo --bind-address 0.0.0.0 --audit-log-path "$audit_log" --audit-policy-file "$sources/manifests/audit.yaml"
  fi
}

# Each controller uses its own service account, as on real clusters; the default of 20 requests per second is too low for a test, and
# the default delays of the autoscaler are too long.
controllers_up() {
  local folder=$state/kube-controller-manager certificates=$state/certificates
  mkdir -p "$folder"
  kubeconfig "$certificates" kube-controller-manager "https://127.0.0.1:$api_port" "$folder/kubeconfig"
  start kube-controller-manager --kubeconfig "$folder/kubeconfig" --secure-port 0 --leader-elect=false --profiling=false \
    --use-service-account-credentials --service-account-private-key-file "$certificates/service-accounts.key" \
    --root-ca-file "$certificates/ca.crt" --kube-api-qps 200 --kube-api-burst 400 --enable-hostpath-provisioner \
    --cluster-signing-cert-file "$certificates/ca.crt" --cluster-signing-key-file "$certificates/ca.key" \
    --horizontal-pod-autoscaler-sync-period 5s --horizontal-pod-autoscaler-initial-readiness-delay 5s \
    --horizontal-pod-autoscaler-cpu-initialization-period 10s --horizontal-pod-autoscaler-downscale-stabilization 20s
}

# api PATH: requests the path from the API server as admin; fails unless the status is a success.
api() {
  local certificates=$state/certificates
  curl --silent --fail --output /dev/null --noproxy '*' --max-time 5 --cacert "$certificates/ca.crt" \
    --cert "$certificates/admin.crt" --key "$certificates/admin.key" "https://127.0.0.1:$api_port$1"
}

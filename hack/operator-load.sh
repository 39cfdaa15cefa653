#!/usr/bin/env bash
# Measures the operator with many resources: memory and CPU time, idle, under load and settled.
#
#   hack/operator-load.sh PROGRAM [RESOURCES]   measure the built program PROGRAM with RESOURCES resources (1000); an hour
#
# It starts a Kubernetes API without controllers and nodes, and reports workloads as ready in their place, so that resources settle
# without a pod. Then it creates the pods of all workloads, with the status of pods that run. It has the requirements of
# hack/kubernetes.sh.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=hack/lib/server.sh
source "$root/hack/lib/server.sh"
# shellcheck source=e2e/cluster/lib/programs.sh
source "$root/e2e/cluster/lib/programs.sh"

# Several resyncs, and longer than the life of a watch.
readonly window_seconds=360

# Seconds until the operator's threads are idle.
readonly rest_seconds=30

readonly namespace=load
state='' operator='' listen=''

main() {
  case "${1:-}" in '' | help | -h | --help) usage && return ;; esac
  local program=$1 resources=${2:-1000}
  state=$(mktemp -d "${TMPDIR:-/tmp}/ccx-operator-load.XXXXXX")
  trap stop EXIT
  start_kubernetes "$program"
  start_operator "$program"
  sleep "$rest_seconds"
  memory idle
  make "$resources"
  sleep "$rest_seconds"
  memory "$resources resources settled"
  start_idle "$program"
  measure_resync
  make_pods
  sleep "$rest_seconds"
  memory "$resources resources with their pods settled"
  measure_resync
  memory "$resources resources with their pods settled, later"
  restart "$program" "$resources"
}

start_kubernetes() {
  KUBERNETES_DATA=$state "$root/hack/kubernetes.sh" up >&2
  export KUBECONFIG=$state/kubeconfig
  server_stop "$state/kube-controller-manager"
  "$1" crd | kubectl apply --server-side -f - >/dev/null
  kubectl create namespace "$namespace" >/dev/null
}

start_operator() {
  listen=127.0.0.1:$(free_port)
  mkdir -p "$state/operator"
  # A link in that folder, by which its process is recognised.
  ln -sf "$(realpath "$1")" "$state/operator/ccx-operator"
  export MIMALLOC_PURGE_DELAY=0 MIMALLOC_PAGE_FULL_RETAIN=0 MIMALLOC_GENERIC_COLLECT=100 # As in images/ccx-operator/Containerfile.
  POD_NAMESPACE=default CCX_OPERATOR_LISTEN=$listen server_start "$state/operator" "$state/operator/ccx-operator" run
  operator=$(cat "$state/operator/pid")
  server_wait "$state/operator" is_leading
}

# start_idle PROGRAM: starts an operator of an empty namespace, which has the same watches and renews a Lease, too.
start_idle() {
  kubectl create namespace idle >/dev/null
  mkdir -p "$state/idle"
  ln -sf "$(realpath "$1")" "$state/idle/ccx-operator"
  POD_NAMESPACE=default CCX_OPERATOR_LISTEN=127.0.0.1:$(free_port) \
    server_start "$state/idle" "$state/idle/ccx-operator" run --lease idle --namespaces idle
  sleep "$rest_seconds"
}

stop() {
  server_stop "$state/idle"
  server_stop "$state/operator"
  KUBERNETES_DATA=$state "$root/hack/kubernetes.sh" down
}

kubectl() { "$(program kubectl)" "$@"; }

# metric PATTERN: the value of the metric; 0 if it is absent.
metric() { curl --silent --noproxy '*' "http://$listen/metrics" | awk -v name="$1" '$1 == name { value = $2 } END { printf "%.9g", value + 0 }'; }

is_leading() { [ "$(metric ccx_operator_leader)" = 1 ]; }

# make COUNT: creates resources and waits until all are settled.
make() {
  local started=$SECONDS api etcd before_operator before_api before_etcd
  api=$(cat "$state/kube-apiserver/pid") etcd=$(cat "$state/etcd/pid")
  before_operator=$(cpu_us "$operator") before_api=$(cpu_us "$api") before_etcd=$(cpu_us "$etcd")
  resources "$1" | kubectl create -f - >/dev/null &
  until_settled "$1"
  wait $!
  echo "$1 resources created and settled: $((SECONDS - started)) s; processor time of the operator" \
    "$(seconds $(($(cpu_us "$operator") - before_operator))) s, of the API server" \
    "$(seconds $(($(cpu_us "$api") - before_api))) s, of etcd $(seconds $(($(cpu_us "$etcd") - before_etcd))) s"
  memory "at most"
}

resources() {
  local number
  for number in $(seq "$1"); do
    cat <<YAML
---
apiVersion: ccx.openshift.io/v1alpha1
kind: CcxPipeline
metadata: {name: p$number, namespace: $namespace}
spec:
  kafka: {bootstrapServers: ["kafka:9092"]}
  objectStorage: {bucket: insights-upload}
YAML
  done
}

until_settled() {
  local deadline=$((SECONDS + 1800))
  until [ "$(metric 'ccx_operator_pipelines{condition="Ready",status="True"}')" = "$1" ] && is_at_rest; do
    ((SECONDS < deadline)) || die "only $(metric 'ccx_operator_pipelines{condition="Ready",status="True"}') resources are ready"
    set_ready
    sleep 1
  done
}

is_at_rest() { [ "$(metric ccx_operator_queue_depth)" = 0 ]; }

# set_ready: updates the status of new workloads as controllers and nodes would.
set_ready() {
  local rollout='"observedGeneration":\2,"replicas":\3,"readyReplicas":\3,"updatedReplicas":\3,"availableReplicas":\3'
  local now
  now=$(date --utc +%Y-%m-%dT%H:%M:%SZ)
  local complete='"status":"True","lastTransitionTime":"'$now'","lastProbeTime":"'$now'"'
  local success='"startTime":"'$now'","completionTime":"'$now'","succeeded":1,"ready":0,"uncountedTerminatedPods":{}'
  success+=',"conditions":[{"type":"SuccessCriteriaMet",'$complete'},{"type":"Complete",'$complete'}]'
  {
    unready deployments | patches apps/v1 deployments "$rollout"
    unready statefulsets | patches apps/v1 statefulsets "$rollout"
    list jobs :.status.succeeded | awk '$2 != 1' | patches batch/v1 jobs "$success"
    list persistentvolumeclaims :.status.phase | awk '$2 != "Bound"' | patches v1 persistentvolumeclaims '"phase":"Bound"'
  } | sed 1d >"$state/patches"
  [ ! -s "$state/patches" ] || curl --silent --noproxy '*' --parallel --parallel-max 4 --config "$state/patches" &>/dev/null
}

# list KIND COLUMN...: prints the names and these columns.
list() {
  local kind=$1 columns=:.metadata.name
  shift
  columns+=$(printf ',%s' "$@")
  kubectl get "$kind" --namespace "$namespace" --no-headers --output "custom-columns=$columns" 2>/dev/null
}

# unready KIND: prints name, generation and replicas of the objects that are not ready in this generation.
unready() {
  list "$1" :.metadata.generation :.spec.replicas :.status.observedGeneration :.status.readyReplicas |
    awk '$2 != $4 || $3 != $5 { print $1, $2, $3 }'
}

# patches API_VERSION PLURAL STATUS: prints a curl configuration that sets this status on each object of the input; \2 and \3 are the
# second and third column of its line.
patches() {
  local path=apis/$1 status=${3//\"/\\\\\"}
  [ "$1" != v1 ] || path=api/v1
  local certificates=$state/certificates
  # shellcheck source=/dev/null
  source "$state/ports"
  sed -E 's/ +/ /g' | sed -E "s#^([^ ]+) ?([^ ]*) ?([^ ]*).*#next\n\
url = \"https://127.0.0.1:${api_port:?}/$path/namespaces/$namespace/$2/\\1/status\"\n\
request = PATCH\n\
header = \"Content-Type: application/merge-patch+json\"\n\
data = \"{\\\\\"status\\\\\":{$status}}\"\n\
cacert = $certificates/ca.crt\ncert = $certificates/admin.crt\nkey = $certificates/admin.key#"
}

# make_pods: creates the pods of all workloads, from their templates, and reports them as ready.
make_pods() {
  local started=$SECONDS before_operator before_api
  before_operator=$(cpu_us "$operator") before_api=$(cpu_us "$(cat "$state/kube-apiserver/pid")")
  { templates deployments && templates statefulsets; } | pods >"$state/pods"
  curl --silent --noproxy '*' --parallel --parallel-max 4 --config "$state/pods" &>/dev/null
  local running='"phase":"Running","podIP":"127.0.0.1","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":'
  running+='[{"name":"main","image":"i","imageID":"","ready":true,"restartCount":0,"state":{"running":{}}}]'
  list pods :.status.phase | awk '$2 != "Running"' | patches v1 pods "$running" | sed 1d >"$state/patches"
  curl --silent --noproxy '*' --parallel --parallel-max 4 --config "$state/patches" &>/dev/null
  until is_at_rest; do sleep 1; done
  echo "$(list pods :.status.phase | grep -c Running) pods created and ready: $((SECONDS - started)) s; processor time of the operator" \
    "$(seconds $(($(cpu_us "$operator") - before_operator))) s, of the API server" \
    "$(seconds $(($(cpu_us "$(cat "$state/kube-apiserver/pid")") - before_api))) s"
  memory "at most"
}

# templates KIND: prints name, replicas and pod template of each object, a line each.
templates() {
  local path='{range .items[*]}{.metadata.name}{" "}{.spec.replicas}{" "}{.spec.template}{"\n"}{end}'
  kubectl get "$1" --namespace "$namespace" --output "jsonpath=$path"
}

# pods: prints a curl configuration that creates the pods of the templates in its input.
pods() {
  local certificates=$state/certificates
  # shellcheck source=/dev/null
  source "$state/ports"
  awk -v url="https://127.0.0.1:${api_port:?}/api/v1/namespaces/$namespace/pods" -v certificates="$certificates" '{
    name = $1; replicas = $2; sub(/^[^ ]+ [^ ]+ /, "")
    for (number = 0; number < replicas; number++) {
      pod = $0
      sub(/^[{]"metadata":[{]/, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"" name "-" number "\",", pod)
      gsub(/\\/, "\\\\", pod); gsub(/"/, "\\\"", pod)
      printf "%surl = \"%s\"\nrequest = POST\nheader = \"Content-Type: application/json\"\ndata = \"%s\"\n", separator, url, pod
      printf "cacert = %s/ca.crt\ncert = %s/admin.crt\nkey = %s/admin.key\n", certificates, certificates, certificates
      separator = "next\n"
    }
  }'
}

# measure_resync: measures the CPU time of no-op reconciles: beyond that of the idle process in the same time, and that of them alone.
measure_resync() {
  local idle noops cpu idle_cpu requests seconds
  idle=$(cat "$state/idle/pid")
  noops=$(settled_reconciles) seconds=$(reconcile_seconds) requests=$(api_requests)
  cpu=$(cpu_us "$operator") idle_cpu=$(cpu_us "$idle")
  sleep "$window_seconds"
  cpu=$(($(cpu_us "$operator") - cpu)) idle_cpu=$(($(cpu_us "$idle") - idle_cpu))
  requests=$(($(api_requests) - requests)) noops=$(($(settled_reconciles) - noops))
  ((noops > 0)) || die "no resource was reconciled again within $window_seconds s"
  awk -v seconds="$(reconcile_seconds)" -v before="$seconds" -v noops="$noops" -v window="$window_seconds" -v cpu="$cpu" -v idle="$idle_cpu" '
    BEGIN {
      printf "%d no-op reconciles of settled resources in %d s: CPU time %d us, of an idle process %d us:", noops, window, cpu, idle
      printf " %.1f us more for each; they alone took %.2f us each\n", (cpu - idle) / noops, (seconds - before) * 1e6 / noops
    }'
  echo "requests to the API server in this time, other than watches and Leases: $requests"
}

# api_requests: prints the number of requests so far, without those of this script for the metrics themselves.
api_requests() {
  kubectl get --raw /metrics | grep '^apiserver_request_total' | grep --invert-match --extended-regexp \
    'verb="WATCH"|resource="(leases|)"|resource="(flowschemas|prioritylevelconfigurations|apiservices|endpoints|endpointslices|services|namespaces)"' |
    awk '{ total += $NF } END { printf "%d", total }'
}

reconcile_seconds() { metric ccx_operator_reconcile_seconds_sum; }

settled_reconciles() { metric 'ccx_operator_reconciles_total{result="up_to_date"}'; }

# restart: measures a process that starts in a cluster with many resources.
restart() {
  local started=$SECONDS
  server_stop "$state/operator"
  start_operator "$1"
  until_settled "$2"
  echo "restarted beside $2 settled resources: $((SECONDS - started)) s"
  sleep "$rest_seconds"
  memory "after that"
}

# memory WHEN
memory() {
  awk -v when="$1" '
    { sub(":", "", $1); kilobytes[$1] = $2 }
    END { printf "%s: %.1f MB resident, of it its own %.1f MB, files %.1f MB; at most so far %.1f MB\n", when,
      kilobytes["VmRSS"] * 1.024e-3, kilobytes["RssAnon"] * 1.024e-3, kilobytes["RssFile"] * 1.024e-3, kilobytes["VmHWM"] * 1.024e-3
    }' "/proc/$operator/status"
}

# cpu_us PID: prints the CPU time of all threads.
cpu_us() { cat "/proc/$1"/task/*/schedstat | awk '{ ns += $1 } END { printf "%d", ns / 1000 }'; }

seconds() { awk -v us="$1" 'BEGIN { printf "%.1f", us / 1e6 }'; }

main "$@"

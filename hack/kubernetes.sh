#!/usr/bin/env bash
# Runs a Kubernetes control plane without nodes on this machine, for tests and development: etcd, API server and controller manager.
# Objects are stored, defaulted, validated and garbage-collected as on a real cluster; pods stay pending.
#
#   hack/kubernetes.sh up               start it (the first start builds it from the Go module proxy: minutes)
#   hack/kubernetes.sh down             stop it and remove its data
#   hack/kubernetes.sh status           print its address; fails when it is not running
#   hack/kubernetes.sh kubectl ...      run kubectl against it
#   hack/kubernetes.sh env              print a line to `eval` that sets KUBECONFIG
#   hack/kubernetes.sh run COMMAND...   run a command with a new control plane, which is then removed; KUBECONFIG and, for
#                                       tests, CCX_TEST_KUBECONFIG are set, and kubectl and helm are in PATH; if
#                                       CCX_TEST_KUBECONFIG is set already, nothing is started and the tests use that
#                                       cluster: they create namespaces and install the CRD
#   hack/kubernetes.sh tools            build helm
#
# e2e/cluster/cluster.sh starts a cluster that also runs pods. This script needs curl and openssl, and Go 1.26 or newer for the
# build, but no root. Environment variables:
#
#   KUBERNETES_DATA     folder of its data                                        (/tmp/ccx-kubernetes-UID)
#   KUBERNETES_HOME     folder of the programs                                    (~/.cache/ccx/kubernetes-VERSION)
#   KUBEBUILDER_ASSETS  a folder with etcd, kube-apiserver and possibly others, which are then not built
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=hack/lib/server.sh
source "$root/hack/lib/server.sh"
# shellcheck source=e2e/cluster/lib/programs.sh
source "$root/e2e/cluster/lib/programs.sh"
# shellcheck source=e2e/cluster/lib/certificates.sh
source "$root/e2e/cluster/lib/certificates.sh"
state=${KUBERNETES_DATA:-${TMPDIR:-/tmp}/ccx-kubernetes-$(id -u)}
address=127.0.0.1 service_network=10.96
# shellcheck source=e2e/cluster/lib/control-plane.sh
source "$root/e2e/cluster/lib/control-plane.sh"

main() {
  case "${1:-}" in
    up) up ;;
    down) control_plane_down && rm -rf "$state" ;;
    status) status ;;
    kubectl) KUBECONFIG=$state/kubeconfig "$(program kubectl)" "${@:2}" ;;
    env) echo "export KUBECONFIG=$state/kubeconfig CCX_TEST_KUBECONFIG=$state/kubeconfig" ;;
    run) run_beside "${@:2}" ;;
    tools) build_helm ;;
    help | -h | --help) usage ;;
    *) usage >&2 && exit 2 ;;
  esac
}

up() {
  server_alive "$state/kube-apiserver" && status && return
  need curl "on Debian and Ubuntu hack/install-dependencies.sh installs it"
  need_programs "${control_plane_programs[@]}"
  local started=${EPOCHREALTIME/./}
  control_plane_up
  echo "$(status), started in $(((${EPOCHREALTIME/./} - started) / 1000)) ms"
}

status() {
  server_alive "$state/kube-apiserver" || die "Kubernetes is not running in $state"
  # shellcheck source=/dev/null
  source "$state/ports"
  echo "Kubernetes $kubernetes_version: https://127.0.0.1:$api_port, KUBECONFIG=$state/kubeconfig, logs $state/*/log"
}

# If it can't be built, the command runs without it, except with CI=true: tests that need it are reported as not run.
run_beside() {
  [ $# -gt 0 ] || die "run needs a command"
  state=$(mktemp -d "${TMPDIR:-/tmp}/ccx-kubernetes.XXXXXX")
  # shellcheck disable=SC2064 # The folder's current name is meant.
  trap "state=$state; control_plane_down; rm -rf '$state'" EXIT
  mkdir "$state/tmp" # Go leaves files behind when it is interrupted.
  export CCX_TEST_KUBERNETES_FAILURE='' CCX_TEST_HELM_FAILURE=''
  if [ -n "${CCX_TEST_KUBECONFIG:-}" ]; then
    true # That one is used.
  elif KUBERNETES_DATA=$state TMPDIR=$state/tmp "$0" up 2>&1 | tee "$state/up" >&2; then
    export CCX_TEST_KUBECONFIG=$state/kubeconfig
  else
    CCX_TEST_KUBERNETES_FAILURE=$(do_without Kubernetes "$state/up")
  fi
  TMPDIR=$state/tmp "$0" tools 2>&1 | tee "$state/tools" >&2 || CCX_TEST_HELM_FAILURE=$(do_without helm "$state/tools")
  PATH=$kubernetes_bin:$PATH KUBECONFIG=${CCX_TEST_KUBECONFIG:-} "$@"
}

main "$@"

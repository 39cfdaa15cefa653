#!/usr/bin/env bash
# Runs a complete Kubernetes node on this machine, for tests that need pods: kubelet, containerd, cluster DNS, Services, volumes.
#
#   e2e/cluster/cluster.sh up               start it: 10 s (the first start builds it from the Go module proxy: minutes)
#   e2e/cluster/cluster.sh up --control-plane   start the control plane only, without root: the same as hack/kubernetes.sh up
#   e2e/cluster/cluster.sh down             stop it and remove everything but programs and images
#   e2e/cluster/cluster.sh status           print its processes and their memory; fails when it is not running
#   e2e/cluster/cluster.sh env              print a line to `eval`, so that kubectl, helm and tests find it
#   e2e/cluster/cluster.sh kubectl ...      run kubectl against it
#   e2e/cluster/cluster.sh load FILE.tar    import an image; pods then need imagePullPolicy: IfNotPresent
#   e2e/cluster/cluster.sh images [PROFILE]   build and import the images of the programs (in target/debug) and of PostgreSQL
#   e2e/cluster/cluster.sh policies         install the agent of NetworkPolicies (the first call builds it: 5 minutes)
#   e2e/cluster/cluster.sh metrics          install metrics-server, for autoscalers (the first call builds it: 5 minutes)
#   e2e/cluster/cluster.sh python           build and import an image with Python and a rule of insights-core
#   e2e/cluster/cluster.sh tools            build helm
#   e2e/cluster/cluster.sh run COMMAND...   run a command with a new cluster with all images, which is then removed
#
# Unlike kind, it needs no image registry and no daemon, but Debian or Ubuntu, root, and a Go module proxy; no image is pulled. To use
# an existing cluster, set CCX_E2E_KUBECONFIG to its kubeconfig: then `up` only checks that it answers, `down` does nothing, and `load`
# supports kind. Set CCX_E2E_HOST to the address of this machine that its pods can reach.
#
# A machine can run one such node. It uses free ports, and creates a network device, rules in iptables and control groups, all of
# which `down` removes. Environment variables:
#
#   CCX_E2E_KUBECONFIG  kubeconfig of an existing cluster             ()
#   CCX_E2E_HOST        address of this machine for its pods          ()
#   CCX_E2E_ADDONS      additions of `run`: policies, metrics, python ()
#   KUBERNETES_HOME     folder of programs, images and state          (~/.cache/ccx/kubernetes-VERSION)
#   POD_NETWORK         network of pods, without the last number      (10.228.0)
#   SERVICE_NETWORK     network of Services, without the last two     (10.229)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=hack/lib/server.sh
source "$root/hack/lib/server.sh"
# shellcheck source=hack/lib/image.sh
source "$root/hack/lib/image.sh"
# shellcheck source=e2e/cluster/lib/programs.sh
source "$root/e2e/cluster/lib/programs.sh"
# shellcheck source=e2e/cluster/lib/certificates.sh
source "$root/e2e/cluster/lib/certificates.sh"

pod_network=${POD_NETWORK:-10.228.0}
service_network=${SERVICE_NETWORK:-10.229}
address=$pod_network.1
state=$kubernetes_home/node
audit_log=$state/kube-apiserver/audit.log
sockets=/run/ccx-kubernetes
target=${CARGO_TARGET_DIR:-$root/target}
volumes=/tmp/hostpath_pv # The controllers' provisioner uses no other folder.
# shellcheck source=e2e/cluster/lib/control-plane.sh
source "$root/e2e/cluster/lib/control-plane.sh"
# shellcheck source=e2e/cluster/lib/images.sh
source "$root/e2e/cluster/lib/images.sh"
# shellcheck source=e2e/cluster/lib/postgres-image.sh
source "$root/e2e/cluster/lib/postgres-image.sh"
# shellcheck source=e2e/cluster/lib/network-policies.sh
source "$root/e2e/cluster/lib/network-policies.sh"
# shellcheck source=e2e/cluster/lib/metrics.sh
source "$root/e2e/cluster/lib/metrics.sh"
# shellcheck source=e2e/cluster/lib/house-rules.sh
source "$root/e2e/cluster/lib/house-rules.sh"
# shellcheck source=e2e/cluster/lib/node.sh
source "$root/e2e/cluster/lib/node.sh"
# shellcheck source=e2e/cluster/lib/teardown.sh
source "$root/e2e/cluster/lib/teardown.sh"

readonly packages=(containerd runc containernetworking-plugins iptables conntrack iproute2 kmod procps openssl curl)

main() {
  local foreign=
  # A kubeconfig that our own `env` has printed is not a foreign one.
  [ "${CCX_E2E_KUBECONFIG:-$state/kubeconfig}" = "$state/kubeconfig" ] || foreign=_theirs
  case "${1:-}:$foreign" in
    up:) if [ "${2:-}" = --control-plane ]; then "$root/hack/kubernetes.sh" up; else up; fi ;;
    up:_theirs | status:_theirs) kubectl version >/dev/null || die "the cluster of $CCX_E2E_KUBECONFIG does not answer" ;;
    down:) node_down ;;
    down:_theirs) ;;
    status:) status ;;
    env:*) environment ;;
    kubectl:*) kubectl "${@:2}" ;;
    load:*) "load$foreign" "${@:2}" ;;
    images:*)
      project_images "${2:-debug}" # Not followed by `&&`, which would hide that it has failed.
      "load$foreign" "$target"/images/{ccx,ccx-operator}.tar "$images/postgres.tar"
      ;;
    policies:) network_policies_up ;;
    metrics:) metrics_up ;;
    python:) house_rules_up ;;
    tools:*) build_helm ;;
    run:*) run_beside "${@:2}" ;;
    help:* | -h:* | --help:*) usage ;;
    *) usage >&2 && exit 2 ;;
  esac
}

up() {
  server_alive "$state/kubelet" && server_alive "$state/kube-apiserver" && status && return
  [ "$(id -u)" = 0 ] || die "a node needs root: sudo $0 up, or use a cluster that you have (CCX_E2E_KUBECONFIG)"
  install_packages
  need_programs "${control_plane_programs[@]}" "${node_programs[@]}"
  node_images
  local started=${EPOCHREALTIME/./}
  network_up
  control_plane_up
  node_up
  echo "a node of Kubernetes $kubernetes_version, with DNS ready after $(((${EPOCHREALTIME/./} - started) / 1000)) ms"
  echo "KUBECONFIG=$state/kubeconfig, logs $state/*/log"
}

install_packages() {
  dpkg --status "${packages[@]}" >/dev/null 2>&1 && return
  has apt-get || { echo "${0##*/}: please install ${packages[*]}" >&2 && exit 69; }
  echo "installing ${packages[*]}" >&2
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

kubectl() { KUBECONFIG=${CCX_E2E_KUBECONFIG:-$state/kubeconfig} "$(program kubectl)" "$@"; }

status() {
  local folder
  server_alive "$state/kubelet" || die "no node is running; start it by $0 up"
  for folder in "$state"/*/pid; do
    folder=${folder%/pid}
    printf '%-26s ' "${folder##*/}"
    if server_alive "$folder"; then ps -o pid=,rss= -p "$(cat "$folder/pid")"; else echo "   has ended: see $folder/log"; fi
  done
}

environment() {
  local kubeconfig=${CCX_E2E_KUBECONFIG:-$state/kubeconfig}
  echo "export KUBECONFIG=$kubeconfig CCX_E2E_KUBECONFIG=$kubeconfig PATH=$kubernetes_bin:\$PATH"
  [ "$kubeconfig" != "$state/kubeconfig" ] || echo "export CCX_E2E_HOST=$address CCX_E2E_AUDIT_LOG=$audit_log"
}

project_images() {
  "$root/hack/images.sh" "$1"
  postgres_image
}

load_theirs() {
  local archive context
  context=$(kubectl config current-context)
  case "$context" in kind-*) ;; *) die "images can't be put onto $context from here: push them to its registry" ;; esac
  for archive; do kind load image-archive --name "${context#kind-}" "$archive"; done
}

run_beside() {
  local addon
  [ $# -gt 0 ] || die "run needs a command"
  trap '"$0" down' EXIT
  "$0" up
  build_helm
  "$0" images
  # shellcheck disable=SC2086 # Several words.
  for addon in ${CCX_E2E_ADDONS:-}; do "$0" "$addon"; done
  eval "$(environment)"
  "$@"
}

main "$@"

#!/usr/bin/env bash
# A whole Kubernetes node on this machine, for the tests that need pods: kubelet, containerd, cluster DNS, Services, volumes.
#
#   e2e/cluster/cluster.sh up               start it: 10 s (the first time builds it from the Go module proxy: minutes)
#   e2e/cluster/cluster.sh up --control-plane   only what stores objects, without root: the same as hack/kubernetes.sh up
#   e2e/cluster/cluster.sh down             stop it and leave nothing behind but programs and images
#   e2e/cluster/cluster.sh status           its parts and their memory; fails when it is not running
#   e2e/cluster/cluster.sh env              a line to `eval`, so that kubectl, helm and tests find it
#   e2e/cluster/cluster.sh kubectl ...      ask it something
#   e2e/cluster/cluster.sh load FILE.tar    give it an image; pods then need imagePullPolicy: IfNotPresent
#   e2e/cluster/cluster.sh images [PROFILE]   make the images of the built programs (of target/debug) and of PostgreSQL, and load them
#   e2e/cluster/cluster.sh policies         make it enforce NetworkPolicies (the first time builds the agent: 5 minutes)
#   e2e/cluster/cluster.sh metrics          make it measure what pods use, for autoscalers (the first time builds metrics-server: 5 minutes)
#   e2e/cluster/cluster.sh python           give it an image with Python and a rule of insights-core
#   e2e/cluster/cluster.sh tools            build helm
#   e2e/cluster/cluster.sh run COMMAND...   run a command beside a fresh one with all images, which is then removed
#
# Why not kind? It needs a registry of images and a daemon. This needs Debian or Ubuntu, root, and a proxy of Go modules; no image
# is pulled. If you have a cluster, use that: CCX_E2E_KUBECONFIG names its kubeconfig, and then `up` only asks whether it answers,
# `down` lets it be, and `load` knows kind. Say by CCX_E2E_HOST which address of this machine its pods reach.
#
# There is one such node on a machine. Its ports are free ones, but it makes a network device, rules in iptables and control groups,
# all of which `down` removes. Settings, by environment:
#
#   CCX_E2E_KUBECONFIG  a cluster of yours, instead                   ()
#   CCX_E2E_HOST        this machine, for the pods of that            ()
#   CCX_E2E_ADDONS      what `run` adds to a fresh one: policies, metrics, python   ()
#   KUBERNETES_HOME     where programs, images and state are kept     (~/.cache/ccx/kubernetes-VERSION)
#   POD_NETWORK         addresses of pods, without the last number    (10.228.0)
#   SERVICE_NETWORK     of Services, without the last two             (10.229)
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

readonly packages=(containerd runc containernetworking-plugins iptables conntrack iproute2 kmod openssl curl)

main() {
  local whose=
  # Not when it is what our own `env` says.
  [ "${CCX_E2E_KUBECONFIG:-$state/kubeconfig}" = "$state/kubeconfig" ] || whose=_theirs
  case "${1:-}:$whose" in
    up:) if [ "${2:-}" = --control-plane ]; then "$root/hack/kubernetes.sh" up; else up; fi ;;
    up:_theirs | status:_theirs) kubectl version >/dev/null || die "the cluster of $CCX_E2E_KUBECONFIG does not answer" ;;
    down:) node_down ;;
    down:_theirs) ;;
    status:) status ;;
    env:*) environment ;;
    kubectl:*) kubectl "${@:2}" ;;
    load:*) "load$whose" "${@:2}" ;;
    images:*) project_images "${2:-debug}" && "load$whose" "$target"/images/{ccx,ccx-operator}.tar "$images/postgres.tar" ;;
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

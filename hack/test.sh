#!/usr/bin/env bash
# Runs every test that this machine can run. The last lines name the tests that did not run, what they need, and how to get it.
#
#   hack/test.sh [ARGUMENT OF cargo test...]   e.g. --package ccx-e2e; the default is --workspace
#
# A test that needs more than this repository is marked `#[ignore = "needs NEED, NEED"]`, so that plain `cargo test` reports it as
# ignored. This script runs all other tests first, then those with all needs met. `make test` runs it with Kafka and Kubernetes.
set -euo pipefail
cd "$(dirname "$0")/.."
trap 'exit 130' INT # Whatever an interrupted program makes of it, as in hack/lib/server.sh.

# is_met NEED: succeeds if the need of a test is met; this table is the only list of needs. Prints the reason if it knows more than the
# table in `how_to`.
is_met() {
  case "$1" in
    "servers") is_met "Kafka with SASL" && has java && hack/s3.sh build ;;
    "Kafka with SASL") [ -n "${CCX_TEST_KAFKA_SASL:-}" ] || because "${CCX_TEST_KAFKA_FAILURE:-}" ;;
    "Kubernetes") [ -n "${CCX_TEST_KUBECONFIG:-}" ] || because "${CCX_TEST_KUBERNETES_FAILURE:-}" ;;
    "helm") has helm || because "${CCX_TEST_HELM_FAILURE:-}" ;;
    "definitions of extensions") hack/extensions.sh definitions ;;
    "insights-core") "${CCX_TEST_PYTHON:-${XDG_CACHE_HOME:-$HOME/.cache}/ccx/python/bin/python3}" -c 'import insights' 2>/dev/null ;;
    "published samples") [ -d "${CCX_REFERENCE:-../shared/reference}/archives" ] ;;
    "built programs") [ -x "${CARGO_TARGET_DIR:-target}/debug/ccx" ] && [ -x "${CARGO_TARGET_DIR:-target}/debug/ccx-operator" ] ;;
    "redis-server") { has valkey-server || has redis-server; } && has openssl ;;
    "Chromium") { has chromium || has chromium-browser || has google-chrome || has google-chrome-stable; } && has openssl && hack/web.sh packages ;;
    "npm package dot") node -e 'require("dot")' 2>/dev/null ;;
    *) false ;;
  esac
}

# because REASON: fails.
because() { [ -z "$1" ] || echo "$1" >&2 && false; }

# how_to NEED: prints how to meet it.
how_to() {
  case "$1" in
    "servers" | "Kafka with SASL") echo "hack/install-dependencies.sh servers, then make test" ;;
    "Kubernetes" | "helm" | "definitions of extensions") echo "Go 1.26, or 1.21 and network access (hack/install-dependencies.sh servers), then make test" ;;
    "insights-core") echo "hack/install-dependencies.sh python" ;;
    "published samples") echo "set CCX_REFERENCE to a folder with the archives, messages and schema of the original services" ;;
    "built programs") echo "make build" ;;
    "redis-server") echo "hack/install-dependencies.sh servers" ;;
    "Chromium") echo "hack/install-dependencies.sh web browser" ;;
    "npm package dot") echo "npm install --prefix /tmp/dot dot@1.1.3, then set NODE_PATH=/tmp/dot/node_modules" ;;
    "cluster with pods") echo "make e2e-cluster" ;;
    *) echo "unknown need: add it to hack/test.sh" ;;
  esac
}

# is_optional NEED: succeeds if CI passes without it.
is_optional() {
  case "$1" in "published samples" | "npm package dot" | "cluster with pods") true ;; *) false ;; esac
}

has() { command -v "$1" >/dev/null; }

declare -A met     # NEED -> yes or no
declare -A reasons # NEED -> the last line that its check has printed

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# all_met NEED, NEED...: checks all of them, for the report.
all_met() {
  local need needs outcome=0
  IFS=, read -ra needs <<<"$1"
  for need in "${needs[@]}"; do
    need=${need# }
    [ -n "${met[$need]:-}" ] || check "$need"
    [ "${met[$need]}" = yes ] || outcome=1
  done
  return "$outcome"
}

# check NEED: what a script prints while it builds or downloads something is shown.
check() {
  if is_met "$1" 2>&1 >/dev/null </dev/null | tee "$folder/reason" >&2; then met[$1]=yes; else met[$1]=no; fi
  reasons[$1]=$(tail -n 1 "$folder/reason")
}

main() {
  local scope=("$@") outcome=0 log=$folder/log runnable=() name needs missing=$folder/missing
  [ ${#scope[@]} -gt 0 ] || scope=(--workspace)
  cargo test "${scope[@]}" --no-fail-fast 2>&1 | tee "$log" || outcome=1
  : >"$missing"
  while IFS=$'\t' read -r name needs; do
    if all_met "$needs"; then runnable+=("$name"); else echo "$needs" >>"$missing"; fi
  done < <(sed -n 's/^test \(.*\) \.\.\. ignored, needs \(.*\)$/\1\t\2/p' "$log")
  if [ ${#runnable[@]} -gt 0 ]; then
    cargo test "${scope[@]}" --tests --no-fail-fast -- --ignored --exact "${runnable[@]}" || outcome=1
  fi
  report "$missing"
  [ "${CI:-}" != true ] || only_optional "$missing" || outcome=1
  return "$outcome"
}

# report FILE: prints a summary of a file with the needs of each test that did not run, one line each, and how to meet each need.
report() {
  local count needs need
  declare -A told
  while read -r count needs; do
    echo "NOT RUN: $count $([ "$count" = 1 ] && echo test || echo tests), for want of $needs"
    while read -r need; do
      if [ -n "${told[$need]:-}" ] || all_met "$need"; then continue; fi
      told[$need]=yes
      echo "  $need: $(how_to "$need")"
      [ -z "${reasons[$need]}" ] || echo "    (${reasons[$need]})"
    done < <(tr , '\n' <<<"$needs")
  done < <(sort "$1" | uniq -c)
}

# only_optional FILE: succeeds if every test of such a file lacks an optional need.
only_optional() {
  local needs need is_excused
  while read -r needs; do
    is_excused=no
    while read -r need; do
      ! is_optional "$need" || all_met "$need" || is_excused=yes
    done < <(tr , '\n' <<<"$needs")
    [ "$is_excused" = yes ] || return 1
  done <"$1"
}

main "$@"

#!/usr/bin/env bash
# Regenerates all generated files (`make generate`), or lists those that are out of date.
#
#   hack/generate.sh         write them
#   hack/generate.sh check   fail if one is out of date, with its difference
#
# Each file has a test named …is_up_to_date, which compares the file with its source, or writes it with CCX_UPDATE_GENERATED=1.
# deploy/operator.yaml needs helm: `hack/kubernetes.sh tools` builds it if it is not in PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=hack/lib/server.sh
source hack/lib/server.sh
# shellcheck source=e2e/cluster/lib/programs.sh
source e2e/cluster/lib/programs.sh
export PATH=$PATH:$kubernetes_bin

test_generated() { cargo test --workspace --tests --quiet --no-fail-fast -- --include-ignored is_up_to_date; }

case "${1:-write}" in
  # Twice: the definition is a source of the chart, which is a source of deploy/operator.yaml.
  write) CCX_UPDATE_GENERATED=1 test_generated && CCX_UPDATE_GENERATED=1 test_generated && git status --short ;;
  check) test_generated ;;
  *) usage >&2 && exit 2 ;;
esac

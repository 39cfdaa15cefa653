#!/usr/bin/env bash
# The definitions of the kinds that others bring to a cluster and that the operator makes use of: KEDA, OpenShift's Route, the Gateway
# API, the Prometheus operator, Strimzi. Only the definitions, for tests of our objects against the real ones.
#
#   hack/extensions.sh definitions   the folder that has them, a file each; the first time fetches them (half a minute)
#   hack/extensions.sh versions      which releases they are of
#
# They come out of Go modules; Strimzi's is made by its own generator from its own classes, which Maven Central has. It needs Go 1.26,
# Maven and Java 17, or newer ones. What was fetched is what was fetched before: the checksums are below.
set -euo pipefail

# shellcheck source=hack/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/server.sh"

readonly keda=2.21.0 gateway_api=1.6.3 prometheus_operator=0.85.0 strimzi=0.51.0 openshift_api=0.0.0-20260213204242-d34f11c515b3
# The generator has no release for each of Strimzi's; this one runs on Java 17, and needs the classes of Kubernetes that it lacks.
readonly strimzi_generator=0.45.0 kubernetes_model=7.5.2

readonly checksums='
af35555862a83933b074af14ad439c4b4ceabaf4daa3e9338e9b23e36d308d80  keda.sh_scaledobjects.yaml
ed59ab37b2fa9a18119484a3dbd849b0b18ed25e1aea91d9f1305d4da2215bd8  keda.sh_triggerauthentications.yaml
d35625a8448d4cdc0768a3860dc9b92af946026a699024faf9e1d4918e42c647  routes.crd.yaml
a89d17ff5ed060fa0eac015524f9252bb291f616412c13ac8cb952ed9c25c5ad  gateway.networking.k8s.io_httproutes.yaml
8ce88c52c51209993511cae093089c9525f5552def88119e3f559123ee9d454b  monitoring.coreos.com_podmonitors.yaml
1dae27b7189b5ce7b9ab764656c18b4c75a45cde1e6f3af6a5e84c4317628919  monitoring.coreos.com_servicemonitors.yaml
98fd16c9ab79fba8dcd6ef62c957c98cd6546ab74ce0a4ecf09ddf2fda03020e  monitoring.coreos.com_prometheusrules.yaml
88d18e8685599b3f96d01f90551ba586070a5cb2a343ab13a318a0d1d01454ac  kafkas.kafka.strimzi.io.yaml'

main() {
  case "${1:-}" in
    definitions) definitions ;;
    versions) echo "KEDA $keda, OpenShift API $openshift_api, Gateway API $gateway_api, Prometheus operator $prometheus_operator, Strimzi $strimzi" ;;
    help | -h | --help) usage ;;
    *) usage >&2 && exit 2 ;;
  esac
}

# Of other releases there is another folder. It gets its name when it is whole.
definitions() {
  local folder new
  folder=$cache_dir/extensions-$(cksum <<<"$checksums" | cut -d ' ' -f 1)
  if [ ! -d "$folder" ]; then
    need go "install Go 1.26 or newer"
    need mvn "on Debian and Ubuntu hack/install-dependencies.sh servers installs it"
    need java "on Debian and Ubuntu hack/install-dependencies.sh servers installs it"
    echo "fetching the definitions of KEDA, OpenShift, Gateway API, Prometheus operator and Strimzi, once" >&2
    mkdir -p "$cache_dir"
    new=$(mktemp -d "$cache_dir/.extensions.XXXXXX")
    # shellcheck disable=SC2064 # The folder's name is needed as it is now.
    trap "rm -rf '$new'" EXIT
    fetch "$new"
    (cd "$new" && sha256sum --check --quiet --strict <<<"${checksums#?}" >&2) || die "what was fetched is not what it was before"
    chmod 755 "$new"
    mv -T "$new" "$folder" 2>/dev/null || [ -d "$folder" ]
  fi
  echo "$folder"
}

# fetch FOLDER
fetch() {
  from_module "$1" "github.com/kedacore/keda/v2@v$keda" config/crd/bases/keda.sh_{scaledobjects,triggerauthentications}.yaml
  from_module "$1" "github.com/openshift/api@v$openshift_api" route/v1/zz_generated.crd-manifests/routes.crd.yaml
  from_module "$1" "sigs.k8s.io/gateway-api@v$gateway_api" config/crd/standard/gateway.networking.k8s.io_httproutes.yaml
  from_module "$1" "github.com/prometheus-operator/prometheus-operator@v$prometheus_operator" \
    example/prometheus-operator-crd/monitoring.coreos.com_{podmonitors,servicemonitors,prometheusrules}.yaml
  strimzi "$1/kafkas.kafka.strimzi.io.yaml"
}

# from_module FOLDER MODULE@VERSION FILE...
from_module() {
  local folder=$1 source file
  source=$(cd "$1" && go mod download -json "$2" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  [ -n "$source" ] || die "failed to fetch the Go module $2"
  shift 2
  for file; do install -m 644 "$source/$file" "$folder"; done
}

# strimzi FILE: with both versions of the kind, as that release has it.
strimzi() {
  local jars artifact
  jars=$(dirname "$1")/jars
  # The order counts: the generator brings older classes of Kubernetes.
  for artifact in "io.fabric8:kubernetes-model-core:$kubernetes_model" "io.strimzi:crd-generator:$strimzi_generator" \
    "io.strimzi:api:$strimzi"; do
    mvn -q -B -ntp -Dstyle.color=never dependency:copy -Dartifact="$artifact" -DoutputDirectory="$jars" >&2
  done
  java -cp "$jars/kubernetes-model-core-$kubernetes_model.jar:$jars/crd-generator-$strimzi_generator.jar:$jars/api-$strimzi.jar" \
    io.strimzi.crdgenerator.CrdGenerator --yaml "io.strimzi.api.kafka.model.kafka.Kafka=$1" 2>/dev/null ||
    die "failed to generate Strimzi's definition"
  rm -rf "$jars"
}

main "$@"

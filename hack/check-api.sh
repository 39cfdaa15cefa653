#!/usr/bin/env bash
# Sends generated requests to the REST APIs, by their own OpenAPI documents (schemathesis, `make check-api`).
#
#   hack/check-api.sh [ARGUMENT OF schemathesis...]   e.g. --max-examples 500 or --seed 1
#
# It fails at a status, content type or body that the document does not describe, at a status above 499, and at a method that is
# answered although the document lacks it. It runs target/debug/ccx with a private PostgreSQL, and removes both. Uploads and gathering
# rules are those of `ccx local`.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=hack/lib/server.sh
source hack/lib/server.sh

schemathesis=$cache_dir/schemathesis/bin/schemathesis
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,unsupported_method,allow_header_conformance
# Not `folder`, which is a variable of server_wait: a failure there runs `stop`.
work_dir=$(mktemp -d)
# Deletions would leave the later requests without data.
deletions='^/(organizations/\{organizations\}|clusters/\{clusters\})$'
renderer='/rendered_reports$'
aggregator=127.0.0.1:${API_PORT:-18190}
smart_proxy=127.0.0.1:$((${API_PORT:-18190} + 1))
local=127.0.0.1:$((${API_PORT:-18190} + 2))
export POSTGRES_PORT=${POSTGRES_PORT:-15439} POSTGRES_DB=ccx POSTGRES_DATA=$work_dir/postgres
program=${CARGO_TARGET_DIR:-target}/debug/ccx

main() {
  [ -x "$schemathesis" ] || die "hack/install-dependencies.sh schemathesis installs schemathesis"
  [ -x "$program" ] || die "cargo build --package ccx builds ccx"
  trap stop EXIT
  chmod 755 "$work_dir" # The user of PostgreSQL reads it.
  hack/postgres.sh up
  configure
  "$program" --config "$work_dir/config.toml" migrate
  seed
  serve aggregator "$aggregator"
  serve smart-proxy "$smart_proxy"
  serve_uploads
  local outcome=0 document
  for document in "$aggregator/api/v1" "$smart_proxy"/api/insights-results-aggregator/v{1,2} "$smart_proxy/api/v1" \
    "$ingress/api/ingress/v1" "$ingress/api/gathering"; do
    echo "==> http://$document/openapi.json"
    check "http://$document/openapi.json" --exclude-path-regex "$deletions|$renderer" "$@" || outcome=1
  done
  # schemathesis takes the server of the whole document, and the renderer has one of its own.
  check "http://$smart_proxy/api/v1/openapi.json" --url "http://$smart_proxy" --include-path-regex "$renderer" "$@" || outcome=1
  return "$outcome"
}

# The identity of a caller is that of a trusted gateway; the debugging API is served too.
configure() {
  cat >"$work_dir/config.toml" <<TOML
[database]
host = "127.0.0.1"
port = $POSTGRES_PORT
user = "postgres"
password = "${POSTGRES_PASSWORD:-ccx-secret}"
name = "$POSTGRES_DB"
[aggregator]
listen = "$aggregator"
authentication = "none"
debug = true
[smart_proxy]
listen = "$smart_proxy"
[auth]
anonymous_organization = 1
TOML
}

# A cluster with a hit, as in the examples of the document.
seed() {
  hack/postgres.sh psql --quiet --set=ON_ERROR_STOP=1 <<'SQL'
\set cluster '''34c3ecc5-624a-49a5-bab8-4fdc5e51a266'''
INSERT INTO report (org_id, cluster, report, reported_at, last_checked_at)
  VALUES (1, :cluster, '{"reports":[]}', now(), now());
INSERT INTO recommendation (org_id, cluster_id, rule_fqdn, error_key, rule_id)
  VALUES (1, :cluster, 'ccx.rules.etcd_quota', 'ETCD_QUOTA', 'ccx.rules.etcd_quota|ETCD_QUOTA');
INSERT INTO rule_hit (org_id, cluster_id, rule_fqdn, error_key, template_data)
  VALUES (1, :cluster, 'ccx.rules.etcd_quota.report', 'ETCD_QUOTA', '{"type":"rule","error_key":"ETCD_QUOTA"}');
INSERT INTO dvo.dvo_report (org_id, cluster_id, namespace_id, namespace_name, report, recommendations, objects, reported_at, last_checked_at)
  VALUES (1, :cluster, '6c1c5b0e-7d5d-4d58-8f37-7bb8d0c8e6b5', 'shop', '"{}"', 1, 1, now(), now());
SQL
}

# serve COMMAND ADDRESS
serve() {
  mkdir -p "$work_dir/$1"
  # The directory is in the command line, so that server_stop finds the process.
  server_start "$work_dir/$1" "$program" --config "$work_dir/$1/../config.toml" "$1"
  server_wait "$work_dir/$1" curl --silent --fail --output "$work_dir/ready" "http://$2/readyz"
}

# Uploads need Kafka and an object storage, which `ccx local` has. It prints the address of uploads, which it chooses.
serve_uploads() {
  mkdir -p "$work_dir/ingress"
  server_start "$work_dir/ingress" "$program" local --listen "$local" --data-dir "$work_dir/ingress/data"
  server_wait "$work_dir/ingress" grep --quiet /api/ingress/v1/upload "$work_dir/ingress/log"
  ingress=$(grep --only-matching 'http://[^ ]*/api/ingress/v1/upload' "$work_dir/ingress/log" | head --lines 1)
  ingress=${ingress#http://}
  ingress=${ingress%/api/ingress/v1/upload}
}

# check URL OF DOCUMENT [ARGUMENT OF schemathesis...]
check() {
  # It keeps a folder where it runs.
  (cd "$work_dir" && "$schemathesis" run "$1" --checks "$checks" --continue-on-failure --generation-database none --warnings off \
    --max-examples 50 "${@:2}")
}

stop() {
  for name in aggregator smart-proxy ingress; do server_stop "$work_dir/$name" || true; done
  hack/postgres.sh wipe || true
  rm -rf "$work_dir"
}

main "$@"

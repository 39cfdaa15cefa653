#!/usr/bin/env bash
# Runs an S3 service (versitygw, backed by a folder) on this machine, for tests and development.
#
#   hack/s3.sh up               start it, and create the bucket (the first start builds it from the Go module proxy: minutes)
#   hack/s3.sh build            only build it
#   hack/s3.sh down             stop it, and keep its data
#   hack/s3.sh wipe             stop it and remove its data
#   hack/s3.sh pause | resume   suspend it, as if the network were down
#   hack/s3.sh status           print its URL; fails when it is not running
#
# It needs curl, and Go 1.26 or newer for the first start. Environment variables:
#
#   S3_HOST               its address, e.g. for pods      (127.0.0.1)
#   S3_PORT               its port                        (9000)
#   S3_ACCESS_KEY_ID      the id of the access key        (ccx)
#   S3_SECRET_ACCESS_KEY  the secret of the access key    (ccx-secret)
#   S3_BUCKET             the created bucket              (insights-upload)
#   S3_DATA               folder of its data              (/tmp/ccx-s3-$S3_PORT)
#   VERSITYGW_VERSION     the release                     (v1.8.0)
set -euo pipefail

# shellcheck source=hack/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/server.sh"

version=${VERSITYGW_VERSION:-v1.8.0}
host=${S3_HOST:-127.0.0.1}
port=${S3_PORT:-9000}
access_key=${S3_ACCESS_KEY_ID:-ccx}
secret_key=${S3_SECRET_ACCESS_KEY:-ccx-secret}
bucket=${S3_BUCKET:-insights-upload}
data=${S3_DATA:-${TMPDIR:-/tmp}/ccx-s3-$port}
url=http://$host:$port
program=$cache_dir/versitygw-$version/versitygw

main() {
  case "${1:-}" in
    up) up ;;
    build) build ;;
    down) server_stop "$data" ;;
    wipe) server_stop "$data" && rm -rf "$data" ;;
    pause) server_signal "$data" STOP ;;
    resume) server_signal "$data" CONT ;;
    status) status ;;
    help | -h | --help) usage ;;
    *) usage >&2 && exit 2 ;;
  esac
}

up() {
  server_alive "$data" && status && return
  need curl "on Debian and Ubuntu hack/install-dependencies.sh installs it"
  build
  mkdir -p "$data/objects"
  # The keys are passed by environment, so that `ps` does not show them.
  ROOT_ACCESS_KEY=$access_key ROOT_SECRET_KEY=$secret_key server_start "$data" \
    "$program" --port "$host:$port" --quiet --keep-alive posix "$data/objects"
  server_wait "$data" refuses_strangers
  make_bucket
  status
}

# The program gets its name when it is complete.
build() {
  local new
  [ -x "$program" ] && return
  need go "$how_to_install_go"
  echo "building versitygw $version, once" >&2
  mkdir -p "$(dirname "$program")"
  new=$(mktemp -d "$(dirname "$program")/.new.XXXXXX")
  # shellcheck disable=SC2064 # The folder's current name is meant.
  trap "rm -rf '$new'" EXIT
  GOBIN=$new GOTMPDIR=$new go install "github.com/versity/versitygw/cmd/versitygw@$version" || die "failed to build versitygw $version: $why_go_fails"
  mv "$new/versitygw" "$program"
}

request() { curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' "$@"; }

refuses_strangers() { [ "$(request "$url/")" = 403 ]; }

make_bucket() {
  local status
  status=$(request --request PUT --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \
    --aws-sigv4 aws:amz:us-east-1:s3 --user "$access_key:$secret_key" "$url/$bucket")
  [ "$status" = 200 ] || [ "$status" = 409 ] || die "failed to make the bucket $bucket: status $status"
}

status() {
  server_alive "$data" || die "the S3 service is not running in $data"
  echo "versitygw $version: $url, bucket $bucket, log $data/log"
}

main "$@"

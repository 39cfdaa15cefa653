#!/usr/bin/env bash
# Builds the release operator for a small memory footprint: an operator is idle most of the time, and its memory is mostly code.
#
#   hack/build-operator.sh   build target/operator/ccx-operator
#
# Cargo's profile `operator` minimizes the code size. This script links the C library statically, as the program needs a tenth of it,
# and packs the relative relocations, which requires glibc 2.36 or newer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=hack/lib/server.sh
source hack/lib/server.sh

target=${CARGO_TARGET_DIR:-target}

main() {
  case "${1:-}" in help | -h | --help) usage && return ;; esac
  local host
  host=$(rustc --version --verbose | sed -n 's/^host: //p')
  [ -e "$(cc -print-file-name=libc.a)" ] || die "the static C library is missing: install libc6-dev (Debian) or glibc-static (Fedora)"
  # Programs that run while it is built, such as procedural macros, can't be static. With a target, the flags are not for them.
  RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs" \
    cargo build --profile operator --package ccx-operator --bins --target "$host"
  ln -f "$target/$host/operator/ccx-operator" "$target/operator/ccx-operator"
}

main "$@"

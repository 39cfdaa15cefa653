#!/usr/bin/env bash
# Builds the operator as it is shipped: small in memory. An operator waits most of the time, and then its code is most of what it has
# there.
#
#   hack/build-operator.sh   makes target/operator/ccx-operator
#
# Cargo's profile `operator` makes the code itself small. Here the C library is linked into the program, which needs a tenth of it;
# and the addresses to correct at the start are packed, which the C library must understand: glibc does from version 2.36.
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

#!/usr/bin/env bash
# Container images of the built programs, as archives that every tool loads: podman, docker, kind, containerd. Needs no daemon, no
# registry, no network and no root.
#
#   hack/images.sh [PROFILE]   makes target/images/{ccx,ccx-operator}.tar of target/PROFILE (release)
#
# Beside each archive stays the root file system that is in it. With images/*/Containerfile it makes the same image by other means:
#
#   buildah build --isolation chroot --file images/ccx/Containerfile target/images/ccx
#
# The programs need the C library of this system, which goes into the image with them. Settings, by environment:
#
#   CARGO_TARGET_DIR  where cargo builds     (target)
#   IMAGE_REGISTRY    the names' first part  (quay.io/ccx)
#   IMAGE_TAG         their last part        (the version in Cargo.toml)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=hack/lib/server.sh
source hack/lib/server.sh
# shellcheck source=hack/lib/image.sh
source hack/lib/image.sh

target=${CARGO_TARGET_DIR:-target}
registry=${IMAGE_REGISTRY:-quay.io/ccx}
tag=${IMAGE_TAG:-$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)}

# The programs that the data pipeline consists of today: the image answers to their names.
readonly predecessors=(ccx-data-pipeline insights-results-db-writer insights-results-aggregator)

main() {
  case "${1:-}" in help | -h | --help) usage && return ;; esac
  need ldd "the C library's package has it"
  local name program
  program=$(built ccx "${1:-release}")
  start_rootfs ccx "$program"
  for name in "${predecessors[@]}"; do ln -s ccx "$target/images/ccx/usr/bin/$name"; done
  archive ccx
  program=$(built ccx-operator "${1:-release}")
  start_rootfs ccx-operator "$program"
  archive ccx-operator
}

# built NAME PROFILE: the path of the program.
built() {
  local program=$target/$2/$1
  [ -x "$program" ] || die "$program is not there: run 'make images', or cargo build with the profile that you name here"
  echo "$program"
}

# start_rootfs NAME PROGRAM
start_rootfs() {
  local rootfs=$target/images/$1
  rm -rf "$rootfs"
  rootfs_with "$rootfs" "$2:/usr/bin/$1"
  ! has strip || strip "$rootfs/usr/bin/$1"
  rootfs_basics "$rootfs" root:x:0:0::/:/sbin/nologin ccx:x:65532:65532::/:/sbin/nologin
}

archive() {
  local file=$target/images/$1.tar
  image_archive "$registry/$1:$tag" "$target/images/$1" "$file" "$(image_config "images/$1/Containerfile")"
  echo "$file: $registry/$1:$tag, $(($(stat -c %s "$file") / 1000000)) MB"
}

main "$@"

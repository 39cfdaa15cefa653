#!/usr/bin/env bash
# Builds container images of the programs as archives for podman, docker, kind and containerd. Needs no daemon, registry, network or
# root.
#
#   hack/images.sh [PROFILE]          build target/images/{ccx,ccx-operator}.tar from target/PROFILE (release; then the operator from
#                                     target/operator, the output of hack/build-operator.sh)
#   hack/images.sh python [PROFILE]   build target/images/ccx-python.tar, with this machine's Python and insights-core
#
# The root file system of each image is kept beside its archive. images/*/Containerfile builds the same image from it:
#
#   buildah build --isolation chroot --file images/ccx/Containerfile target/images/ccx
#
# The image of a program that is linked to this system's C library includes the library. Environment variables:
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

# The names of the original programs, under which the image runs their equivalents.
readonly predecessors=(ccx-data-pipeline insights-results-db-writer dvo-writer valkey-writer insights-results-aggregator
  insights-results-aggregator-cleaner insights-results-aggregator-exporter
  insights-results-smart-proxy insights-content-service insights-ingress-go)

main() {
  case "${1:-}" in help | -h | --help) usage && return ;; esac
  need ldd "the C library's package has it"
  if [ "${1:-}" = python ]; then
    python_image "${2:-release}"
  else
    local profile=${1:-release}
    program_image ccx "$profile"
    program_image ccx-operator "${profile/#release/operator}"
  fi
}

# program_image NAME PROFILE
program_image() {
  local program
  program=$(built "$1" "$2")
  start_rootfs "$1" "$1" "$program"
  archive "$1"
}

# python_image PROFILE: builds ccx with the insights-core that hack/install-dependencies.sh has installed.
python_image() {
  local program python stdlib home=${XDG_CACHE_HOME:-$HOME/.cache}/ccx/python rootfs=$target/images/ccx-python
  program=$(built ccx "$1")
  "$home/bin/python3" -c 'import insights' 2>/dev/null || die "insights-core is missing: run hack/install-dependencies.sh python"
  python=$(readlink -f "$home/bin/python3")
  stdlib=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
  start_rootfs ccx-python ccx "$program"
  rootfs_with "$rootfs" "$python:/usr/local/bin/python3"
  # Python searches its library relative to its program, and modules there.
  local modules=$rootfs/usr/local/lib/${stdlib##*/}
  copy_modules "$stdlib" "$modules"
  copy_modules "$home/lib/${stdlib##*/}/site-packages" "$modules"
  find "$modules" -name '*.so' | while read -r extension; do copy_libraries "$rootfs" "$extension"; done
  archive ccx-python
}

# copy_modules FROM TO: copies modules without those that rules don't import.
copy_modules() {
  local left_out=(__pycache__ ./site-packages ./dist-packages './config-*' ./test ./ensurepip ./idlelib ./tkinter './pip*' './setuptools*')
  mkdir -p "$2"
  tar --create --directory "$1" "${left_out[@]/#/--exclude=}" . | tar --extract --directory "$2"
}

# built NAME PROFILE: prints the path of the program.
built() {
  local program=$target/$2/$1
  [ -x "$program" ] || die "$program does not exist: run 'make images', or cargo build with the profile that you name here"
  echo "$program"
}

# start_rootfs IMAGE NAME PROGRAM
start_rootfs() {
  local rootfs=$target/images/$1 name
  rm -rf "$rootfs"
  rootfs_with "$rootfs" "$3:/usr/bin/$2"
  ! has strip || strip "$rootfs/usr/bin/$2"
  [ "$2" != ccx ] || for name in "${predecessors[@]}"; do ln -s ccx "$rootfs/usr/bin/$name"; done
  rootfs_basics "$rootfs" root:x:0:0::/:/sbin/nologin ccx:x:65532:65532::/:/sbin/nologin
}

archive() {
  local file=$target/images/$1.tar
  image_archive "$registry/$1:$tag" "$target/images/$1" "$file" "$(image_config "images/$1/Containerfile")"
  echo "$file: $registry/$1:$tag, $(($(stat -c %s "$file") / 1000000)) MB"
}

main "$@"

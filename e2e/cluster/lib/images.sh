# shellcheck shell=bash
# Builds the images that the node itself needs, and imports images: there is no registry. Sourced.

# Kept between runs, beside the programs in them.
images=$kubernetes_home/images

node_images() {
  build_coredns
  [ -f "$images/pause.tar" ] || pause_image
  [ "$images/coredns.tar" -nt "$kubernetes_bin/coredns" ] || program_image coredns
}

# program_image PROGRAM: builds an image of the program and /tmp only.
program_image() {
  local rootfs
  rootfs=$(mktemp -d)
  install -d -m 1777 "$rootfs/tmp"
  cp "$kubernetes_bin/$1" "$rootfs/"
  image_archive "localhost/$1:e2e" "$rootfs" "$images/$1.tar" "{\"Entrypoint\": [\"/$1\"]}"
  rm -rf "$rootfs"
}

# The pause process, the first one of each pod, which holds its network namespace.
pause_image() {
  local rootfs
  rootfs=$(mktemp -d)
  (cd "$sources/pause" && CGO_ENABLED=0 go build "${build_flags[@]}" -ldflags '-s -w' -o "$rootfs/pause" .)
  image_archive localhost/pause:e2e "$rootfs" "$images/pause.tar" '{"Entrypoint": ["/pause"]}'
  rm -rf "$rootfs"
}

# load ARCHIVE...: imports images to the node.
load() {
  local archive
  for archive; do containers images import "$archive" >/dev/null || die "failed to load $archive"; done
}

containers() { ctr --address "$sockets/containerd.sock" --namespace k8s.io "$@"; }

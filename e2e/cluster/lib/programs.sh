# shellcheck shell=bash
# Locates and builds the programs of Kubernetes. Sourced after hack/lib/server.sh.
#
# They are built from Go modules, once per machine, since an image registry or an archive of binaries may be unreachable where a
# package proxy is reachable. Programs in KUBEBUILDER_ASSETS (as of setup-envtest) are used instead.

sources=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kubernetes_version=$(sed -n 's/^require k8s\.io\/kubernetes v//p' "$sources/kubernetes/go.mod")

# Programs, images and the node's state, kept between runs.
kubernetes_home=${KUBERNETES_HOME:-$cache_dir/kubernetes-$kubernetes_version}
kubernetes_bin=$kubernetes_home/bin

# Build flags; with other flags, packages in Go's build cache would be compiled again.
build_flags=(-trimpath)

readonly control_plane_programs=(etcd kube-apiserver kube-controller-manager)
readonly node_programs=(kube-scheduler kube-proxy kubelet kubectl)

# program NAME: prints its path.
program() {
  local asset=${KUBEBUILDER_ASSETS:-}/$1
  if [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$asset" ]; then echo "$asset"; else echo "$kubernetes_bin/$1"; fi
}

# need_programs NAME...: builds Kubernetes if one of them is missing, or was built from other sources.
need_programs() {
  local name is_ours=no
  for name; do
    case "$(program "$name")" in "$kubernetes_bin"/*) is_ours=yes ;; esac
  done
  [ "$is_ours" = no ] || build_kubernetes
}

build_kubernetes() {
  is_built kube kubernetes && return
  local name
  build kube kubernetes "Kubernetes $kubernetes_version" "about 10 minutes" "$(version_flags)"
  for name in "${control_plane_programs[@]}" "${node_programs[@]}"; do ln -sf kube "$kubernetes_bin/$name"; done
}

build_coredns() {
  is_built coredns coredns || build coredns coredns CoreDNS "about 3 minutes" ""
}

# Without these flags its version is v0.0.0-master, which clients reject as too old.
version_flags() {
  local package minor=${kubernetes_version#*.}
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf -- '-X %s.gitVersion=v%s ' "$package" "$kubernetes_version"
    printf -- '-X %s.gitMajor=%s -X %s.gitMinor=%s ' "$package" "${kubernetes_version%%.*}" "$package" "${minor%%.*}"
  done
}

# is_built PROGRAM MODULE: succeeds if the program was built from the module's current sources.
is_built() { [ -x "$kubernetes_bin/$1" ] && [ "$(fingerprint "$2")" = "$(cat "$kubernetes_bin/.$1" 2>/dev/null)" ]; }

fingerprint() { cat "$sources/$1"/{go.mod,go.sum,main.go} | cksum; }

# build PROGRAM MODULE TITLE DURATION LINKER_FLAGS: builds a program; replaces the old one only when the build has succeeded.
build() {
  need go "$how_to_install_go, or set KUBEBUILDER_ASSETS (see setup-envtest)"
  mkdir -p "$kubernetes_bin"
  echo "building $3 once, $4" >&2
  with_progress "$kubernetes_bin/.$1.log" go_build "$1" "$sources/$2" "$5" || build_failed "$1" "$3"
  fingerprint "$2" >"$kubernetes_bin/.$1"
}

# build_failed PROGRAM TITLE: exits with the end of the log, without the packages that were built.
build_failed() {
  grep -v '^[A-Za-z0-9./_-]*$' "$kubernetes_bin/.$1.log" | tail -n 20 >&2 || true
  die "failed to build $2: $why_go_fails"
}

go_build() {
  (cd "$2" && CGO_ENABLED=0 go build -v "${build_flags[@]}" -ldflags "-s -w $3" -o "$kubernetes_bin/$1.new" .) &&
    mv "$kubernetes_bin/$1.new" "$kubernetes_bin/$1"
}

# with_progress LOG COMMAND...: runs a command and prints every minute the number of packages in its log. The command is in the
# foreground: Ctrl-C does not reach processes of the background.
with_progress() {
  local log=$1 outcome=0 printer
  shift
  print_progress "$log" &
  printer=$!
  "$@" >"$log" 2>&1 || outcome=$?
  kill "$printer" 2>/dev/null || true
  wait "$printer" 2>/dev/null || true
  return "$outcome"
}

# print_progress LOG: ends with this script.
print_progress() {
  local started=$SECONDS minutes=0
  trap - INT
  while sleep 0.5 && kill -0 "$$" 2>/dev/null; do
    ((SECONDS - started < 60 * (minutes + 1))) && continue
    minutes=$((minutes + 1))
    echo "  $minutes min: $(grep -cv ' ' "$1") packages" >&2
  done
}

build_helm() { has helm || build_tool helm helm.sh/helm/v3/cmd/helm v3.19.0 "about 3 minutes"; }

# build_tool NAME PACKAGE VERSION DURATION: builds a third-party program in a temporary module.
build_tool() {
  [ -x "$kubernetes_bin/$1" ] && return
  need go "$how_to_install_go"
  mkdir -p "$kubernetes_bin"
  echo "building $1 $3 once, $4" >&2
  with_progress "$kubernetes_bin/.$1.log" go_build_tool "$@" || build_failed "$1" "$1 $3"
}

go_build_tool() {
  local module=$kubernetes_bin/.$1.module
  rm -rf "$module" && mkdir "$module" || return
  (cd "$module" && go mod init tool && go get "$2@$3" &&
    CGO_ENABLED=0 go build -v "${build_flags[@]}" -ldflags '-s -w' -o "$kubernetes_bin/$1.new" "$2") &&
    rm -rf "$module" && mv "$kubernetes_bin/$1.new" "$kubernetes_bin/$1"
}

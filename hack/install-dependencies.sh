#!/usr/bin/env bash
# Installs the dependencies of the project; silent and fast if they are installed already.
#
#   hack/install-dependencies.sh [GROUP...]
#
#   (always)      a compiler, the libraries that Kafka's client links to, PostgreSQL's programs, Rust
#   servers       Java, Maven, Go, openssl and Redis, for the tests against real servers: Kafka, S3, Valkey and the Kubernetes API
#   python        insights-core in a folder of its own, for the tests of Python rules
#   web           Node.js and npm, for the styles of the Advisor page; without them, it is plain
#   browser       Chromium and openssl, for the tests of the Advisor page
#   lint          shellcheck, and cargo-deny (built by cargo, once)
#   bench         wrk
#   schemathesis  schemathesis in a folder of its own, for generated requests to the REST APIs
#   book          mdbook (built by cargo, once)
#
# On Debian and Ubuntu it installs missing packages, as root or by sudo. On other systems it prints the packages to install. It fails
# if a dependency is still missing; one of the groups only with CI=true, since they are optional.
# PostgreSQL's package is prevented from starting a server and creating a database.
set -euo pipefail
trap 'exit 130' INT # Whatever an interrupted program makes of it, as in hack/lib/server.sh.

# Go from `go_bootstrap_version` on downloads `go_version` itself (GOTOOLCHAIN, see hack/lib/server.sh).
readonly rust_version=1.95 java_version=17 go_version=1.26 go_bootstrap_version=1.21 python_version=3.9 node_version=18 deny_version=0.20.2 mdbook_version=0.5.4 insights_core_version=3.8.4 schemathesis_version=4.32.5

# While it exists, PostgreSQL's package creates no database.
readonly no_cluster=/etc/postgresql-common/createcluster.d/ccx-no-cluster.conf

missing=()  # What it is, for people.
debian=()   # Its packages.
fedora=()
homebrew=()
by_hand=()  # What no package manager has, or not new enough.

main() {
  case "${1:-}" in help | -h | --help) sed -n '2,/^[^#]/{ s/^# \{0,1\}//p; }' "$0" && return ;; esac
  check_path
  look_for_essentials
  provide || exit 1
  for group in "$@"; do
    forget
    case "$group" in
      servers) look_for_servers ;;
      python) look_for_python ;;
      lint) look_for_linters ;;
      web) look_for_node ;;
      browser)
        has_chromium || want Chromium chromium chromium "--cask chromium"
        has openssl || want openssl openssl openssl openssl ;;
      schemathesis) look_for_pypi schemathesis schemathesis schemathesis "$schemathesis_version" ;;
      bench) has wrk || want wrk wrk wrk wrk ;;
      book) look_for_mdbook ;;
      *) echo "there is no group $group; see --help" >&2 && exit 2 ;;
    esac
    provide optional || [ "${CI:-}" != true ] || exit 1
  done
}

# librdkafka's build fails, after minutes, in a folder with a space in its path.
check_path() {
  case "$PWD" in *[[:space:]]*) echo "the path of this checkout has a space, which librdkafka can't be built in: $PWD" >&2 && exit 1 ;; esac
}

look_for_essentials() {
  #                                 what                     Debian       Fedora             Homebrew
  has make                  || want make                     make         make               make
  has c++                   || want "a C++ compiler"         g++          gcc-c++            llvm
  has pkg-config            || want pkg-config               pkg-config   pkgconf            pkgconf
  has_library openssl       || want "OpenSSL's headers"      libssl-dev   openssl-devel      openssl@3
  has_library zlib          || want "zlib's headers"         zlib1g-dev   zlib-devel         zlib
  has curl                  || want curl                     curl         curl               curl
  has_postgres              || want "PostgreSQL's server"    postgresql   postgresql-server  postgresql@17
  # Without them, neither rustup nor cargo can download anything; a minimal system has none.
  ! is_debian || [ -e /etc/ssl/certs/ca-certificates.crt ] || want "certificates of authorities" ca-certificates "" ""
  has_rust || by_hand+=("$(how_to_install_rust)")
}

look_for_servers() {
  has_java || want "Java $java_version or newer" "$(debian_java)" java-21-openjdk-headless openjdk
  has mvn  || want Maven                         maven            maven                    maven
  has_go   || want_go
  has openssl || want openssl                    openssl          openssl                  openssl
  has valkey-server || has redis-server || want "Valkey or Redis" redis-server valkey      valkey
}

want_go() {
  local what="Go $go_version or newer (or $go_bootstrap_version, which fetches it)" package
  package=$(debian_go) || true
  if ! is_debian || [ -n "$package" ]; then
    want "$what" "$package" golang go
  else
    by_hand+=("$what; this system's own package is too old"
      "  https://go.dev/dl has it, and says how to install it; then: export PATH=\"/usr/local/go/bin:\$PATH\"")
  fi
}

look_for_python() { look_for_pypi python insights insights-core "$insights_core_version"; }

# look_for_pypi FOLDER MODULE PACKAGE VERSION: installs a package of PyPI into a virtual environment of its own.
look_for_pypi() {
  local folder=${XDG_CACHE_HOME:-$HOME/.cache}/ccx/$1 module=$2 package=$3 version=$4
  local stamp=$folder/ccx-package
  [ "$(cat "$stamp" 2>/dev/null)" = "$package==$version" ] && "$folder/bin/python3" -c "import $module" 2>/dev/null && return
  if ! at_least "$python_version" "$(python3 --version 2>/dev/null)" || ! python3 -c 'import ensurepip' 2>/dev/null; then
    want "Python $python_version or newer with venv" python3-venv python3 python3
    # Silent: the caller tries once more, and reports.
    provide optional 2>/dev/null || { by_hand=() && return 0; }
    forget
  fi
  echo "installing $package $version into $folder" >&2
  # The tests can't distinguish an incomplete environment from a complete one.
  # shellcheck disable=SC2064 # The folder's current name is meant.
  trap "rm -rf '$folder'; exit 130" INT
  if python3 -m venv --clear "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check "$package==$version"; then
    echo "$package==$version" >"$stamp"
  else
    rm -rf "$folder"
    by_hand+=("$package $version: pip failed to install it, see above; is PyPI reachable? (pip config set global.index-url names a mirror)")
  fi
  trap 'exit 130' INT
}

look_for_node() {
  at_least "$node_version" "$(node --version 2>/dev/null)" || want "Node.js $node_version or newer" nodejs nodejs node
  has npm || want npm npm nodejs-npm node
}

look_for_linters() {
  has shellcheck || want shellcheck shellcheck ShellCheck shellcheck
  # A build without optimisation takes half the time, and the program is fast enough.
  has cargo-deny || install_with_cargo cargo-deny "$deny_version"
}

look_for_mdbook() { has mdbook || install_with_cargo mdbook "$mdbook_version"; }

install_with_cargo() {
  echo "building $1 $2 once, some minutes" >&2
  cargo install --quiet --locked --debug "$1@$2" || by_hand+=("$1 $2, which failed to build, see above: cargo install --locked $1@$2")
}

# want WHAT DEBIAN FEDORA HOMEBREW: records a missing dependency and its packages; DEBIAN is empty if its package is too old.
want() {
  if is_debian && [ -z "$2" ]; then
    by_hand+=("$1, newer than this system's own package")
    return
  fi
  missing+=("$1") debian+=("$2") fedora+=("$3") homebrew+=("$4")
}

forget() { missing=() debian=() fedora=() homebrew=() by_hand=(); }

has() { command -v "$1" >/dev/null; }

has_file() { compgen -G "$1" >/dev/null; }

has_library() { pkg-config --exists "$1" 2>/dev/null; }

has_postgres() { has initdb || has_file '/usr/lib/postgresql/*/bin/initdb' || has_file '/usr/pgsql-*/bin/initdb'; }

has_chromium() { has chromium || has chromium-browser || has google-chrome || has google-chrome-stable; }

has_java() { has java && at_least "$java_version" "$(java -version 2>&1)"; }

has_rust() { at_least "$rust_version" "$(cargo --version 2>/dev/null)"; }

how_to_install_rust() {
  local cargo=${CARGO_HOME:-$HOME/.cargo}/bin/cargo found
  found=$(cargo --version 2>/dev/null) || found=""
  echo "Rust $rust_version or newer${found:+; \`cargo\` is $(command -v cargo), $found}"
  if [ -x "$cargo" ] && at_least "$rust_version" "$("$cargo" --version 2>/dev/null)"; then
    echo "    it is installed, but not first in PATH: export PATH=\"${cargo%/*}:\$PATH\""
  elif has rustup; then
    echo "    rustup update stable"
    echo "    rustup default stable"
  elif [ -n "$(debian_version rustup)" ]; then
    echo "    $(root_prefix)apt-get install rustup"
    echo "    rustup default stable"
  else
    echo "    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
    echo "    export PATH=\"${cargo%/*}:\$PATH\""
  fi
}

# Not needed once the S3 service and Kubernetes are built, and the definitions of extensions are downloaded.
has_go() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/ccx
  { has_file "$cache/versitygw-*/versitygw" && has_file "$cache/kubernetes-*/bin/kube" && has_file "$cache/extensions-*"; } ||
    at_least "$go_bootstrap_version" "$(go version 2>/dev/null)"
}

# at_least VERSION TEXT: succeeds if the first version number in the text is VERSION or newer.
at_least() {
  local found
  found=$(grep -oE '[0-9]+(\.[0-9]+)*' <<<"$2" | head -n 1)
  [ -n "$found" ] && [ "$(printf '%s\n' "$1" "$found" | sort -V | head -n 1)" = "$1" ]
}

is_debian() { [ -f /etc/debian_version ]; }

# debian_version PACKAGE: prints the version that would be installed; empty if the package does not exist.
debian_version() { is_debian && apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ && $2 != "(none)" { print $2 }'; }

debian_java() {
  local package
  for package in openjdk-{21,17}-jre-headless; do
    [ -z "$(debian_version "$package")" ] || { echo "$package" && return; }
  done
}

debian_go() { at_least "$go_bootstrap_version" "$(debian_version golang-go | sed 's/^[0-9]*://')" && echo golang-go; }

# provide [optional]: installs the recorded packages or prints instructions; succeeds if nothing is missing.
provide() {
  if [ ${#missing[@]} -gt 0 ]; then
    # First, since installers of the others need some of them.
    { is_debian && may_install && install_on_debian; } || by_hand=("$(instructions)" "${by_hand[@]}")
  fi
  [ ${#by_hand[@]} -gt 0 ] || return 0
  if [ "${1:-}" = optional ]; then echo "Continuing without these; to have everything, install:" >&2; else echo "Please install:" >&2; fi
  printf '  %s\n' "${by_hand[@]}" >&2
  [ "${1:-}" = optional ] || echo "Then run \`make ${MAKECMDGOALS:-build}\` again." >&2
  return 1
}

may_install() { [ "$(id -u)" = 0 ] || { has sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }; }

# root_prefix: prints what a user writes before a command that needs root; minimal systems have no sudo.
root_prefix() { [ "$(id -u)" = 0 ] || { has sudo && echo "sudo "; } || echo "(as root) "; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

install_on_debian() {
  local outcome=0
  echo "installing ${debian[*]}" >&2
  as_root mkdir -p "$(dirname "$no_cluster")" || return
  trap 'as_root rm -f "$no_cluster"' EXIT
  echo 'create_main_cluster = false' | as_root tee "$no_cluster" >/dev/null
  as_root apt-get update -qq || echo "going on with the lists of packages as they are" >&2
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${debian[@]}" >/dev/null || outcome=$?
  as_root rm -f "$no_cluster"
  trap - EXIT
  return "$outcome"
}

instructions() {
  local names
  names=$(printf ', %s' "${missing[@]}")
  echo "${names:2}"
  if is_debian; then
    echo "    $(root_prefix)apt-get install --no-install-recommends ${debian[*]}"
  elif has dnf; then
    echo "    $(root_prefix)dnf install ${fedora[*]}"
  else
    echo "    Fedora: dnf install ${fedora[*]}"
    echo "    macOS:  brew install ${homebrew[*]}"
  fi
}

main "$@"

#!/usr/bin/env bash
# Assembles what the Advisor page loads: PatternFly's styles without what the page does not use, fonts, and the script, into
# workloads/web/dist. Silent and fast if that is up to date. The program embeds these files; without them it builds too, but the page has
# plain styles only, which is a failure with CI=true.
#
#   hack/web.sh           assembles the files
#   hack/web.sh packages  only installs the npm packages of the lock file, or fails
set -euo pipefail
cd "$(dirname "$0")/../workloads/web"
trap 'exit 130' INT # npm ends with a status of its own.

main() {
  if ! command -v npm >/dev/null; then
    go_on_without "Node.js and npm are not installed: hack/install-dependencies.sh web" "$@"
  elif ! install_packages; then
    go_on_without "npm failed to install its packages, see above; is $(npm config get registry) reachable? Then run it again" "$@"
  elif [ "${1:-}" != packages ]; then
    node assets/build.mjs
  fi
}

# The packages are installed again only if the lock file has changed. npm removes the folder first, so it is incomplete until the copy of
# the lock file is in it.
install_packages() {
  local stamp=node_modules/.ccx-lock
  cmp --silent package-lock.json "$stamp" && return
  echo "installing npm packages into workloads/web/node_modules" >&2
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 && cp package-lock.json "$stamp"
}

# go_on_without REASON [packages]
go_on_without() {
  echo "the page gets plain styles only: $1" >&2
  [ "${2:-}" != packages ] && [ "${CI:-}" != true ]
}

main "$@"

#!/usr/bin/env bash
# Assembles what the Advisor page loads: PatternFly's styles without what the page does not use, fonts, and the script, into
# workloads/web/dist. Silent and fast if that is up to date. The program embeds these files; without them it builds too, but the page has
# plain styles only.
#
#   hack/web.sh           assembles the files
#   hack/web.sh packages  only installs the npm packages of the lock file
set -euo pipefail
cd "$(dirname "$0")/../workloads/web"

main() {
  if ! command -v npm >/dev/null; then
    echo "the page gets plain styles only: Node.js and npm are not installed (hack/install-dependencies.sh web)" >&2
    [ "${CI:-}" != true ]
    return
  fi
  install_packages
  [ "${1:-}" = packages ] || node assets/build.mjs
}

# The packages are installed again only if the lock file has changed.
install_packages() {
  local stamp=node_modules/.ccx-lock
  cmp --silent package-lock.json "$stamp" && return
  echo "installing npm packages into workloads/web/node_modules" >&2
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json "$stamp"
}

main "$@"

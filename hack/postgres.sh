#!/usr/bin/env bash
# Runs a private PostgreSQL on this machine, for tests and development. The system's databases are not affected.
#
#   hack/postgres.sh up        start it; the first start creates the database
#   hack/postgres.sh down      stop it, and keep its data
#   hack/postgres.sh wipe      stop it and remove its data
#   hack/postgres.sh psql ...  run psql against it
#   hack/postgres.sh status    print its address; fails when it is not running
#
# It uses the newest installed server. For root it runs as the user postgres or nobody, since PostgreSQL refuses to run as root: that
# user must have access to the folders above POSTGRES_DATA. Environment variables:
#
#   POSTGRES_PORT      its port                           (5432)
#   POSTGRES_PASSWORD  the password of its user postgres  (ccx-secret)
#   POSTGRES_DB        the created database               (ccx-data-pipeline)
#   POSTGRES_DATA      folder of its data                 (/tmp/ccx-postgres-$POSTGRES_PORT)
#   POSTGRES_BIN       folder of its programs             (found: PATH, Debian's, Fedora's and Homebrew's folders)
set -euo pipefail

# shellcheck source=hack/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/server.sh"

port=${POSTGRES_PORT:-5432}
database=${POSTGRES_DB:-ccx-data-pipeline}
data=${POSTGRES_DATA:-${TMPDIR:-/tmp}/ccx-postgres-$port}
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGPASSWORD=${POSTGRES_PASSWORD:-ccx-secret} LC_ALL=C

main() {
  case "${1:-}" in
    up) up ;;
    down) stop ;;
    wipe) stop && rm -rf "$data" ;;
    psql) psql -d "$database" "${@:2}" ;;
    status) status ;;
    help | -h | --help) usage ;;
    *) usage >&2 && exit 2 ;;
  esac
}

up() {
  server_alive "$data" && status && return
  find_programs
  mkdir -p "$data" && chmod 755 "$data"
  [ -f "$data/cluster/PG_VERSION" ] || init
  rm -f "$data/cluster/postmaster.pid" # Left by a crash; the number in it may be another process by now.
  # shellcheck disable=SC2046 # as_server is several words or none.
  server_start "$data" $(as_server) "$bin/postgres" -D "$data/cluster" -p "$port" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200
  server_wait "$data" "$bin/pg_isready" -q
  "$bin/psql" -qtAc "select 1 from pg_database where datname = '$database'" postgres | grep -q 1 || "$bin/createdb" "$database"
  status
}

find_programs() {
  local candidates
  bin=${POSTGRES_BIN:-}
  if [ -z "$bin" ]; then
    candidates=$(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
      /usr/local/opt/postgresql@*/bin | sort -rV)
    for bin in ${PATH//:/ } $candidates; do
      [ -x "$bin/initdb" ] && [ -x "$bin/pg_isready" ] && return
    done
    need initdb "on Debian and Ubuntu hack/install-dependencies.sh installs PostgreSQL; else set POSTGRES_BIN"
  fi
}

# as_server: prints the prefix of a command that drops root.
as_server() {
  [ "$(id -u)" = 0 ] || return 0
  local user=nobody
  id postgres >/dev/null 2>&1 && user=postgres
  echo "setpriv --reuid=$user --regid=$(id -g "$user") --clear-groups"
}

init() {
  local as owner
  read -ra as <<<"$(as_server)"
  owner=${as[1]:-$(id -un)}
  owner=${owner#--reuid=}
  rm -rf "$data"/cluster{,.new} && install -d -m 700 -o "$owner" "$data/cluster.new"
  install -m 600 -o "$owner" /dev/null "$data/password" && echo "$PGPASSWORD" >"$data/password"
  (cd / && ${as[@]+"${as[@]}"} "$bin/initdb" -D "$data/cluster.new" -U postgres --pwfile="$data/password" \
    -A scram-sha-256 -E UTF8 --locale=C --no-instructions) >"$data/initdb.log" 2>&1 ||
    { cat "$data/initdb.log" >&2 && die "failed to make a database in $data"; }
  mv "$data/cluster.new" "$data/cluster" # When it is complete: initdb writes PG_VERSION first.
}

# INT disconnects the clients; TERM would wait for them.
stop() { server_stop "$data" INT; }

status() {
  server_alive "$data" || die "PostgreSQL is not running in $data"
  echo "PostgreSQL: 127.0.0.1:$port, user postgres, database $database, log $data/log"
}

main "$@"

#!/usr/bin/env bash
# A private PostgreSQL on this machine, for tests and for trying things out. The system's own databases are not touched.
#
#   hack/postgres.sh up        start it; the first time makes the database
#   hack/postgres.sh down      stop it; what it stored stays
#   hack/postgres.sh wipe      stop it and remove what it stored
#   hack/postgres.sh psql ...  ask it something
#   hack/postgres.sh status    where it listens; fails when it is not running
#
# It uses the newest server that the machine has. Run by root it becomes the user postgres or nobody, since PostgreSQL refuses
# to be root: the folders above POSTGRES_DATA must let that user through. Settings, by environment:
#
#   POSTGRES_PORT      where it listens                   (5432)
#   POSTGRES_PASSWORD  the password of its user postgres  (ccx-secret)
#   POSTGRES_DB        the database that is made          (ccx-data-pipeline)
#   POSTGRES_DATA      folder of everything it stores     (/tmp/ccx-postgres-$POSTGRES_PORT)
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
  server_wait "$data" 60 "$bin/pg_isready" -q
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

# as_server: what to put before a command so that it is not run as root.
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
  rm -rf "$data/cluster" && install -d -m 700 -o "$owner" "$data/cluster"
  install -m 600 -o "$owner" /dev/null "$data/password" && echo "$PGPASSWORD" >"$data/password"
  (cd / && ${as[@]+"${as[@]}"} "$bin/initdb" -D "$data/cluster" -U postgres --pwfile="$data/password" \
    -A scram-sha-256 -E UTF8 --locale=C --no-instructions) >"$data/initdb.log" 2>&1 ||
    { cat "$data/initdb.log" >&2 && die "failed to make a database in $data"; }
}

# INT disconnects the clients; TERM would wait for them.
stop() { server_stop "$data" INT; }

status() {
  server_alive "$data" || die "PostgreSQL is not running in $data"
  echo "PostgreSQL: 127.0.0.1:$port, user postgres, database $database, log $data/log"
}

main "$@"

#!/bin/sh
# Creates a database at the first start, as the official image does, and executes the given command.
#
#   PGDATA                                       its data directory
#   POSTGRES_USER                                its owner                     (postgres)
#   POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE  the owner's password
#   POSTGRES_DB                                  its name                      (the owner's)
#   POSTGRES_INITDB_ARGS                         further arguments of initdb
set -eu

main() {
  case "${1:-postgres}" in -*) set -- postgres "$@" ;; esac
  if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
    make_database
  fi
  exec "$@"
}

# Created atomically: a server would never complete a partial data directory.
make_database() {
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  unfinished=$PGDATA.unfinished
  rm -rf "$unfinished"
  password >/tmp/password
  # shellcheck disable=SC2086 # Several arguments.
  initdb --pgdata "$unfinished" --username "$user" --pwfile /tmp/password --encoding UTF8 --locale C \
    --auth-local trust --auth-host scram-sha-256 --no-instructions ${POSTGRES_INITDB_ARGS:-}
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$unfinished/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$unfinished/postgresql.conf"
  [ "$database" = postgres ] || echo "create database \"$database\"" | postgres --single -D "$unfinished" postgres
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  for file in "$unfinished"/*; do
    case "$file" in */PG_VERSION) ;; *) mv "$file" "$PGDATA/" ;; esac
  done
  mv "$unfinished/PG_VERSION" "$PGDATA/"
  rmdir "$unfinished"
}

password() {
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then cat "$POSTGRES_PASSWORD_FILE"; else echo "${POSTGRES_PASSWORD:?}"; fi
}

main "$@"

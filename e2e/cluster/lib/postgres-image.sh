# shellcheck shell=bash
# Builds an image of PostgreSQL from this machine's programs, since the official one may be unreachable. Sourced after images.sh.

readonly postgres_image=localhost/postgres:e2e

# The newest installed server; PostgreSQL finds its files relative to its program, so paths are unchanged.
postgres_image() {
  local home sharedir
  home=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
  home=${home%/bin/initdb}
  [ -x "$home/bin/initdb" ] || { echo "${0##*/}: please install postgresql" >&2 && exit 69; }
  [ -z "$(find "$sources/images" "$sources/lib/postgres-image.sh" -newer "$images/postgres.tar" 2>&1)" ] && return
  sharedir=/usr/share/postgresql/${home##*/}
  local rootfs
  rootfs=$(mktemp -d)
  rootfs_basics "$rootfs" root:x:0:0::/:/bin/sh postgres:x:70:70::/:/bin/sh other:x:65532:65532::/:/bin/sh
  rootfs_with "$rootfs" "$home"/bin/{initdb,postgres,psql,pg_isready,pg_ctl,pg_controldata} /usr/bin/dash:/bin/sh \
    /usr/bin/{cat,chmod,mkdir,mv,rm,rmdir,sleep}
  install -D -m 755 -t "$rootfs$home/lib" "$home"/lib/{dict_snowball,plpgsql,libpqwalreceiver,*_and_*}.so
  install -D -m 755 -t "$rootfs/usr/local/bin" "$sources/images/postgres/docker-entrypoint.sh"
  mkdir -p "$rootfs/usr/share/zoneinfo/Etc" "$rootfs/var/lib/postgresql/data" "$rootfs/var/run/postgresql" "$rootfs$sharedir"
  chmod 1777 "$rootfs/var/lib/postgresql/data" "$rootfs/var/run/postgresql"
  cp -r "$sharedir"/. "$rootfs$sharedir"
  cp /usr/share/zoneinfo/{UTC,GMT} "$rootfs/usr/share/zoneinfo/"
  cp /usr/share/zoneinfo/Etc/UTC "$rootfs/usr/share/zoneinfo/Etc/"
  ln -s "$home/bin" "$rootfs/usr/lib/postgresql/bin"
  image_archive "$postgres_image" "$rootfs" "$images/postgres.tar" "$(image_config "$sources/images/postgres/Containerfile")"
  rm -rf "$rootfs"
}

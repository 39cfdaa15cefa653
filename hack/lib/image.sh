# shellcheck shell=bash
# Container images made by tar alone: no daemon, no registry, no root. Sourced.

# image_archive NAME ROOTFS ARCHIVE CONFIG: writes an image with one layer in the format of `docker save`, which every tool loads.
# CONFIG is the JSON object of the image's configuration: Entrypoint, Cmd, Env, User, ... The output is reproducible.
image_archive() {
  local work digest
  work=$(mktemp -d)
  reproducible_tar "$2" . >"$work/layer.tar"
  digest=$(sha256sum "$work/layer.tar" | cut -d ' ' -f 1)
  cat >"$work/config.json" <<JSON
{"architecture": "$(image_architecture)", "os": "linux", "config": $4, "rootfs": {"type": "layers", "diff_ids": ["sha256:$digest"]}}
JSON
  echo "[{\"Config\": \"config.json\", \"RepoTags\": [\"$1\"], \"Layers\": [\"layer.tar\"]}]" >"$work/manifest.json"
  mkdir -p "$(dirname "$3")"
  reproducible_tar "$work" manifest.json config.json layer.tar >"$3.new"
  mv "$3.new" "$3"
  rm -rf "$work"
}

reproducible_tar() { tar --create --directory "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner "${@:2}"; }

image_architecture() {
  case "$(uname -m)" in
    x86_64) echo amd64 ;;
    aarch64 | arm64) echo arm64 ;;
    *) uname -m ;;
  esac
}

# rootfs_with FOLDER PROGRAM...: copies programs, to their own paths or as SOURCE:PATH, into a root file system, with all shared
# libraries that they need.
rootfs_with() {
  local rootfs=$1 program
  shift
  for program; do
    install -D -m 755 "${program%%:*}" "$rootfs${program##*:}"
    copy_libraries "$rootfs" "${program%%:*}"
  done
}

# copy_libraries FOLDER FILE: copies the shared libraries of a program, if any, and the loader.
copy_libraries() {
  local library
  ldd "$2" | { grep -oE '/[^ ]+' || true; } | while read -r library; do
    [ -e "$1$library" ] || install -D -m 755 "$(readlink -f "$library")" "$1$library"
  done
}

# rootfs_basics FOLDER ENTRY...: adds users (lines of passwd), name resolution, public certificate authorities and /tmp.
rootfs_basics() {
  local rootfs=$1 certificates=/etc/ssl/certs/ca-certificates.crt
  shift
  install -d -m 755 "$rootfs/etc/ssl/certs" "$rootfs/usr/lib/ssl"
  install -d -m 1777 "$rootfs/tmp"
  printf '%s\n' "$@" >"$rootfs/etc/passwd"
  printf '%s\n' "$@" | awk -F : '{ print $1 ":x:" $4 ":" }' >"$rootfs/etc/group"
  echo 'hosts: files dns' >"$rootfs/etc/nsswitch.conf"
  cp "$certificates" "$rootfs$certificates"
  # The paths in which OpenSSL of this system and of others searches.
  ln -sf "$certificates" "$rootfs/etc/ssl/cert.pem"
  ln -sf "$certificates" "$rootfs/usr/lib/ssl/cert.pem"
}

# image_config CONTAINERFILE: converts its last instructions to the JSON object of a configuration, so that both ways to build an
# image agree. Instructions are in the exec form, one line each.
image_config() {
  awk '
    $1 == "ENTRYPOINT" || $1 == "CMD" { list = $0; sub(/^[A-Z]+ /, "", list); add($1 == "CMD" ? "Cmd" : "Entrypoint", list) }
    $1 == "USER" { add("User", "\"" $2 "\"") }
    $1 == "WORKDIR" { add("WorkingDir", "\"" $2 "\"") }
    $1 == "STOPSIGNAL" { add("StopSignal", "\"" $2 "\"") }
    $1 == "ENV" { variable = $0; sub(/^ENV /, "", variable); env = env (env ? ", " : "") "\"" variable "\"" }
    $1 == "LABEL" { label = $0; sub(/^LABEL /, "", label); split(label, part, "="); value = label; sub(/^[^=]*=/, "", value)
      labels = labels (labels ? ", " : "") "\"" part[1] "\": " value }
    $1 == "EXPOSE" { for (i = 2; i <= NF; i++) ports = ports (ports ? ", " : "") "\"" $i "/tcp\": {}" }
    function add(key, value) { fields = fields (fields ? ", " : "") "\"" key "\": " value }
    END {
      add("Env", "[" env "]"); add("Labels", "{" labels "}"); add("ExposedPorts", "{" ports "}")
      print "{" fields "}"
    }' "$1"
}

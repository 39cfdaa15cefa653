# shellcheck shell=bash
# Container images made by tar alone: no daemon, no registry, no root. Sourced.

# image_archive NAME ROOTFS ARCHIVE CONFIG: one layer, in the format of `docker save`, which every tool loads. CONFIG is the JSON
# object of the image's configuration: Entrypoint, Cmd, Env, User, ... The same input makes the same bytes.
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

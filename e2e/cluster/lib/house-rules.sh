# shellcheck shell=bash
# Builds an image with a rule of insights-core, as an organisation would: on top of the image with Python. Sourced after images.sh.

house_rules_up() {
  "$root/hack/install-dependencies.sh" python
  "$root/hack/images.sh" python debug
  local rootfs=$target/images/ccx-python modules
  modules=$(printf '%s\n' "$rootfs"/usr/local/lib/python3.*)
  cp -r "$sources/images/house-rules/." "$modules"
  image_archive localhost/house-rules:e2e "$rootfs" "$images/house-rules.tar" "$(image_config "$root/images/ccx-python/Containerfile")"
  load "$images/house-rules.tar"
}

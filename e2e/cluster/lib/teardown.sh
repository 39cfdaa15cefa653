# shellcheck shell=bash
# Removes everything of a node: processes, mounts, control groups, devices, rules. Sourced.

node_down() {
  local name
  server_stop "$state/kubelet" KILL # First, or it would start again what is stopped.
  proxy_down
  for name in volumes kube-scheduler; do server_stop "$state/$name" KILL; done
  containers_down
  control_plane_down
  unmount_all
  remove_control_groups
  network_policies_down
  ip link delete "$bridge" 2>/dev/null || true
  ! is_mounted || die "something is still mounted below $state or $sockets, so they are not removed; see /proc/self/mountinfo"
  rm -rf --one-file-system "$state" "$sockets" "$volumes"
}

# kube-proxy's cleanup removes its rules in iptables except two, which are removed here.
proxy_down() {
  local tables
  server_alive "$state/kube-proxy" || return 0
  server_stop "$state/kube-proxy" KILL
  "$(program kube-proxy)" --cleanup >/dev/null 2>&1 || true
  for tables in iptables ip6tables; do
    for change in "-D INPUT -j" "-D OUTPUT -j" -F -X; do
      # shellcheck disable=SC2086 # Several words.
      "$tables" $change KUBE-FIREWALL 2>/dev/null || true
    done
  done
}

containers_down() {
  local id
  if server_alive "$state/containerd"; then
    for id in $(containers tasks list --quiet 2>/dev/null); do
      containers tasks kill --all --signal SIGKILL "$id" >/dev/null 2>&1 || true
      containers tasks delete --force "$id" >/dev/null 2>&1 || true
      containers containers delete "$id" >/dev/null 2>&1 || true
    done
    server_stop "$state/containerd"
  fi
  # Identified by our socket in their command line, and by our control groups.
  kill_all < <(pgrep -f -- "containerd-shim.* -address $sockets/containerd.sock")
  kill_all < <(find /sys/fs/cgroup -path '*/kubepods/*' -name cgroup.procs -exec cat {} + 2>/dev/null)
}

kill_all() { sort -u | xargs --no-run-if-empty kill -KILL 2>/dev/null || true; }

mounts() { awk -v a="$state/" -v b="$sockets/" 'index($5, a) == 1 || index($5, b) == 1 { print $5 }' /proc/self/mountinfo; }

is_mounted() { [ -n "$(mounts)" ]; }

# Nested ones first.
unmount_all() { mounts | sort -r | xargs --no-run-if-empty --max-args 1 umount --lazy 2>/dev/null || true; }

remove_control_groups() { find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null || true; }

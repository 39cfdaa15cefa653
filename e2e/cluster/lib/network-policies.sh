# shellcheck shell=bash
# Installs the agent that enforces NetworkPolicies: without it they are only stored. Sourced after images.sh.

readonly policy_chain=CCX-POLICIES policy_queue=98

network_policies_up() {
  build_tool kube-network-policies sigs.k8s.io/kube-network-policies/cmd v0.8.0 "about 5 minutes"
  [ "$images/kube-network-policies.tar" -nt "$kubernetes_bin/kube-network-policies" ] || program_image kube-network-policies
  load "$images/kube-network-policies.tar"
  sed "s/{queue}/$policy_queue/" "$sources/manifests/network-policies.yaml" | kubectl apply -f - >/dev/null
  kubectl -n kube-system rollout status --timeout=90s daemonset/kube-network-policies >/dev/null
  queue_packets
}

# The agent decides on the first packet of each connection from or to a pod. It creates these rules itself if the kernel's nftables
# support queues, which some lack. While it is down, all traffic is allowed.
queue_packets() {
  network_policies_down
  iptables -N "$policy_chain"
  iptables -A "$policy_chain" -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
  iptables -A "$policy_chain" -s "$pod_network.0/24" -j NFQUEUE --queue-num "$policy_queue" --queue-bypass
  iptables -A "$policy_chain" -d "$pod_network.0/24" -j NFQUEUE --queue-num "$policy_queue" --queue-bypass
  iptables -I FORWARD -j "$policy_chain"
}

network_policies_down() {
  iptables -D FORWARD -j "$policy_chain" 2>/dev/null || true
  iptables -F "$policy_chain" 2>/dev/null || true
  iptables -X "$policy_chain" 2>/dev/null || true
}

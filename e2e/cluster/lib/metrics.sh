# shellcheck shell=bash
# Installs metrics-server, which autoscalers need. Sourced after images.sh.

metrics_up() {
  build_tool metrics-server sigs.k8s.io/metrics-server/cmd/metrics-server v0.8.0 "about 5 minutes"
  [ "$images/metrics-server.tar" -nt "$kubernetes_bin/metrics-server" ] || program_image metrics-server
  load "$images/metrics-server.tar"
  kubectl apply -f "$sources/manifests/metrics-server.yaml" >/dev/null
  kubectl -n kube-system rollout status --timeout=90s deployment/metrics-server >/dev/null
  kubectl wait --for=condition=Available --timeout=90s apiservice/v1beta1.metrics.k8s.io >/dev/null
}

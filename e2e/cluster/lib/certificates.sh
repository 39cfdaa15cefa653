# shellcheck shell=bash
# Creates the certificates of a cluster: one authority, a certificate for each program, and kubeconfigs for clients. Sourced.
#
# Kubernetes reads a user's name from a certificate's CN and the groups from its Os.

readonly key_kind=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes) validity_days=3650

# authority FOLDER: creates the authority, and the key that signs service account tokens.
authority() {
  [ -f "$1/service-accounts.pub" ] && return
  need openssl "it makes the cluster's certificates"
  mkdir -p "$1" && chmod 700 "$1"
  openssl req -x509 "${key_kind[@]}" -days "$validity_days" -subj /CN=ccx-test-authority \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout "$1/ca.key" -out "$1/ca.crt" 2>/dev/null
  openssl ecparam -name prime256v1 -genkey -noout -out "$1/service-accounts.key"
  openssl ec -in "$1/service-accounts.key" -pubout -out "$1/service-accounts.pub" 2>/dev/null
}

# certificate FOLDER NAME SUBJECT [ALTERNATIVE_NAMES]: creates a certificate for both server and client.
certificate() {
  [ -f "$1/$2.crt" ] && return
  local extensions="keyUsage=critical,digitalSignature"$'\n'"extendedKeyUsage=serverAuth,clientAuth"
  [ -z "${4:-}" ] || extensions+=$'\n'"subjectAltName=$4"
  openssl req "${key_kind[@]}" -subj "$3" -keyout "$1/$2.key" -out "$1/$2.csr" 2>/dev/null
  openssl x509 -req -in "$1/$2.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -CAcreateserial -days "$validity_days" \
    -extfile <(echo "$extensions") -out "$1/$2.crt" 2>/dev/null
}

# kubeconfig FOLDER NAME SERVER FILE: writes a self-contained kubeconfig for the owner of that certificate.
kubeconfig() {
  rm -f "$4" && (umask 077 && cat >"$4") <<YAML
apiVersion: v1
kind: Config
current-context: ccx-test
clusters:
  - name: ccx-test
    cluster: {server: "$3", certificate-authority-data: $(in_one_line "$1/ca.crt")}
users:
  - name: $2
    user: {client-certificate-data: $(in_one_line "$1/$2.crt"), client-key-data: $(in_one_line "$1/$2.key")}
contexts:
  - name: ccx-test
    context: {cluster: ccx-test, user: $2}
YAML
}

in_one_line() { base64 <"$1" | tr -d '\n'; }

{{/* The name of everything: the release's, with the chart's if that says no more. */}}
{{- define "ccx-operator.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The labels by which pods are selected: never to be changed. */}}
{{- define "ccx-operator.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ccx-operator.labels" -}}
{{ include "ccx-operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "ccx-operator.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "ccx-operator.name" .) -}}
{{- end -}}

{{- define "ccx-operator.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "ccx-operator.workloadImage" -}}
{{- .Values.workloadImages.ccx | default (printf "quay.io/ccx/ccx:%s" .Chart.AppVersion) -}}
{{- end -}}

{{/* Whether the definition is part of this release. Helm refuses to install an object that exists outside of the release: the same
definition, by kubectl or of another release, is left as it is, so that only a different one needs --take-ownership. */}}
{{- define "ccx-operator.rendersDefinition" -}}
{{- $crd := .Files.Get "files/ccxpipelines.ccx.openshift.io.yaml" | fromYaml -}}
{{- $found := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" $crd.metadata.name | default dict -}}
{{- $annotations := dig "metadata" "annotations" dict $found -}}
{{- $key := "ccx.openshift.io/definition-digest" -}}
{{- $isOurs := and (eq .Release.Name (get $annotations "meta.helm.sh/release-name")) (eq .Release.Namespace (get $annotations "meta.helm.sh/release-namespace")) -}}
{{- $isSame := eq (get $crd.metadata.annotations $key) (get $annotations $key) -}}
{{- or $isOurs (not $isSame) -}}
{{- end -}}

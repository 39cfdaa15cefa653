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

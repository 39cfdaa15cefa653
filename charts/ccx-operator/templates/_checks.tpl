{{/* Checks of values whose form the schema could only describe by regular expressions. Included by the Deployment; the result is empty. */}}
{{- define "ccx-operator.checks" -}}
{{- $image := "^([a-zA-Z0-9][-a-zA-Z0-9.]*(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*" -}}
{{- with .Values.image -}}
{{- if not (regexMatch (printf "%s$" $image) .repository) -}}
{{- fail (printf "image.repository: write an image without scheme, tag and digest, such as quay.io/ccx/ccx-operator, not %q" .repository) -}}
{{- end -}}
{{- if not (regexMatch "^([a-zA-Z0-9_][-a-zA-Z0-9_.]{0,127})?$" .tag) -}}
{{- fail (printf "image.tag: write a tag of letters, digits, -, _ and ., not %q" .tag) -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := .Values.workloadImages -}}
{{- if not (regexMatch (printf "^(%s(:[a-zA-Z0-9_][-a-zA-Z0-9_.]{0,127})?(@sha256:[0-9a-f]{64})?)?$" (trimPrefix "^" $image)) $value) -}}
{{- fail (printf "workloadImages.%s: write an image such as quay.io/ccx/ccx:0.1.0, without a scheme, not %q" $name $value) -}}
{{- end -}}
{{- end -}}
{{- range splitList "," .Values.log -}}
{{- if not (has (splitList "=" . | last | trim | lower) (list "error" "warn" "info" "debug" "trace" "off")) -}}
{{- fail (printf "log: write error, warn, info, debug, trace or off, or a filter such as info,ccx_operator=debug, not %q" $.Values.log) -}}
{{- end -}}
{{- end -}}
{{- if not (regexMatch "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$" .Values.serviceAccount.name) -}}
{{- fail (printf "serviceAccount.name: write a name of lower-case letters, digits, - and ., not %q" .Values.serviceAccount.name) -}}
{{- end -}}
{{- range $kind, $quantities := .Values.resources -}}
{{- range $name, $quantity := $quantities -}}
{{- if not (regexMatch "^[0-9]+([.][0-9]+)?([eE][0-9]+|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$" (toString $quantity)) -}}
{{- fail (printf "resources.%s.%s: write a quantity such as 250m, 2, 512Mi or 1Gi, not %q" $kind $name (toString $quantity)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $key, $value := .Values.podLabels -}}
{{- if hasPrefix "app.kubernetes.io/" $key -}}
{{- fail (printf "podLabels: choose another label than %s: pods are selected by those of app.kubernetes.io/" $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}

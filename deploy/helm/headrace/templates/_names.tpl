{{/* What everything of a release is called. */}}
{{- define "headrace.name" -}}
{{- ternary .Release.Name (printf "%s-headrace" .Release.Name) (contains "headrace" .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* How a release's parts find each other. (dict "root" $ "part" "workers") */}}
{{- define "headrace.selector" -}}
app.kubernetes.io/name: headrace
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "headrace.labels" -}}
{{ include "headrace.selector" . }}
app.kubernetes.io/part-of: headrace
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "headrace.metadata" -}}
name: {{ include "headrace.name" .root }}-{{ .part }}
namespace: {{ .root.Release.Namespace }}
labels: {{- include "headrace.labels" . | nindent 2 }}
{{- end }}

{{/* A Service's: `job` is the name that alerts and dashboards of deploy/ know the part by. */}}
{{- define "headrace.serviceMetadata" -}}
{{ include "headrace.metadata" . }}
  headrace-job: {{ .job }}
{{- end }}

{{- define "headrace.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{- define "headrace.existingSecret" -}}
{{ required "existingSecret is empty: name the Secret that holds the URLs of Redis and ClickHouse (docs/kubernetes.md)" .Values.existingSecret }}
{{- end }}

{{/* Egress rules. */}}

{{- define "headrace.toDns" -}}
- to: {{- toYaml .Values.networkPolicy.dnsTo | nindent 4 }}
  ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
{{- end }}

{{- define "headrace.toRedis" -}}
{{- if .Values.bundled.redis.enabled -}}
- to: [{podSelector: {matchLabels: {app: {{ include "headrace.name" . }}-redis, redis_setup_type: standalone}}}]
  ports: [{protocol: TCP, port: 6379}]
{{- else -}}
{{ include "headrace.toStore" .Values.networkPolicy.redis }}
{{- end -}}
{{- end }}

{{- define "headrace.toClickhouse" -}}
{{- if .Values.bundled.clickhouse.enabled -}}
- to: [{podSelector: {matchLabels: {clickhouse.altinity.com/chi: {{ include "headrace.name" . }}}}}]
  ports: [{protocol: TCP, port: 8123}]
{{- else -}}
{{ include "headrace.toStore" .Values.networkPolicy.clickhouse }}
{{- end -}}
{{- end }}

{{- define "headrace.toStore" -}}
- ports:
    {{- range .ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with .to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* An ingress rule where there is anybody to let in: (dict "from" list "port" 8080). */}}
{{- define "headrace.from" -}}
{{- with .from }}
- from: {{- toYaml . | nindent 4 }}
  ports: [{protocol: TCP, port: {{ $.port }}}]
{{- end }}
{{- end }}

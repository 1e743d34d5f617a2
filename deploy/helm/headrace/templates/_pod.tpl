{{/* What the pods of all parts have in common: (dict "root" $ "part" "workers" "values" .Values.workers). */}}

{{- define "headrace.podMetadata" -}}
labels:
  {{- include "headrace.labels" . | nindent 2 }}
  {{- with .values.podLabels }}{{ toYaml . | nindent 2 }}{{ end }}
{{- with .values.podAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Nothing of a pod needs root, a token, or the variables that Kubernetes makes of Services: a release called headrace
would get HEADRACE_QUERIES_PORT and the like. */}}
{{- define "headrace.podSpec" -}}
serviceAccountName: {{ include "headrace.name" .root }}-{{ .part }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .root.Values.runAsUser }}
  runAsGroup: {{ .root.Values.runAsUser }}
  fsGroup: {{ .root.Values.runAsUser }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: tmp
    # copies of place databases, and rows that a client of the PSQL wire has yet to fetch
    emptyDir: {sizeLimit: 2Gi}
  - name: secrets
    secret:
      secretName: {{ include "headrace.existingSecret" .root }}
      defaultMode: 0440
      items:
        {{- range $variable, $key := .values.secretFiles }}
        - {key: {{ $key | quote }}, path: {{ $variable }}}
        {{- end }}
  {{- with .values.volumes }}{{ toYaml . | nindent 2 }}{{ end }}
  {{- with .volumes }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end }}

{{/* Over zones and nodes, each rollout for itself; where there is no room, anywhere. */}}
{{- define "headrace.spread" -}}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - topologyKey: {{ $key }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels: {{- include "headrace.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}

{{- define "headrace.container" -}}
image: {{ include "headrace.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  privileged: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities: {drop: [ALL]}
resources: {{- toYaml .values.resources | nindent 2 }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  - {name: secrets, mountPath: /run/secrets/headrace, readOnly: true}
  {{- with .values.volumeMounts }}{{ toYaml . | nindent 2 }}{{ end }}
  {{- with .volumeMounts }}{{ toYaml . | nindent 2 }}{{ end }}
env:
  {{- range $variable, $key := .values.secretFiles }}
  - {name: {{ $variable }}_FILE, value: /run/secrets/headrace/{{ $variable }}}
  {{- end }}
  {{- range $variable, $from := .values.secretEnv }}
  - name: {{ $variable }}
    valueFrom: {secretKeyRef: {name: {{ $from.name }}, key: {{ $from.key }}}}
  {{- end }}
  {{- if and .root.Values.clickhouse.cluster (ne .part "ingest-api") }}
  - {name: HEADRACE_CLICKHOUSE_CLUSTER, value: {{ .root.Values.clickhouse.cluster | quote }}}
  {{- end }}
  {{- range $variable, $value := merge (dict) (.settings | default dict) .values.env }}
  - {name: {{ $variable }}, value: {{ $value | quote }}}
  {{- end }}
{{- end }}

{{/* Kept out of balancers from the first moment, then SIGTERM, then what a service needs to end, then the kernel. */}}
{{- define "headrace.drain" -}}
{{- with .Values.drainSeconds -}}
lifecycle:
  preStop:
    sleep: {seconds: {{ . }}}
{{- end }}
{{- end }}

{{- define "headrace.httpProbes" -}}
startupProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end }}

{{/* A rollout takes nobody away before somebody new is there. */}}
{{- define "headrace.rollout" -}}
minReadySeconds: 5
revisionHistoryLimit: 5
strategy:
  type: RollingUpdate
  rollingUpdate: {maxUnavailable: 0, maxSurge: 25%}
{{- end }}

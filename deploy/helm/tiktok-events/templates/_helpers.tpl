{{- define "tiktok-events.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tiktok-events.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: {{ .component | default "worker" }}
{{- end -}}

{{- define "tiktok-events.labels" -}}
{{ include "tiktok-events.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "tiktok-events.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "tiktok-events.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "tiktok-events.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- /* What every container of the chart runs with: its settings, and no rights. */ -}}
{{- define "tiktok-events.container" -}}
image: {{ include "tiktok-events.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  - name: TIKTOK_EVENTS_PROBE_PORT
    value: {{ .Values.probePort | quote }}
  - name: TIKTOK_EVENTS_REDIS_URL
    {{- if .Values.redis.existingSecret }}
    valueFrom:
      secretKeyRef:
        name: {{ .Values.redis.existingSecret }}
        key: {{ .Values.redis.key }}
    {{- else }}
    value: {{ required "give redis.existingSecret, or redis.url" .Values.redis.url | quote }}
    {{- end }}
  {{- with .Values.accessToken.existingSecret }}
  - name: TIKTOK_EVENTS_ACCESS_TOKEN
    valueFrom:
      secretKeyRef:
        name: {{ . }}
        key: {{ $.Values.accessToken.key }}
  {{- end }}
  {{- if .Values.serve.enabled }}
  - name: TIKTOK_EVENTS_SERVE_TOKENS_FILE
    value: /etc/tiktok-events-serve/tokens
  {{- end }}
  {{- if .Values.destinations.existingSecret }}
  - name: TIKTOK_EVENTS_DESTINATIONS_FILE
    value: /etc/tiktok-events/destinations.toml
  {{- end }}
  {{- range $name, $value := .Values.settings }}
  - name: TIKTOK_EVENTS_{{ $name }}
    value: {{ $value | toString | quote }}
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- if .Values.destinations.existingSecret }}
  # The folder, not the file alone: a file that is mounted by itself never changes.
  - name: destinations
    mountPath: /etc/tiktok-events
    readOnly: true
  {{- end }}
{{- end -}}

{{- define "tiktok-events.pod" -}}
serviceAccountName: {{ include "tiktok-events.serviceAccount" . }}
automountServiceAccountToken: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
  {{- if .Values.destinations.existingSecret }}
  - name: destinations
    secret:
      secretName: {{ .Values.destinations.existingSecret }}
      defaultMode: 0440
      items:
        - key: {{ .Values.destinations.key }}
          path: destinations.toml
  {{- end }}
{{- end -}}

{{/* Name of the chart, cut to what a label takes. */}}
{{- define "re.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of all objects. Those of hosts add six characters, dashboards some more: 44 leave room for them. */}}
{{- define "re.fullname" -}}
{{- $name := include "re.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 44 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 44 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 44 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "re.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- define "re.hosts.namespace" -}}
{{- default (include "re.namespace" .) .Values.hosts.namespace }}
{{- end }}

{{/* What never changes of an object, so that selectors may use it. */}}
{{- define "re.selector" -}}
app.kubernetes.io/name: {{ include "re.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "re.labels" -}}
{{- $own := dict "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" (regexReplaceAll "[^A-Za-z0-9._-]" .Chart.AppVersion "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/managed-by" .Release.Service
  "app.kubernetes.io/part-of" (include "re.name" .) }}
{{- merge (include "re.selector" . | fromYaml) $own .Values.commonLabels | toYaml }}
{{- end }}

{{/* Whether several exporters share the systems: a text, empty where not. */}}
{{- define "re.sharded" -}}
{{- if gt (int .Values.shards.count) 1 }}yes{{ end }}
{{- end }}

{{- define "re.serviceAccount" -}}
{{- default (ternary (include "re.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "re.image" -}}
{{- $registry := default .Values.image.registry .Values.global.imageRegistry }}
{{- $name := ternary .Values.image.repository (printf "%s/%s" $registry .Values.image.repository) (empty $registry) }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $name .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $name (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "re.pullSecrets" -}}
{{- $names := list }}
{{- range concat .Values.global.imagePullSecrets .Values.imagePullSecrets }}
{{- $names = append $names (kindIs "string" . | ternary . (get (kindIs "map" . | ternary . dict) "name")) }}
{{- end }}
{{- with uniq $names }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Flags of every exporter. */}}
{{- define "re.args" -}}
- --config.file=/etc/readiness-exporter/config/readiness.yaml
- --web.listen-address=:10216
- --log.level={{ .Values.log.level }}
- --log.format={{ .Values.log.format }}
{{- if .Values.web.configSecret }}
- --web.config.file=/etc/readiness-exporter/web/web-config.yaml
{{- end }}
{{- end }}

{{/* Name of the ConfigMaps that have the record. */}}
{{- define "re.record" -}}
{{ include "re.fullname" . }}-record
{{- end }}

{{/* What a claim for the record asks for. */}}
{{- define "re.claim" -}}
accessModes:
  {{- toYaml .Values.persistence.accessModes | nindent 2 }}
{{- with .Values.persistence.storageClass }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests:
    storage: {{ .Values.persistence.size }}
{{- end }}

{{/* Relabelings with what the API server fills in, so that whoever compares them with the cluster finds them equal. */}}
{{- define "re.relabelings" -}}
{{- range . }}
- {{ merge (deepCopy .) (dict "action" "replace") | toJson }}
{{- end }}
{{- end }}

{{/* A probe in the scheme of the server. */}}
{{- define "re.probe" -}}
{{- $probe := deepCopy .probe }}
{{- if and $probe.httpGet (eq .scheme "https") (not $probe.httpGet.scheme) }}
{{- $_ := set $probe.httpGet "scheme" "HTTPS" }}
{{- end }}
{{- toYaml $probe }}
{{- end }}

{{/* What is wrong with values beyond what their schema can tell. */}}
{{- define "re.validate" -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled }}
{{- fail "serviceMonitor.enabled and podMonitor.enabled: one of the two, or everything is scraped twice" }}
{{- end }}
{{- $sharded := include "re.sharded" . }}
{{- if and .Values.persistence.enabled (gt (int .Values.replicas) 1) (not $sharded) }}
{{- fail (printf "replicas: %d with persistence.enabled: one replica at most writes to a volume" (int .Values.replicas)) }}
{{- end }}
{{- if and .Values.persistence.enabled .Values.persistence.configMaps }}
{{- fail "persistence.enabled and persistence.configMaps: one of the two" }}
{{- end }}
{{- if and $sharded .Values.persistence.configMaps }}
{{- fail "persistence.configMaps with shards.count above 1: expected persistence.enabled, since each shard has a record of its own" }}
{{- end }}
{{- if and $sharded .Values.persistence.existingClaim }}
{{- fail "persistence.existingClaim with shards.count above 1: each pod of the StatefulSet writes to a volume of its own" }}
{{- end }}
{{- if and .Values.shards.address (not $sharded) }}
{{- fail "shards.address: expected shards.count above 1" }}
{{- end }}
{{- if and .Values.web.externalURL $sharded }}
{{- fail "web.externalURL with shards.count above 1: expected shards.address, since each shard has its own" }}
{{- end }}
{{- range $i, $system := .Values.config.systems }}
{{- if $system.hosts }}
{{- fail (printf "config.systems[%d].hosts: a pod sees no machine; put hosts under hosts.config, and set hosts.enabled" $i) }}
{{- end }}
{{- end }}
{{- if hasKey .Values.configFiles "readiness.yaml" }}
{{- fail "configFiles: readiness.yaml is the name of config" }}
{{- end }}
{{- end }}

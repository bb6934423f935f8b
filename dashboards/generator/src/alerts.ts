// The alerts of alerts/ on every dashboard: those that fire, and when they and whatever explains them began.
import { AnnotationQueryBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { toRunbookOfAlert, toSystem } from "./links.js";
import { list, source, type PanelOf } from "./panels.js";
import { count, max, min, of, sum } from "./query.js";
import { colours, severityTexts } from "./style.js";

// What an alert is about, by the labels of what it watches.
const about = [
  "check", "gate", "objective", "backup", "place", "host", "mountpoint", "unit", "schedule", "repository", "database", "login", "address", "port", "url", "domain", "kubernetes_namespace", "kind", "name",
  "server_name", "ip", "collector", "target", "instance",
];

/** Those that are about no system, such as a reload that failed, are shown whatever is chosen; the weekly summary never is. */
function alerting(series: "ALERTS" | "ALERTS_FOR_STATE", names: string, ...matchers: string[]): string {
  const chosen = ['severity!="info"', 'system=~"$system|"', 'environment=~"$environment|"', ...matchers];
  return `${series}{alertname=~"Readiness(${names})", ${chosen.join(", ")}}`;
}

/** The alerts that fire for what is chosen. */
export function firing(names: string): PanelOf {
  const subject = (series: string) => max(
    ["severity", "alertname", "system", "environment", "team", "subject"],
    `label_replace(label_join(${series}, "all", " ", ${about.map((label) => `"${label}"`).join(", ")}), "subject", "$1", "all", " *(.*?) *")`,
  );
  return list(
    { width: 24, height: 6, title: "Alerts that fire",
      description: "The alerts that fire for what is chosen, with the team that owns the system. The name leads to the runbook, which says what to do." },
    [
      { of: "severity", title: "Severity", mappings: severityTexts, width: 120 },
      { of: "alertname", title: "Alert", link: toRunbookOfAlert, width: 265 },
      { of: "subject", title: "About" },
      { of: "system", title: "System", link: toSystem, width: 150 },
      { of: "environment", title: "Environment", width: 130 },
      { of: "team", title: "Team", width: 140 },
      { of: "Value", title: "Since", unit: "dateTimeAsIso", width: 160 },
    ],
    [{ by: "Severity" }, { by: "Since", descending: true }],
    `1000 * ${subject(alerting("ALERTS_FOR_STATE", names))} and ${subject(alerting("ALERTS", names, 'alertstate="firing"'))}`,
  );
}

/** What is marked on every graph: where alerts, rollouts, configurations and versions of the exporter begin. */
export function marks(names: string): AnnotationQueryBuilder[] {
  const labels = ["alertname", "severity", "system", "environment"];
  const alerts = `1000 * ${min(labels, alerting("ALERTS_FOR_STATE", names))} and on (${labels.join(", ")}) ${alerting("ALERTS", names, 'alertstate="firing"')}`;
  const rollouts = sum(["system", "environment", "kubernetes_namespace"], of("readiness_workload_rollout_in_progress"));
  const configured = `1000 * ${max(["instance"], "readiness_config_last_reload_success_timestamp_seconds")}`;
  const versions = `${count(["version"], "readiness_build_info")} unless on (version) last_over_time(readiness_build_info[1h] offset 5m)`;
  return [
    mark("Alerts", colours.bad, alerts, "{{alertname}}", "{{severity}}: {{system}} {{environment}}").useValueForTime(true),
    mark("Rollouts", colours.excused, rollouts, "Rollout", "{{system}} {{environment}} {{kubernetes_namespace}}"),
    mark("Reloads", colours.undeclared, configured, "Configuration loaded", "{{instance}}").useValueForTime(true),
    mark("Versions", colours.unknown, versions, "New version of the exporter", "{{version}}"),
  ];
}

function mark(name: string, colour: string, expression: string, title: string, text: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder().name(name).datasource(source).enable(true).iconColor(colour).expr(expression).step("60s").titleFormat(title).textFormat(text);
}

import { board } from "./board.js";
import { toSystem } from "./links.js";
import { absent, either, noneIsGood, plain, steps } from "./style.js";
import { lines, list, number } from "./panels.js";
import { chosenOnce, max, min, of, systemLabels } from "./query.js";

const workload = [...systemLabels, "kubernetes_cluster", "kubernetes_namespace", "kind", "name"];
const chosen = 'kubernetes_namespace=~"$kubernetes_namespace"';
const replicas = (state: "desired" | "available") => min(workload, of(`readiness_workload_replicas_${state}`, chosen));
const nodes = min(workload, of("readiness_workload_nodes", chosen));
const disruptions = min(workload, of("readiness_workload_disruptions_allowed", chosen));
const rollout = `(${max(workload, of("readiness_workload_rollout_in_progress", chosen))} or ${replicas("desired")} * 0)`;
const missing = `clamp_min(${replicas("desired")} - ${replicas("available")}, 0)`;
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };

export const workloads = board({
  name: "workloads",
  title: "Workloads",
  description: "What runs in the clusters: whether enough of it is available, on enough nodes, and whether a node can be drained.",
  from: "now-24h",
  choices: [{
    name: "kubernetes_namespace", label: "Namespace", description: "The namespaces of the clusters to show.",
    values: 'label_values(readiness_workload_replicas_desired{system=~"$system", environment=~"$environment"}, kubernetes_namespace)',
  }],
  panels: [
    number({ ...one, title: "Workloads", description: "How many Deployments, StatefulSets and DaemonSets are watched.", thresholds: plain }, [`count(${replicas("desired")})`]),
    number({ ...one, title: "Pods missing", description: "Workloads with fewer available pods than desired." }, [`sum(${missing} > bool 0)`]),
    number({ ...one, title: "One replica", description: "Workloads that should have one pod only, or none: nothing is there when it is lost." },
      [`sum(${replicas("desired")} < bool 2)`]),
    number({ ...one, title: "All on one node", description: "Workloads of which all pods run on one node, or on none." }, [`sum(${nodes} < bool 2)`]),
    number({ ...one, title: "No disruptions", description: "Workloads of which the budgets allow no disruption now: their nodes cannot be drained." },
      [`sum(${disruptions} == bool 0)`]),
    number({ ...one, title: "Rolling out", description: "Workloads whose pods are being replaced.", thresholds: plain }, [`sum(${rollout})`]),
    list(
      { width: 24, height: 14, title: "Workloads, the most missing pods on top", description: "The pods that each workload should have and has. Disruptions: how many of its pods may be disrupted now." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 110 },
        { of: "kubernetes_cluster", title: "Cluster", width: 90 },
        { of: "kubernetes_namespace", title: "Namespace" },
        { of: "kind", title: "Kind", width: 105 },
        { of: "name", title: "Name" },
        { of: "A", title: "Missing", unit: "none", thresholds: noneIsGood, width: 80 },
        { of: "B", title: "Desired", unit: "none", thresholds: steps("bad", [2, "good"]), width: 80 },
        { of: "C", title: "Nodes", unit: "none", thresholds: steps("bad", [2, "good"]), mappings: absent("–"), width: 70 },
        { of: "D", title: "Disruptions", unit: "none", thresholds: steps("bad", [1, "good"]), mappings: absent("no budget"), width: 100 },
        { of: "E", title: "Rollout", mappings: either("running", "none", "neither"), width: 95 },
      ],
      { by: "Missing", descending: true },
      missing, replicas("desired"), nodes, disruptions, rollout,
    ),
    lines(
      { width: 12, height: 9, title: "Pods that are missing", description: "How many pods are desired and not available, of the 20 workloads with the most missing pods.", unit: "none" },
      [chosenOnce("topk", 20, workload, missing), "{{system}} {{environment}} {{kubernetes_cluster}} {{kubernetes_namespace}}/{{name}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Pods by state", description: "The pods of all chosen workloads, desired and available.", unit: "none", named: true },
      [`sum(${replicas("desired")})`, "desired"],
      [`sum(${replicas("available")})`, "available"],
    ),
  ],
});

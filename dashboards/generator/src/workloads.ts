import { board } from "./board.js";
import { toSystem } from "./links.js";
import { absent, noneIsGood, plain, stateTexts, steps } from "./style.js";
import { lines, list, number } from "./panels.js";
import { chosenOnce, max, min, of, states, systemLabels } from "./query.js";

const workload = [...systemLabels, "kubernetes_cluster", "kubernetes_namespace", "kind", "name"];
const chosen = 'kubernetes_namespace=~"$kubernetes_namespace"';
const replicas = (state: "desired" | "available") => min(workload, of(`readiness_workload_replicas_${state}`, chosen));
const nodes = min(workload, of("readiness_workload_nodes", chosen));
const disruptions = min(workload, of("readiness_workload_disruptions_allowed", chosen));
const running = max(workload, of("readiness_workload_rollout_in_progress", chosen));
const rollout = `(${running} or ${replicas("desired")} * 0)`;
const missing = `clamp_min(${replicas("desired")} - ${replicas("available")}, 0)`;
const several = `${replicas("desired")} > 1`;
const state = states(replicas("desired"), `${replicas("available")} == 0 and ${replicas("desired")} > 0`, `${missing} > 0 unless ${running}`, `${missing} > 0`,
  `${replicas("desired")} == 1`, `${nodes} < 2 and ${several}`, `${disruptions} == 0 and ${several}`, `${replicas("desired")} == 0`);
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };

export const workloads = board({
  name: "workloads",
  title: "Workloads",
  description: "What runs in the clusters: whether enough of it is available, on enough nodes, and whether a node can be drained.",
  from: "now-24h",
  alerts: "(Workload|Cluster|Component|Node|Helm).+",
  choices: [{
    name: "kubernetes_namespace", label: "Namespace", description: "The namespaces of the clusters to show.",
    values: 'label_values(readiness_workload_replicas_desired{system=~"$system", environment=~"$environment"}, kubernetes_namespace)',
  }],
  now: [
    number({ ...one, title: "Workloads", description: "How many Deployments, StatefulSets and DaemonSets are watched.", thresholds: plain }, [`count(${replicas("desired")})`]),
    number({ ...one, title: "Pods missing", description: "Workloads with fewer available pods than desired." }, [`sum(${missing} > bool 0)`]),
    number({ ...one, title: "One replica", description: "Workloads that should have one pod only: nothing is there when it is lost." },
      [`sum(${replicas("desired")} == bool 1)`]),
    number({ ...one, title: "All on one node", description: "Workloads of several pods that all run on one node." },
      [`count(${nodes} < 2 and ${several}) or 0 * count(${replicas("desired")})`]),
    number({ ...one, title: "No disruptions", description: "Workloads of which the budgets allow no disruption now: their nodes cannot be drained." },
      [`sum(${disruptions} == bool 0)`]),
    number({ ...one, title: "Rolling out", description: "Workloads whose pods are being replaced.", thresholds: plain }, [`sum(${rollout})`]),
  ],
  fix: [
    list(
      { width: 24, height: 14, title: "Workloads, the worst first",
        description: "The pods that each workload should have and has. Spare: how many of its pods may be disrupted now. What is scaled to zero is meant to be." },
      [
        { of: "A", title: "State", width: 155, mappings: stateTexts(
          ["available", "good"], ["scaled to zero", "none"], ["no disruptions", "near"], ["all on one node", "near"], ["one replica", "near"],
          ["rolling out", "excused"], ["pods missing", "bad"], ["down", "bad"]) },
        { of: "kubernetes_namespace", title: "Namespace" },
        { of: "name", title: "Name" },
        { of: "kind", title: "Kind", width: 110 },
        { of: "B", title: "Missing", unit: "none", thresholds: noneIsGood, width: 80 },
        { of: "C", title: "Desired", unit: "none", width: 80 },
        { of: "D", title: "Nodes", unit: "none", mappings: absent("–"), width: 70 },
        { of: "E", title: "Spare", unit: "none", thresholds: steps("bad", [1, "good"]), mappings: absent("no budget"), width: 95 },
        { of: "kubernetes_cluster", title: "Cluster" },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 125 },
      ],
      [{ by: "State", descending: true }, { by: "Missing", descending: true }],
      state, missing, replicas("desired"), nodes, disruptions,
    ),
  ],
  time: [
    lines(
      { width: 24, height: 10, title: "Pods that are missing", description: "How many pods are desired and not available, of the ten workloads with the most missing pods.", unit: "none" },
      [chosenOnce("topk", 10, workload, missing), "{{system}} {{environment}} {{kubernetes_cluster}} {{kubernetes_namespace}}/{{name}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Pods by state", description: "The pods of all chosen workloads: those that are available, and those that are missing to what is desired.", unit: "none",
        stacked: true, named: "pods" },
      [`sum(${replicas("available")})`, "available"],
      [`sum(${missing})`, "missing"],
    ),
    lines(
      { width: 12, height: 9, title: "Rollouts", description: "How many workloads have their pods replaced.", unit: "none", named: "pods" },
      [`sum(${rollout})`, "rolling out"],
    ),
  ],
  details: [
    list(
      { width: 24, height: 8, title: "Clusters", description: "The version of each cluster, and its nodes: how many there are, are ready, and take no pods." },
      [
        { of: "kubernetes_cluster", title: "Cluster" },
        { of: "version", title: "Version" },
        { of: "A", title: "Nodes", unit: "none", width: 80 },
        { of: "B", title: "Not ready", unit: "none", thresholds: noneIsGood, width: 95 },
        { of: "C", title: "Cordoned", unit: "none", width: 95 },
        { of: "D", title: "Without a node", unit: "none", thresholds: noneIsGood, width: 125 },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 130 },
      ],
      [{ by: "Not ready", descending: true }, { by: "Without a node", descending: true }],
      ...clusters(),
    ),
  ],
});

// The version is a label of the first, and joins the others.
function clusters(): string[] {
  const labels = [...systemLabels, "kubernetes_cluster"];
  const gauge = (name: string) => max(labels, of(`readiness_cluster_${name}`));
  return [
    `${gauge("nodes")} * on (${labels.join(", ")}) group_left (version) topk by (${labels.join(", ")}) (1, ${of("readiness_cluster_version_info")})`,
    `${gauge("nodes")} - ${gauge("nodes_ready")}`, gauge("nodes_cordoned"), gauge("unschedulable_pods"),
  ];
}

import { board } from "./board.js";
import { toSystem } from "./links.js";
import { absent, either, noneIsGood, plain, steps } from "./look.js";
import { lines, list, number } from "./panels.js";
import { max, min, of, systemLabels } from "./query.js";

const workload = [...systemLabels, "cluster", "namespace", "kind", "name"];
const chosen = 'namespace=~"$namespace"';
const replicas = (state: string) => min(workload, of("readiness_workload_replicas", chosen, `state="${state}"`));
const nodes = min(workload, of("readiness_workload_nodes", chosen));
const disruptions = min(workload, of("readiness_workload_disruptions_allowed", chosen));
const rollout = max(workload, of("readiness_workload_rollout_in_progress", chosen));
const missing = `clamp_min(${replicas("desired")} - ${replicas("available")}, 0)`;
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };

export const workloads = board({
  name: "workloads",
  title: "Workloads",
  description: "What runs in the clusters: whether enough of it is available, on enough nodes, and whether a node can be drained.",
  from: "now-24h",
  choices: [{
    name: "namespace", label: "Namespace", description: "The namespaces of the clusters to show.",
    values: 'label_values(readiness_workload_replicas{system=~"$system", environment=~"$environment"}, namespace)',
  }],
  panels: [
    number({ ...one, title: "Workloads", description: "How many Deployments, StatefulSets and DaemonSets are looked at.", thresholds: plain }, [`count(${nodes})`]),
    number({ ...one, title: "Fewer than desired", description: "Workloads with fewer available pods than they want." }, [`sum(${missing} > bool 0)`]),
    number({ ...one, title: "Only one replica", description: "Workloads that want one pod only, or none: nothing is there when it goes." },
      [`sum(${replicas("desired")} < bool 2)`]),
    number({ ...one, title: "All on one node", description: "Workloads of which all pods run on one node, or on none." }, [`sum(${nodes} < bool 2)`]),
    number({ ...one, title: "No disruption allowed", description: "Workloads of which no budget lets a pod go now: their nodes cannot be drained." },
      [`sum(${disruptions} == bool 0)`]),
    number({ ...one, title: "Rolling out", description: "Workloads whose pods are being replaced.", thresholds: plain }, [`sum(${rollout})`]),
    list(
      { width: 24, height: 14, title: "Workloads, those that miss most on top", description: "What each workload wants and has. Disruptions: how many of its pods may go now." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 110 },
        { of: "cluster", title: "Cluster", width: 90 },
        { of: "namespace", title: "Namespace" },
        { of: "kind", title: "Kind", width: 105 },
        { of: "name", title: "Name" },
        { of: "A", title: "Missing", unit: "none", thresholds: noneIsGood, width: 80 },
        { of: "B", title: "Desired", unit: "none", thresholds: steps("bad", [2, "good"]), width: 80 },
        { of: "C", title: "Nodes", unit: "none", thresholds: steps("bad", [2, "good"]), width: 70 },
        { of: "D", title: "Disruptions", unit: "none", thresholds: steps("bad", [1, "good"]), mappings: absent("no budget"), width: 100 },
        { of: "E", title: "Rollout", mappings: either("running", "none", "neither"), width: 95 },
      ],
      { by: "Missing", descending: true },
      missing, replicas("desired"), nodes, disruptions, rollout,
    ),
    lines(
      { width: 12, height: 9, title: "Pods that are missing", description: "How many pods are wanted and not available, of the 20 workloads that miss most.", unit: "none" },
      [`topk(20, ${max(["system", "namespace", "name"], missing)})`, "{{system}} {{namespace}}/{{name}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Pods by state", description: "The pods of all chosen workloads.", unit: "none" },
      [`sum by (state) (${max([...workload, "state"], of("readiness_workload_replicas", chosen))})`, "{{state}}"],
    ),
  ],
});

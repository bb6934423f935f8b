import { board } from "./board.js";
import { toSystem } from "./links.js";
import { either, noneIsGood, plain, stateTexts, steps } from "./style.js";
import { lines, list, number, type Series } from "./panels.js";
import { chosenOnce, max, min, of, states, sum, systemLabels } from "./query.js";

const collector = [...systemLabels, "collector"];
const chosen = '{instance=~"$instance"}';
const build = `readiness_build_info${chosen}`;
// Metrics of a process, or of its scrape, do not name the program: those of exporters are beside its build.
const own = (metric: string) => `${metric}${chosen} and on (job, instance) ${build}`;
const gauge = (name: string) => max(collector, of(`readiness_collector_${name}`));
const up = min(collector, of("readiness_collector_up"));
const success = gauge("last_success_timestamp_seconds");
const down = `count by (${collector.join(", ")}) (${max([...collector, "target"], of("readiness_collector_target_up"))} == 0)`;
const state = states(up, `${up} == 0`, `time() - ${success} > 3 * ${gauge("interval_seconds")}`);
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };
// Some exporters at a time, those where it is the most.
const extreme = (expression: string): Series => [chosenOnce("topk", 4, ["instance"], max(["instance"], expression)), "{{instance}}"];

// From a native histogram, or a classic one where Prometheus keeps those.
function quantile(part: number, histogram: string, labels: string[]): string {
  const rate = (suffix: string) => `rate(${histogram}${suffix}${chosen}[$__rate_interval])`;
  return `histogram_quantile(${part}, ${sum(labels, rate(""))}) or histogram_quantile(${part}, ${sum([...labels, "le"], rate("_bucket"))})`;
}

export const exporter = board({
  name: "exporter",
  title: "Exporter",
  description: "Whether the exporter itself works: what it could not collect, how long collections and scrapes take, what it needs.",
  from: "now-6h",
  alerts: "(Exporter|System|Shard|Thresholds|Collect|Facts|Series|Reload|Scrape|Storage).+",
  choices: [{
    name: "instance", label: "Instance", description: "The exporters to show, as they are scraped.",
    values: "label_values(readiness_build_info, instance)",
  }],
  now: [
    number({ ...one, title: "Exporters up", description: "How many exporters are scraped now.", thresholds: steps("bad", [1, "good"]) },
      [`sum(${own("up")})`]),
    number({ ...one, title: "Collectors down", description: "Collectors whose newest collection from one of their targets failed." }, [`sum(1 - ${up})`]),
    number({ ...one, title: "Unavailable", description: "Subjects that should have been collected and could not be." },
      [`sum(readiness_collector_unavailable${chosen}) or vector(0)`]),
    number({ ...one, title: "Series left out", description: "Series that are left out since they are not valid: mostly two things with the same labels." },
      [`sum(readiness_collector_invalid_series${chosen}) or vector(0)`]),
    number({ ...one, title: "Configuration", description: "Whether the configuration was good the last time it was loaded, in every exporter.",
      mappings: either("good", "refused", "yes"), thresholds: plain }, [`min(readiness_config_last_reload_successful${chosen})`]),
    number({ ...one, title: "Storage", description: "Whether every exporter can write its record of changes to --storage.path.",
      mappings: either("writable", "not writable", "yes"), thresholds: plain }, [`min(readiness_storage_writable${chosen})`]),
  ],
  fix: [
    list(
      { width: 24, height: 10, title: "Collectors, the worst first", description: "When each collector last collected from all of its targets, and from how many it could not." },
      [
        { of: "A", title: "State", mappings: stateTexts(["up", "good"], ["stale", "near"], ["down", "bad"]), width: 90 },
        { of: "collector", title: "Collector" },
        { of: "B", title: "Targets down", unit: "none", thresholds: noneIsGood, width: 115 },
        { of: "C", title: "Last success", unit: "dateTimeAsIso", width: 160 },
        { of: "D", title: "Interval", unit: "s", decimals: 0, width: 100 },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment" },
      ],
      [{ by: "State", descending: true }, { by: "Last success" }],
      state, down, `1000 * ${success}`, gauge("interval_seconds"),
    ),
  ],
  time: [
    lines(
      { width: 12, height: 9, title: "Why subjects are unavailable", description: "How many subjects could not be collected, by reason.", unit: "none", stacked: true, named: "reason" },
      [sum(["reason"], `readiness_collector_unavailable${chosen}`), "{{reason}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Collections by outcome", description: "How many collections end each second, by their outcome.", unit: "ops", decimals: 2, stacked: true,
        named: "outcome" },
      [sum(["outcome"], `rate(readiness_collector_runs_total${chosen}[$__rate_interval]) > 0`), "{{outcome}}"],
    ),
    lines(
      { width: 24, height: 10, title: "How long collections take", description: "What 99 of 100 collections of a collector take at most, of the ten slowest.", unit: "s", decimals: 2,
        interval: "5m" },
      [chosenOnce("topk", 10, ["collector"], quantile(0.99, "readiness_collector_duration_seconds", ["collector"])), "{{collector}}"],
    ),
    lines(
      { width: 12, height: 9, title: "How long judging takes", description: "What half of the assessments of a system take at most, and 99 of 100.", unit: "s", decimals: 2,
        interval: "5m" },
      [quantile(0.5, "readiness_assessment_duration_seconds", []), "half of them"], [quantile(0.99, "readiness_assessment_duration_seconds", []), "99 of 100"],
    ),
    lines(
      { width: 12, height: 9, title: "How long scrapes take", description: "The duration of the scrapes of the four slowest exporters; at 5 s an alert fires.",
        unit: "s", decimals: 2, thresholds: steps("good", [5, "bad"]) },
      extreme(own("scrape_duration_seconds")),
    ),
    lines(
      { width: 12, height: 9, title: "Samples of a scrape", description: "How many samples the four largest exporters give. A step is a system, or a thing, that came or went.",
        unit: "none" },
      extreme(own("scrape_samples_scraped")),
    ),
    lines(
      { width: 12, height: 9, title: "Memory", description: "The resident memory of the four largest exporters.", unit: "bytes", decimals: 1 },
      extreme(own("process_resident_memory_bytes")),
    ),
    lines(
      { width: 12, height: 9, title: "Processors", description: "How many processors the four busiest exporters keep busy.", unit: "none", decimals: 2 },
      extreme(`rate(process_cpu_seconds_total${chosen}[$__rate_interval]) and on (job, instance) ${build}`),
    ),
    lines(
      { width: 12, height: 9, title: "Reloads", description: "How often the configuration was loaded in the hour before, by outcome.", unit: "none", stacked: true, named: "outcome" },
      [sum(["outcome"], `round(increase(readiness_config_reloads_total${chosen}[1h]))`), "{{outcome}}"],
    ),
  ],
  details: [
    list(
      { width: 24, height: 6, title: "Versions", description: "The version that each exporter runs, and when its configuration was last loaded without a mistake." },
      [
        { of: "instance", title: "Instance" },
        { of: "version", title: "Version" },
        { of: "revision", title: "Revision" },
        { of: "goversion", title: "Go", width: 120 },
        { of: "Value", title: "Configured", unit: "dateTimeAsIso", width: 160 },
      ],
      [{ by: "Configured" }],
      `1000 * max by (instance) (readiness_config_last_reload_success_timestamp_seconds${chosen}) ` +
        `* on (instance) group_left (version, revision, goversion) topk by (instance) (1, ${build})`,
    ),
  ],
});

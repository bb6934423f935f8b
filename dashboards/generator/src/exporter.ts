import { board } from "./board.js";
import { toSystem } from "./links.js";
import { either, noneIsGood, plain, steps } from "./style.js";
import { lines, list, number } from "./panels.js";
import { max, min, of, sum, systemLabels } from "./query.js";

const collector = [...systemLabels, "collector"];
const chosen = '{instance=~"$instance"}';
const build = `readiness_build_info${chosen}`;
// Metrics of a process, or of its scrape, do not name the program: those of exporters are beside its build.
const own = (metric: string) => `${metric} and on (job, instance) ${build}`;
const gauge = (name: string) => max(collector, of(`readiness_collector_${name}`));
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };

// From a native histogram, or a classic one where Prometheus keeps those.
function quantile(part: number, histogram: string, labels: string[]): string {
  const rate = (suffix: string) => `rate(${histogram.replace("{", `${suffix}{`)}[$__rate_interval])`;
  return `histogram_quantile(${part}, ${sum(labels, rate(""))}) or histogram_quantile(${part}, ${sum([...labels, "le"], rate("_bucket"))})`;
}

export const exporter = board({
  name: "exporter",
  title: "Exporter",
  description: "Whether the exporter itself works: what it could not collect, how long collections and scrapes take, what it needs.",
  from: "now-6h",
  choices: [{
    name: "instance", label: "Instance", description: "The exporters to show, as they are scraped.",
    values: "label_values(readiness_build_info, instance)",
  }],
  panels: [
    number({ ...one, title: "Exporters up", description: "How many exporters are scraped now.", thresholds: steps("bad", [1, "good"]) },
      [`sum(${own("up")})`]),
    number({ ...one, title: "Collectors down", description: "Collectors whose newest collection from one of their targets failed." },
      [`sum(1 - ${min(collector, of("readiness_collector_up"))})`]),
    number({ ...one, title: "Unavailable", description: "Subjects that should have been collected and could not be." },
      [`sum(readiness_collector_unavailable${chosen}) or vector(0)`]),
    number({ ...one, title: "Series left out", description: "Series that are left out since they are not valid: mostly two things with the same labels." },
      [`sum(readiness_collector_invalid_series${chosen}) or vector(0)`]),
    number({ ...one, title: "Configuration", description: "Whether the configuration was good the last time it was loaded, in every exporter.",
      mappings: either("good", "refused", "yes"), thresholds: plain }, [`min(readiness_config_last_reload_successful${chosen})`]),
    number({ ...one, title: "Storage", description: "Whether every exporter can write its record of changes to --storage.path.",
      mappings: either("writable", "not writable", "yes"), thresholds: plain }, [`min(readiness_storage_writable${chosen})`]),
    list(
      { width: 24, height: 11, title: "Collectors", description: "When each collector last collected from all of its targets, and from how many it could not. Down, and old, come first." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment" },
        { of: "collector", title: "Collector" },
        { of: "A", title: "Up", mappings: either("up", "down", "yes"), width: 90 },
        { of: "B", title: "Last success", unit: "dateTimeAsIso", width: 160 },
        { of: "C", title: "Interval", unit: "s", width: 100 },
        { of: "D", title: "Targets down", unit: "none", thresholds: noneIsGood, width: 120 },
      ],
      { by: "Up" },
      min(collector, of("readiness_collector_up")), `1000 * ${gauge("last_success_timestamp_seconds")}`, gauge("interval_seconds"),
      `count by (${collector.join(", ")}) (${max([...collector, "target"], of("readiness_collector_target_up"))} == 0)`,
    ),
    lines(
      { width: 12, height: 9, title: "Why subjects are unavailable", description: "How many subjects could not be collected, by reason.", unit: "none", stacked: true, named: true },
      [sum(["reason"], `readiness_collector_unavailable${chosen}`), "{{reason}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Collections by outcome", description: "How many collections end each second, by their outcome.", unit: "ops", stacked: true, named: true },
      [sum(["outcome"], `rate(readiness_collector_runs_total${chosen}[$__rate_interval]) > 0`), "{{outcome}}"],
    ),
    lines(
      { width: 12, height: 9, title: "How long collections take", description: "What 99 of 100 collections of a collector take at most.", unit: "s" },
      [quantile(0.99, `readiness_collector_duration_seconds${chosen}`, ["collector"]), "{{collector}}"],
    ),
    lines(
      { width: 12, height: 9, title: "How long judging takes", description: "What 99 of 100 assessments of a system take at most.", unit: "s" },
      [quantile(0.99, `readiness_assessment_duration_seconds${chosen}`, ["instance"]), "{{instance}}"],
    ),
    lines(
      { width: 12, height: 9, title: "How long scrapes take", description: "The duration of each exporter's scrape. It reads a snapshot, and does no other work.", unit: "s" },
      [own("scrape_duration_seconds"), "{{instance}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Samples of a scrape", description: "How many samples each exporter gives. A step is a system, or a thing, that came or went.", unit: "none" },
      [own("scrape_samples_scraped"), "{{instance}}"],
    ),
    lines(
      { width: 8, height: 9, title: "Memory", description: "The memory of each exporter's process.", unit: "bytes" },
      [own("process_resident_memory_bytes"), "{{instance}}"],
    ),
    lines(
      { width: 8, height: 9, title: "Processor", description: "The processors that each exporter keeps busy; 1 is one core.", unit: "none", decimals: 3 },
      [own("rate(process_cpu_seconds_total[$__rate_interval])"), "{{instance}}"],
    ),
    lines(
      { width: 8, height: 9, title: "Reloads", description: "How often the configuration was loaded in each hour, by outcome.", unit: "none", stacked: true, named: true },
      [sum(["outcome"], `increase(readiness_config_reloads_total${chosen}[1h])`), "{{outcome}}"],
    ),
    list(
      { width: 24, height: 6, title: "Versions", description: "The version that each exporter runs, and when its configuration was last loaded without a mistake." },
      [
        { of: "instance", title: "Instance" },
        { of: "version", title: "Version" },
        { of: "revision", title: "Revision" },
        { of: "goversion", title: "Go" },
        { of: "A", title: "Configured", unit: "dateTimeAsIso", width: 160 },
      ],
      { by: "Instance" },
      `1000 * max by (instance) (readiness_config_last_reload_success_timestamp_seconds${chosen}) ` +
        `* on (instance) group_left (version, revision, goversion) topk by (instance) (1, ${build})`,
    ),
  ],
});

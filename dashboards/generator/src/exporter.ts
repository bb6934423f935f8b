import { board } from "./board.js";
import { toSystem } from "./links.js";
import { either, noneIsGood, plain, steps } from "./look.js";
import { lines, list, number } from "./panels.js";
import { checkLabels, max, min, of, sum, systemLabels } from "./query.js";

const collector = [...systemLabels, "collector"];
const build = 'readiness_exporter_build_info{instance=~"$instance"}';
// Metrics of a process, or of its scrape, say nothing of what the process is: those of exporters are beside its build.
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
  description: "Whether the exporter itself can be believed: what it could not look at, how long looks and scrapes take, what it needs.",
  from: "now-6h",
  choices: [{
    name: "instance", label: "Instance", description: "The exporters to show, as they are scraped.",
    values: "label_values(readiness_exporter_build_info, instance)",
  }],
  panels: [
    number({ ...one, title: "Exporters up", description: "How many exporters are scraped now.", thresholds: steps("bad", [1, "good"]) },
      [`sum(${own("up")})`]),
    number({ ...one, title: "Collectors down", description: "Collectors whose newest look at one of their targets gave no answer." },
      [`sum(1 - ${min(collector, of("readiness_collector_up"))})`]),
    number({ ...one, title: "Subjects missed", description: "What collectors should have seen and could not." },
      [`sum(${max([...collector, "reason"], of("readiness_collector_missed"))})`]),
    number({ ...one, title: "Series dropped", description: "Series that are left out since another of the same labels stands already." },
      [`sum(${gauge("dropped_series")})`]),
    number({ ...one, title: "Configuration", description: "Whether the configuration was good the last time it was loaded, in every exporter.",
      mappings: either("good", "refused", "yes"), thresholds: plain }, ['min(readiness_config_last_reload_successful{instance=~"$instance"})']),
    number({ ...one, title: "Judged ago", description: "How long ago the check was judged that was judged longest ago.", unit: "s", decimals: 0,
      thresholds: steps("good", [300, "near"], [900, "bad"]) },
      [`time() - min(${max(checkLabels, of("readiness_check_last_evaluation_timestamp_seconds"))})`]),
    list(
      { width: 24, height: 11, title: "Collectors", description: "When each collector last saw all of its targets, and what it saw. Down, and old, come first." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment" },
        { of: "collector", title: "Collector" },
        { of: "A", title: "Up", mappings: either("up", "down", "yes"), width: 90 },
        { of: "B", title: "Last success", unit: "dateTimeAsIso", width: 160 },
        { of: "C", title: "Facts", unit: "none", width: 90 },
        { of: "D", title: "Missed", unit: "none", thresholds: noneIsGood, width: 90 },
      ],
      { by: "Up" },
      min(collector, of("readiness_collector_up")), `1000 * ${gauge("last_success_timestamp_seconds")}`, gauge("facts"),
      sum(collector, max([...collector, "reason"], of("readiness_collector_missed"))),
    ),
    lines(
      { width: 12, height: 9, title: "Why subjects are missed", description: "How many subjects could not be seen, by reason.", unit: "none", stacked: true },
      [sum(["reason"], max([...collector, "reason"], of("readiness_collector_missed"))), "{{reason}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Looks by outcome", description: "How many looks end each second, by their outcome.", unit: "ops", stacked: true },
      [sum(["outcome"], `rate(${of("readiness_collector_runs_total")}[$__rate_interval])`), "{{outcome}}"],
    ),
    lines(
      { width: 12, height: 9, title: "How long looks take", description: "What 99 of 100 looks of a collector take at most.", unit: "s" },
      [quantile(0.99, of("readiness_collector_duration_seconds"), ["collector"]), "{{collector}}"],
    ),
    lines(
      { width: 12, height: 9, title: "How long judging takes", description: "What 99 of 100 judgements of a check take at most, of the 10 slowest kinds.", unit: "s" },
      [`topk(10, ${quantile(0.99, 'readiness_check_duration_seconds{instance=~"$instance"}', ["kind"])})`, "{{kind}}"],
    ),
    lines(
      { width: 12, height: 9, title: "How long scrapes take", description: "The duration of each exporter's scrape. It reads a snapshot, and waits for nothing.", unit: "s" },
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
      { width: 8, height: 9, title: "Reloads", description: "How often the configuration was loaded since the start, by outcome.", unit: "none", stacked: true },
      ['sum by (outcome) (readiness_config_reloads_total{instance=~"$instance"})', "{{outcome}}"],
    ),
    list(
      { width: 24, height: 6, title: "Versions", description: "The version that each exporter runs, and when its configuration was last loaded well." },
      [
        { of: "instance", title: "Instance" },
        { of: "version", title: "Version" },
        { of: "revision", title: "Revision" },
        { of: "goversion", title: "Go" },
        { of: "A", title: "Configured", unit: "dateTimeAsIso", width: 160 },
      ],
      { by: "Instance" },
      '1000 * max by (instance) (readiness_config_last_reload_success_timestamp_seconds{instance=~"$instance"}) ' +
        `* on (instance) group_left (version, revision, goversion) topk by (instance) (1, ${build})`,
    ),
  ],
});

import { board } from "./board.js";
import { toSystem } from "./links.js";
import { absent, either, noneIsGood, plain, stateTexts, steps } from "./style.js";
import { lines, list, number } from "./panels.js";
import { chosenOnce, max, min, of, states, systemLabels, withInfo } from "./query.js";

const host = [...systemLabels, "host"];
const mount = [...host, "mountpoint", "purpose"];
const chosen = 'host=~"$host"';
const machine = (name: string) => max(host, of(`readiness_host_${name}`, chosen));
const disk = (name: string) => max(mount, of(`readiness_filesystem_${name}`, chosen));
const mounted = min(mount, of("readiness_filesystem_mounted", chosen));
const free = `${min(mount, of("readiness_filesystem_available_bytes", chosen))} / ${disk("size_bytes")}`;
const inodes = `${min(mount, of("readiness_filesystem_inodes_free", chosen))} / ${disk("inodes")}`;
const memory = `${min(host, of("readiness_host_memory_available_bytes", chosen))} / ${machine("memory_bytes")}`;
const full = min(mount, of("readiness_filesystem_full_timestamp_seconds", chosen));
const supportEnd = max(host, of("readiness_host_os_support_end_timestamp_seconds", chosen));
const shown = [...host, "mountpoint"];
// The shares of alerts/thresholds.rules.yaml: 15 % left is little, 5 % is full.
const usage = steps("good", [0.85, "near"], [0.95, "bad"]);
const space = steps("bad", [0.05, "near"], [0.15, "good"]);
const diskState = states(mounted, `${mounted} == 0`, `${disk("read_only")} == 1`, `${free} < 0.05`, `${inodes} < 0.05`, `${full} - time() < 4 * 86400`,
  `${free} < 0.15`);
const hostState = states(machine("cores"), `${supportEnd} <= time()`, `${memory} < 0.05`, `${supportEnd} - time() < 180 * 86400`,
  `${machine("reboot_required")} == 1`);
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };

export const hosts = board({
  name: "hosts",
  title: "Hosts and disks",
  description: "The machines and their file systems: what fills up, what gets no updates any more, what waits for a reboot.",
  from: "now-7d",
  alerts: "(Filesystem|Inodes|Host|Reboot|Unit|Firewall|SecurityUpdates|SSH|Port).+",
  choices: [{
    name: "host", label: "Host", description: "The hosts to show.",
    values: 'label_values(readiness_filesystem_mounted{system=~"$system", environment=~"$environment"}, host)',
  }],
  now: [
    number({ ...one, title: "File systems", description: "How many file systems are watched.", thresholds: plain }, [`count(${disk("mounted")})`]),
    number({ ...one, title: "Over 95 % full", description: "File systems with less than 5 % left to use." }, [`sum(${free} < bool 0.05)`]),
    number({ ...one, title: "Full in 4 days", description: "File systems that will be full within 4 days if they grow on as in the last hours." },
      [`count(${full} - time() < 4 * 86400) or 0 * count(${disk("mounted")})`]),
    number({ ...one, title: "Not mounted", description: "File systems that are declared and are not there." }, [`sum(1 - ${mounted})`]),
    number({ ...one, title: "Read-only", description: "File systems to which nothing can be written." }, [`sum(${disk("read_only")})`]),
    number({ ...one, title: "Reboot waits", description: "Hosts with an update that waits for a reboot, where the operating system reports it." },
      [`sum(${machine("reboot_required")})`]),
  ],
  fix: [
    list(
      { width: 24, height: 10, title: "File systems, the worst first",
        description: "How full each file system is. Full on: when it will be full if it grows on like this; empty where it does not grow, or has not been measured long enough." },
      [
        { of: "A", title: "State", width: 150, mappings: stateTexts(
          ["enough space", "good"], ["little space", "near"], ["full in 4 days", "near"], ["no inodes left", "bad"], ["full", "bad"], ["read-only", "bad"],
          ["not mounted", "bad"]) },
        { of: "host", title: "Host" },
        { of: "mountpoint", title: "Mount" },
        { of: "purpose", title: "Purpose", width: 110 },
        { of: "B", title: "Size", unit: "bytes", decimals: 1, width: 95 },
        { of: "C", title: "Used", unit: "percentunit", decimals: 1, thresholds: usage, gauge: true, width: 140 },
        { of: "D", title: "Inodes used", unit: "percentunit", decimals: 1, thresholds: usage, width: 110 },
        { of: "E", title: "Full on", unit: "dateTimeAsIso", width: 160 },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 130 },
      ],
      [{ by: "State", descending: true }, { by: "Used", descending: true }],
      diskState, disk("size_bytes"), `1 - ${free}`, `1 - ${inodes}`, `1000 * ${full}`,
    ),
    list(
      { width: 24, height: 9, title: "Hosts, the worst first", description: "Each machine and its operating system, with the last day on which it gets updates." },
      [
        { of: "A", title: "State", width: 150, mappings: stateTexts(
          ["in order", "good"], ["reboot waits", "near"], ["updates end", "near"], ["no memory left", "bad"], ["no updates", "bad"]) },
        { of: "host", title: "Host" },
        { of: "B", title: "Cores", unit: "none", width: 65 },
        { of: "C", title: "Memory", unit: "bytes", decimals: 1, width: 95 },
        { of: "D", title: "Memory used", unit: "percentunit", decimals: 1, thresholds: usage, width: 115 },
        { of: "E", title: "Started", unit: "dateTimeAsIso", width: 160 },
        { of: "F", title: "Updates until", unit: "dateTimeAsIso", mappings: absent("unknown"), width: 160 },
        { of: "G", title: "Reboot", mappings: either("required", "no", "no"), width: 100 },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 130 },
      ],
      [{ by: "State", descending: true }, { by: "Memory used", descending: true }],
      hostState, machine("cores"), machine("memory_bytes"), `1 - ${memory}`, `1000 * ${machine("boot_timestamp_seconds")}`, `1000 * ${supportEnd}`,
      machine("reboot_required"),
    ),
  ],
  time: [
    lines(
      { width: 24, height: 10, title: "Space that is left", description: "What can still be used of the ten fullest file systems.", unit: "percentunit", decimals: 0,
        thresholds: space },
      [chosenOnce("bottomk", 10, shown, min(shown, free)), "{{system}} {{environment}} {{host}} {{mountpoint}}"],
    ),
    lines(
      { width: 24, height: 10, title: "Memory that is left", description: "The memory that can be had without swapping, of the ten hosts with the least.",
        unit: "percentunit", decimals: 0, thresholds: space },
      [chosenOnce("bottomk", 10, host, memory), "{{system}} {{environment}} {{host}}"],
    ),
  ],
  details: [
    list(
      { width: 24, height: 8, title: "Operating systems", description: "What each machine runs." },
      [
        { of: "host", title: "Host" },
        { of: "os_id", title: "OS", width: 100 },
        { of: "os_version", title: "Version", width: 100 },
        { of: "os_codename", title: "Name", width: 110 },
        { of: "kernel", title: "Kernel" },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 130 },
        { of: "Value", title: "Started", unit: "dateTimeAsIso", width: 160 },
      ],
      [{ by: "Version" }, { by: "Host" }],
      withInfo(`1000 * ${machine("boot_timestamp_seconds")}`, "readiness_host_info", host, ["os_id", "os_version", "os_codename", "kernel"], chosen),
    ),
  ],
});

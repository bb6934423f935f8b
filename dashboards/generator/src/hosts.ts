import { board } from "./board.js";
import { toSystem } from "./links.js";
import { absent, either, noneIsGood, plain, steps } from "./style.js";
import { lines, list, number } from "./panels.js";
import { chosenOnce, max, min, of, systemLabels, withInfo } from "./query.js";

const host = [...systemLabels, "host"];
const mount = [...host, "mountpoint", "purpose"];
const chosen = 'host=~"$host"';
const machine = (name: string) => max(host, of(`readiness_host_${name}`, chosen));
const disk = (name: string) => max(mount, of(`readiness_filesystem_${name}`, chosen));
const free = `${min(mount, of("readiness_filesystem_available_bytes", chosen))} / ${disk("size_bytes")}`;
const inodes = `${min(mount, of("readiness_filesystem_inodes_free", chosen))} / ${disk("inodes")}`;
const memory = `${min(host, of("readiness_host_memory_available_bytes", chosen))} / ${machine("memory_bytes")}`;
const full = min(mount, of("readiness_filesystem_full_timestamp_seconds", chosen));
const supportEnd = max(host, of("readiness_host_os_support_end_timestamp_seconds", chosen));
const shown = [...host, "mountpoint"];
const usage = steps("good", [0.85, "near"], [0.95, "bad"]);
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };

export const hosts = board({
  name: "hosts",
  title: "Hosts and disks",
  description: "The machines and their file systems: what fills up, what is worn out, what waits for a reboot.",
  from: "now-7d",
  choices: [{
    name: "host", label: "Host", description: "The hosts to show.",
    values: 'label_values(readiness_filesystem_mounted{system=~"$system", environment=~"$environment"}, host)',
  }],
  panels: [
    number({ ...one, title: "File systems", description: "How many file systems are watched.", thresholds: plain }, [`count(${disk("mounted")})`]),
    number({ ...one, title: "Over 95 % full", description: "File systems with less than 5 % left to use." }, [`sum(${free} < bool 0.05)`]),
    number({ ...one, title: "Full in 4 days", description: "File systems that will be full within 4 days if they grow on as in the last hours." },
      [`count(${full} - time() < 4 * 86400) or 0 * count(${disk("mounted")})`]),
    number({ ...one, title: "Not mounted", description: "File systems that are declared and are not there." },
      [`sum(1 - ${min(mount, of("readiness_filesystem_mounted", chosen))})`]),
    number({ ...one, title: "Read-only", description: "File systems to which nothing can be written." }, [`sum(${disk("read_only")})`]),
    number({ ...one, title: "Reboot waits", description: "Hosts with an update that waits for a reboot, where the operating system reports it." },
      [`sum(${machine("reboot_required")})`]),
    list(
      { width: 24, height: 12, title: "File systems, the fullest on top",
        description: "How full each file system is. Full on: when it will be full if it grows on like this; empty where it does not grow, or has not been measured long enough." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 110 },
        { of: "host", title: "Host" },
        { of: "mountpoint", title: "Mounted on" },
        { of: "purpose", title: "Purpose", width: 90 },
        { of: "A", title: "Size", unit: "bytes", decimals: 1, mappings: absent("not mounted"), width: 100 },
        { of: "B", title: "Used", unit: "percentunit", decimals: 1, thresholds: usage, gauge: true, width: 140 },
        { of: "C", title: "Inodes used", unit: "percentunit", decimals: 1, thresholds: usage, width: 100 },
        { of: "D", title: "Full on", unit: "dateTimeAsIso", width: 150 },
        { of: "E", title: "Writable", mappings: either("read-only", "yes", "no"), width: 95 },
      ],
      { by: "Used", descending: true },
      disk("size_bytes"), `1 - ${free}`, `1 - ${inodes}`, `1000 * ${full}`, disk("read_only"),
    ),
    list(
      { width: 24, height: 9, title: "Hosts", description: "Each machine and its operating system, with the last day on which it gets updates." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 110 },
        { of: "host", title: "Host" },
        { of: "os_id", title: "OS", width: 80 },
        { of: "os_version", title: "Version", width: 80 },
        { of: "A", title: "Cores", unit: "none", width: 70 },
        { of: "B", title: "Memory", unit: "bytes", decimals: 1, width: 95 },
        { of: "C", title: "Memory used", unit: "percentunit", decimals: 1, thresholds: usage, width: 110 },
        { of: "D", title: "Started", unit: "dateTimeAsIso", width: 150 },
        { of: "E", title: "Updates until", unit: "dateTimeAsIso", mappings: absent("unknown"), width: 150 },
        { of: "F", title: "Reboot", mappings: either("required", "no", "no"), width: 95 },
      ],
      { by: "Memory used", descending: true },
      withInfo(machine("cores"), "readiness_host_info", host, ["os_id", "os_version"]),
      machine("memory_bytes"), `1 - ${memory}`, `1000 * ${machine("boot_timestamp_seconds")}`, `1000 * ${supportEnd}`, machine("reboot_required"),
    ),
    lines(
      { width: 12, height: 9, title: "Space that is left", description: "What can still be used of the 20 fullest file systems.", unit: "percentunit", max: 1,
        thresholds: steps("bad", [0.05, "near"], [0.15, "good"]) },
      [chosenOnce("bottomk", 20, shown, min(shown, free)), "{{system}} {{environment}} {{host}} {{mountpoint}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Memory that is left", description: "The memory that can be had without swapping, of the 20 hosts with the least.", unit: "percentunit", max: 1 },
      [chosenOnce("bottomk", 20, host, memory), "{{system}} {{environment}} {{host}}"],
    ),
  ],
});

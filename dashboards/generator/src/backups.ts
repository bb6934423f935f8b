import { board } from "./board.js";
import { toSystem } from "./links.js";
import { absent, either, noneIsGood, plain, steps } from "./style.js";
import { lines, list, number } from "./panels.js";
import { chosenOnce, max, min, of, systemLabels } from "./query.js";

const kept = [...systemLabels, "backup", "place", "group"];
const gauge = (name: string) => max(kept, of(`readiness_backup_${name}`));
// Two exporters that watch the same place may have collected at different times: the newer collection counts.
const age = `time() - ${gauge("last_success_timestamp_seconds")}`;
const shown = [...systemLabels, "backup", "place"];
const objective = min(kept, of("readiness_backup_objective_seconds"));
const used = `(${age}) / ${objective}`;
const late = steps("good", [0.8, "near"], [1, "bad"]);
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };

export const backups = board({
  name: "backups",
  title: "Backups and recovery",
  description: "What could be restored: how old the newest backup of everything is, where it is kept, and for how long.",
  from: "now-7d",
  panels: [
    number({ ...one, title: "Backups", description: "How many backups are watched, each in each of its places.", thresholds: plain },
      [`count(${gauge("copies")})`]),
    number({ ...one, title: "Too old", description: "Backups whose newest copy is older than the declared objective." },
      [`sum(${used} > bool 1)`]),
    number({ ...one, title: "Without any copy", description: "Backups of which not one copy is kept." }, [`sum(${gauge("copies")} == bool 0)`]),
    number({ ...one, title: "Not off site", description: "Backups of which no place is declared to be away from the system." },
      [`sum(${max([...systemLabels, "backup"], of("readiness_backup_off_site"))} == bool 0)`]),
    number({ ...one, title: "Oldest newest", description: "The age of the newest copy, of the backup where that is the oldest.", unit: "s", decimals: 1,
      thresholds: plain }, [`max(${age})`]),
    number({ ...one, title: "Size of all", description: "The size of all copies, where the places report it.", unit: "bytes", decimals: 1, thresholds: plain },
      [`sum(${gauge("kept_bytes")})`]),
    list(
      { width: 24, height: 10, title: "How old the newest backup is",
        description: "The age of the newest copy against how old it may get. Above 100 % the declared recovery point cannot be kept." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment" },
        { of: "backup", title: "Backup" },
        { of: "place", title: "Place" },
        { of: "group", title: "Group" },
        { of: "A", title: "Age", unit: "s", decimals: 1, width: 100 },
        { of: "B", title: "Objective", unit: "s", decimals: 1, mappings: absent("none"), width: 100 },
        { of: "C", title: "Used", unit: "percentunit", decimals: 0, thresholds: late, gauge: true, width: 160 },
        { of: "D", title: "Off site", mappings: either("yes", "no", "yes"), width: 90 },
      ],
      { by: "Used", descending: true },
      age, objective, used, gauge("off_site"),
    ),
    list(
      { width: 24, height: 10, title: "What is kept", description: "How many copies there are, how far back they go, and the longest time without one." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment" },
        { of: "backup", title: "Backup" },
        { of: "place", title: "Place" },
        { of: "group", title: "Group" },
        { of: "A", title: "Copies", unit: "none", width: 80 },
        { of: "B", title: "Oldest", unit: "dateTimeAsIso", width: 150 },
        { of: "C", title: "Longest gap", unit: "s", decimals: 1, width: 110 },
        { of: "D", title: "Newest size", unit: "bytes", decimals: 1, width: 110 },
        { of: "E", title: "Size of all", unit: "bytes", decimals: 1, width: 110 },
      ],
      { by: "Copies" },
      gauge("copies"), `1000 * ${gauge("oldest_timestamp_seconds")}`, gauge("longest_gap_seconds"), gauge("last_size_bytes"), gauge("kept_bytes"),
    ),
    lines(
      { width: 12, height: 9, title: "Age of the newest backup", unit: "s",
        description: "The age of the newest copy, of the 20 backups where it is oldest. Each backup is a step down to 0." },
      [chosenOnce("topk", 20, shown, max(shown, age)), "{{system}} {{environment}} {{backup}} {{place}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Size of the newest backup", unit: "bytes",
        description: "The size of the newest copy, of the 20 largest. A step down is a backup that has lost something." },
      [chosenOnce("topk", 20, shown, max(shown, gauge("last_size_bytes"))), "{{system}} {{environment}} {{backup}} {{place}}"],
    ),
  ],
});

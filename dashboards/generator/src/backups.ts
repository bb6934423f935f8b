import { board } from "./board.js";
import { toSystem } from "./links.js";
import { absent, either, noneIsGood, plain, stateTexts, steps } from "./style.js";
import { lines, list, number } from "./panels.js";
import { chosenOnce, max, min, of, states, systemLabels } from "./query.js";

const kept = [...systemLabels, "backup", "place", "group"];
const gauge = (name: string) => max(kept, of(`readiness_backup_${name}`));
// Two exporters that watch the same place may have collected at different times: the newer collection counts.
const age = `(time() - ${gauge("last_success_timestamp_seconds")}) / 86400`;
const shown = [...systemLabels, "backup", "place"];
const legend = "{{system}} {{environment}} {{backup}} {{place}}";
const objective = `${min(kept, of("readiness_backup_objective_seconds"))} / 86400`;
const used = `(${age}) / (${objective})`;
const late = steps("good", [0.8, "near"], [1, "bad"]);
const state = states(gauge("copies"), `${gauge("copies")} == 0`, `${used} > 1`, `${used} > 0.8`);
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };
const where = [
  { of: "backup", title: "Backup" },
  { of: "place", title: "Place" },
  { of: "group", title: "Group" },
  { of: "system", title: "System", link: toSystem },
  { of: "environment", title: "Environment", width: 130 },
];

export const backups = board({
  name: "backups",
  title: "Backups and recovery",
  description: "What could be restored: how old the newest backup of everything is, where it is kept, and for how long.",
  from: "now-7d",
  alerts: "Backup.+",
  now: [
    number({ ...one, title: "Backups", description: "How many backups are watched, each in each of its places.", thresholds: plain },
      [`count(${gauge("copies")})`]),
    number({ ...one, title: "Too old", description: "Backups whose newest copy is older than the declared objective." },
      [`sum(${used} > bool 1)`]),
    number({ ...one, title: "Without any copy", description: "Backups of which not one copy is kept." }, [`sum(${gauge("copies")} == bool 0)`]),
    number({ ...one, title: "Not off site", description: "Backups of which no place is declared to be away from the system." },
      [`sum(${max([...systemLabels, "backup"], of("readiness_backup_off_site"))} == bool 0)`]),
    number({ ...one, title: "Oldest newest", description: "The age of the newest copy, of the backup where that is the oldest.", unit: "suffix:d", decimals: 1,
      thresholds: plain }, [`max(${age})`]),
    number({ ...one, title: "Size of all", description: "The size of all copies, where the places report it.", unit: "bytes", decimals: 1, thresholds: plain },
      [`sum(${gauge("kept_bytes")})`]),
  ],
  fix: [
    list(
      { width: 24, height: 10, title: "Backups, the worst first",
        description: "The age of the newest copy against how old it may get. Above 100 % the declared recovery point cannot be kept." },
      [
        { of: "A", title: "State", mappings: stateTexts(["in time", "good"], ["due", "near"], ["too old", "bad"], ["no copy", "bad"]), width: 100 },
        ...where,
        { of: "B", title: "Age, days", unit: "none", decimals: 1, width: 95 },
        { of: "C", title: "Allowed", unit: "none", decimals: 1, mappings: absent("any"), width: 85 },
        { of: "D", title: "Used", unit: "percentunit", decimals: 0, thresholds: late, gauge: true, width: 150 },
        { of: "E", title: "Off site", mappings: either("yes", "no", "yes"), width: 80 },
      ],
      [{ by: "State", descending: true }, { by: "Used", descending: true }],
      state, age, objective, used, gauge("off_site"),
    ),
  ],
  time: [
    lines(
      { width: 24, height: 10, title: "Age against its objective", unit: "percentunit", decimals: 0, thresholds: late,
        description: "The age of the newest copy over the age that it may reach, of the ten backups where it is highest. Each backup is a step down to 0." },
      [chosenOnce("topk", 10, shown, max(shown, used)), legend],
    ),
    lines(
      { width: 24, height: 10, title: "Size of the newest backup", unit: "bytes", decimals: 1,
        description: "The size of the newest copy, of the ten largest. A step down is a backup that has lost something." },
      [chosenOnce("topk", 10, shown, max(shown, gauge("last_size_bytes"))), legend],
    ),
  ],
  details: [
    list(
      { width: 24, height: 10, title: "What is kept", description: "How many copies there are, how far back they go, and the longest time without one." },
      [
        { of: "A", title: "Copies", unit: "none", thresholds: steps("bad", [1, "good"]), width: 75 },
        ...where,
        { of: "B", title: "Oldest", unit: "dateTimeAsIso", width: 160 },
        { of: "C", title: "Gap, days", unit: "none", decimals: 1, width: 95 },
        { of: "D", title: "Newest size", unit: "bytes", decimals: 1, width: 110 },
        { of: "E", title: "Size of all", unit: "bytes", decimals: 1, width: 100 },
      ],
      [{ by: "Copies" }],
      gauge("copies"), `1000 * ${gauge("oldest_timestamp_seconds")}`, `${gauge("longest_gap_seconds")} / 86400`, gauge("last_size_bytes"), gauge("kept_bytes"),
    ),
  ],
});

import { board } from "./board.js";
import { toSystem } from "./links.js";
import { either, noneIsGood, plain, steps } from "./style.js";
import { lines, list, number, timeline } from "./panels.js";
import { chosenOnce, min, of, systemLabels } from "./query.js";

const objectiveLabels = [...systemLabels, "objective"];
const chosen = 'objective=~"$objective"';

// The series of alerts/slo.rules.yaml.
const rule = (name: string) => min(objectiveLabels, of(`readiness:objective${name}`, chosen));
const objective = rule(":ratio");
const budget = rule("_budget_left:ratio");
const burn = (window: string) => rule(`_burn:ratio_${window}`);
const met = min(objectiveLabels, of("readiness_objective_met", chosen));

// Those of the alerts: 14.4 spends the budget within two days, 6 within five, 1 within the 30.
const fast = steps("good", [1, "near"], [6, "bad"], [14.4, "bad"]);
const remaining = steps("bad", [0, "near"], [0.25, "good"]);
const one = { width: 6, height: 4, unit: "none" };
const legend = "{{system}} {{environment}} {{objective}}";

export const slo = board({
  name: "slo",
  title: "SLO",
  description: "Objectives of the system descriptions: the share of 30 days in which each was met, the budget that is left, and how fast it burns.",
  from: "now-30d",
  alerts: "Budget.+",
  choices: [{
    name: "objective", label: "Objective", description: "The objectives to show.",
    values: 'label_values(readiness_objective_ratio{system=~"$system", environment=~"$environment"}, objective)',
  }],
  now: [
    number({ ...one, title: "Objectives", description: "How many objectives are declared.", thresholds: plain }, [`count(${objective})`]),
    number({ ...one, title: "Not met now", description: "Objectives that are not met now.", thresholds: noneIsGood }, [`sum(1 - ${met})`]),
    number({ ...one, title: "Least budget left", description: "The share of the budget that is left, of the objective with the least; less than 0 if it is overdrawn.",
      unit: "percentunit", decimals: 1, thresholds: remaining }, [`min(${budget})`]),
    number({ ...one, title: "Fastest burn", description: "How many times faster than the objective allows the budget has been used in the last hour, of the fastest.",
      unit: "suffix:×", decimals: 1, thresholds: fast }, [`max(${burn("1h")})`]),
  ],
  fix: [
    list(
      { width: 24, height: 10, title: "Objectives, the worst first",
        description: "The share of the known time of 30 days in which each objective was met, and how much of them is known. Burn: how many times faster than the " +
          "objective allows its budget is used." },
      [
        { of: "A", title: "Now", mappings: either("met", "not met", "yes"), width: 100 },
        { of: "objective", title: "Objective" },
        { of: "B", title: "Budget left", unit: "percentunit", decimals: 1, thresholds: remaining, width: 105 },
        { of: "C", title: "Promised", unit: "percentunit", decimals: 2, width: 90 },
        { of: "D", title: "Met, 30 d", unit: "percentunit", decimals: 2, width: 90 },
        { of: "E", title: "Known", unit: "percentunit", decimals: 0, width: 75 },
        { of: "F", title: "Burn, 1 h", unit: "suffix:×", decimals: 1, thresholds: fast, width: 90 },
        { of: "G", title: "Burn, 6 h", unit: "suffix:×", decimals: 1, thresholds: fast, width: 90 },
        { of: "H", title: "Burn, 3 d", unit: "suffix:×", decimals: 1, thresholds: fast, width: 90 },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 130 },
      ],
      [{ by: "Budget left" }, { by: "Now" }],
      met, budget, objective, rule("_met:ratio_30d"), rule("_known:ratio_30d"), burn("1h"), burn("6h"), burn("3d"),
    ),
  ],
  time: [
    lines(
      { width: 24, height: 10, title: "Budget left",
        description: "The share of the budget of the 30 days before that was left, of the ten objectives with the least. Below 0 it was overdrawn.",
        unit: "percentunit", decimals: 0, signed: true, max: 1, thresholds: remaining },
      [chosenOnce("bottomk", 10, objectiveLabels, budget), legend],
    ),
    lines(
      { width: 24, height: 10, title: "Burn rate over 1 hour", description: "How many times faster than the objective allows the budget was used, of the ten fastest.",
        unit: "suffix:×", decimals: 1, thresholds: fast },
      [chosenOnce("topk", 10, objectiveLabels, burn("1h")), legend],
    ),
    timeline(
      { width: 24, height: 10, title: "Objectives over time", description: "Whether each objective was met.", unit: "none", mappings: either("met", "not met", "yes") },
      [met, legend],
    ),
  ],
  details: [
    list(
      { width: 24, height: 8, title: "Minutes of 30 days", description: "In how many minutes of the 30 days each objective was not met, and of how many that is known." },
      [
        { of: "objective", title: "Objective" },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment" },
        { of: "A", title: "Not met, minutes", unit: "none", decimals: 0, width: 140 },
        { of: "B", title: "Known, minutes", unit: "none", decimals: 0, width: 135 },
      ],
      [{ by: "Not met, minutes", descending: true }],
      rule("_bad:minutes_30d"), rule("_known:minutes_30d"),
    ),
  ],
});

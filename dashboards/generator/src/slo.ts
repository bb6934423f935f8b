import { board } from "./board.js";
import { toSystem } from "./links.js";
import { either, steps } from "./style.js";
import { lines, list, number, timeline } from "./panels.js";
import { chosenOnce, min, of, systemLabels } from "./query.js";

const objectiveLabels = [...systemLabels, "objective"];
const chosen = 'objective=~"$objective"';

// The series of alerts/slo.rules.yaml.
const rule = (name: string) => min(objectiveLabels, of(`readiness:objective${name}`, chosen));
const objective = rule(":ratio");
const budget = rule("_budget_left:ratio");
const burn = (window: string) => rule(`_burn:ratio_${window}`);

const fast = steps("good", [1, "near"], [6, "bad"]);
const remaining = steps("bad", [0, "near"], [0.25, "good"]);
const one = { width: 6, height: 4 };
const legend = "{{system}} {{environment}} {{objective}}";

export const slo = board({
  name: "slo",
  title: "SLO",
  description: "Objectives of the system descriptions: the share of 30 days in which each was met, the budget that is left, and how fast it burns.",
  from: "now-30d",
  choices: [{
    name: "objective", label: "Objective", description: "The objectives to show.",
    values: 'label_values(readiness_objective_ratio{system=~"$system", environment=~"$environment"}, objective)',
  }],
  panels: [
    number({ ...one, title: "Objectives", description: "How many objectives are declared.", unit: "none" }, [`count(${objective})`]),
    number({ ...one, title: "Not met now", description: "Objectives that are not met now.", unit: "none", thresholds: steps("good", [1, "bad"]) },
      [`sum(1 - ${min(objectiveLabels, of("readiness_objective_met", chosen))})`]),
    number({ ...one, title: "Least budget left", description: "The share of the budget that is left, of the objective with the least; less than 0 if it is overdrawn.",
      unit: "percentunit", decimals: 1, thresholds: remaining }, [`min(${budget})`]),
    number({ ...one, title: "Fastest burn", description: "How many times faster than the objective allows the budget has been used in the last hour, of the fastest.",
      unit: "suffix: ×", decimals: 1, thresholds: fast }, [`max(${burn("1h")})`]),
    list(
      { width: 24, height: 12, title: "Objectives, the least budget left on top",
        description: "The share of the known time of 30 days in which each objective was met, and how much of them is known. Burn: how many times faster than the " +
          "objective allows its budget is used." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment" },
        { of: "objective", title: "Objective" },
        { of: "A", title: "Promised", unit: "percentunit", decimals: 2, width: 90 },
        { of: "B", title: "Met, 30 d", unit: "percentunit", decimals: 2, width: 90 },
        { of: "C", title: "Known", unit: "percentunit", decimals: 0, width: 80 },
        { of: "D", title: "Budget left", unit: "percentunit", decimals: 1, thresholds: remaining, width: 100 },
        { of: "E", title: "Burn, 1 h", unit: "suffix: ×", decimals: 1, thresholds: fast, width: 90 },
        { of: "F", title: "Burn, 6 h", unit: "suffix: ×", decimals: 1, thresholds: fast, width: 90 },
        { of: "G", title: "Burn, 3 d", unit: "suffix: ×", decimals: 1, thresholds: fast, width: 90 },
      ],
      { by: "Budget left" },
      objective, rule("_met:ratio_30d"), rule("_known:ratio_30d"), budget, burn("1h"), burn("6h"), burn("3d"),
    ),
    lines(
      { width: 12, height: 10, title: "Budget left",
        description: "The share of the budget of the 30 days before that was left, of the 20 objectives with the least. Below 0 it was overdrawn.",
        unit: "percentunit", signed: true, max: 1, thresholds: remaining },
      [chosenOnce("bottomk", 20, objectiveLabels, budget), legend],
    ),
    lines(
      { width: 12, height: 10, title: "Burn rate over 1 hour", description: "How many times faster than the objective allows the budget was used, of the 20 fastest.",
        unit: "suffix: ×", thresholds: steps("good", [1, "near"], [6, "near"], [14.4, "bad"]) },
      [chosenOnce("topk", 20, objectiveLabels, burn("1h")), legend],
    ),
    timeline(
      { width: 24, height: 10, title: "Objectives over time", description: "Whether each objective was met.", unit: "none", mappings: either("met", "not met", "yes") },
      [min(objectiveLabels, of("readiness_objective_met", chosen)), legend],
    ),
  ],
});

import { board } from "./board.js";
import { toSystem } from "./links.js";
import { absent, steps } from "./look.js";
import { lines, list, number } from "./panels.js";
import { min, of, systemLabels } from "./query.js";

const category = [...systemLabels, "category"];
const inCategory = 'category=~"$category"';

// The series of alerts/slo.rules.yaml. That of a whole system has no category.
const objective = min(category, of("readiness:slo_objective:ratio", inCategory));
const share = (window: string) => min(category, of(`readiness:slo_ready:ratio_${window}`, inCategory));
const budget = min(category, of("readiness:slo_budget_remaining:ratio", inCategory));

// How many times faster than the objective allows the budget is used; 1 uses up that of 30 days in 30 days.
const burn = (window: string) => `(1 - ${share(window)}) / (1 - ${objective})`;
const fast = steps("good", [1, "near"], [6, "bad"]);
const remaining = steps("bad", [0, "near"], [0.25, "good"]);
const one = { width: 6, height: 4 };

export const slo = board({
  name: "slo",
  title: "SLO",
  description: "Readiness as an objective: the share of ready checks over 30 days, weighed as in scores, the budget that is left, and how fast it burns.",
  from: "now-30d",
  choices: [{
    name: "category", label: "Category", description: "The categories with an objective to show.",
    values: 'label_values(readiness_slo_objective_ratio{system=~"$system", environment=~"$environment"}, category)',
  }],
  panels: [
    number({ ...one, title: "Objectives", description: "How many objectives are declared.", unit: "none" }, [`count(${objective})`]),
    number({ ...one, title: "Missed", description: "Objectives whose budget of 30 days is used up.", unit: "none", thresholds: steps("good", [1, "bad"]) },
      [`sum(${budget} < bool 0)`]),
    number({ ...one, title: "Least budget left", description: "The share of the budget that is left, of the objective with the least; less than 0 if it is missed.",
      unit: "percentunit", decimals: 1, thresholds: remaining }, [`min(${budget})`]),
    number({ ...one, title: "Fastest burn", description: "How many times faster than the objective allows the budget has been used in the last hour, of the fastest.",
      unit: "suffix: ×", decimals: 1, thresholds: fast }, [`max(${burn("1h")})`]),
    list(
      { width: 24, height: 12, title: "Objectives, the least budget left on top",
        description: "The weight of the ready checks over that of the applicable ones, against its objective. Burn: how many times faster than the objective allows the budget is used." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment" },
        { of: "category", title: "Category", mappings: absent("whole system") },
        { of: "A", title: "Objective", unit: "percentunit", decimals: 2, width: 90 },
        { of: "B", title: "Ready, 30 d", unit: "percentunit", decimals: 2, width: 100 },
        { of: "C", title: "Budget left", unit: "percentunit", decimals: 1, thresholds: remaining, width: 100 },
        { of: "D", title: "Burn, 1 h", unit: "suffix: ×", decimals: 1, thresholds: fast, width: 90 },
        { of: "E", title: "Burn, 6 h", unit: "suffix: ×", decimals: 1, thresholds: fast, width: 90 },
        { of: "F", title: "Burn, 3 d", unit: "suffix: ×", decimals: 1, thresholds: fast, width: 90 },
      ],
      { by: "Budget left" },
      objective, share("30d"), budget, burn("1h"), burn("6h"), burn("3d"),
    ),
    lines(
      { width: 12, height: 10, title: "Budget left", description: "The share of the budget of the 30 days before that was left, of the 20 objectives with the least. Below 0 the objective was missed.",
        unit: "percentunit", signed: true, max: 1 },
      [`bottomk(20, ${budget})`, "{{system}} {{environment}} {{category}}"],
    ),
    lines(
      { width: 12, height: 10, title: "Burn rate over 1 hour", description: "How many times faster than the objective allows the budget was used, of the 20 fastest.",
        unit: "suffix: ×" },
      [`topk(20, ${burn("1h")})`, "{{system}} {{environment}} {{category}}"],
    ),
    lines(
      { width: 24, height: 10, title: "Ready", description: "The share of ready checks over 5 minutes, of the 20 lowest.", unit: "percentunit", max: 1 },
      [`bottomk(20, ${share("5m")})`, "{{system}} {{environment}} {{category}}"],
    ),
  ],
});

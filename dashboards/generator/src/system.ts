import { board } from "./board.js";
import { toPageOfChosen, toRunbook } from "./links.js";
import { ambiguous, meanings } from "./reasons.js";
import { either, levelTexts, linkText, noneIsGood, plain, sentences, severityTexts, share, statusCodes } from "./style.js";
import { bars, lines, list, number, timeline } from "./panels.js";
import { checkLabels, chosenOnce, coverage, having, max, of, ready, score, status, sum, systemLabels, withItem } from "./query.js";

const inCategory = 'category=~"$category"';
const check = checkLabels.join(", ");
const problemLabels = [...checkLabels, "reason", "level", "subject"];
const everyProblem = `${of("readiness_check_problem")} or label_replace(${of("readiness_check_problems")}, "subject", "others", "", "")`;
const since = `1000 * ${max(checkLabels, of("readiness_check_last_change_timestamp_seconds"))}`;
const judged = `topk by (${check}) (1, ${max([...checkLabels, "severity"], of("readiness_check_ready", inCategory))} >= bool 0)`;
// Since when each check has its problems.
const problem = `${max(problemLabels, of("readiness_check_problem"))} * on (${check}) group_left (severity) ${judged} * on (${check}) group_left () (${since})`;

/** A label of what is wrong, which becomes a sentence: the reason, with the kind of check where others use it differently. */
function meant(expression: string, label: string): string {
  const kinds = `label_join(${expression}, "used", "/", "kind", "reason")`;
  return `label_replace(label_replace(${kinds}, "${label}", "$1", "reason", "(.*)"), "${label}", "$1", "used", "(.+/(?:${ambiguous.join("|")}))")`;
}

const problems = max(
  ["level", "severity", "check", "subject", "wrong", "fix", "runbook_url"],
  meant(meant(withItem(problem, [...problemLabels, "severity"], ["kind", "runbook_url"]), "wrong"), "fix"),
);
const meaning = (what: "sentence" | "remedy") => sentences(new Map([...meanings].map(([reason, all]) => [reason, all[what]])));
const one = { width: 4, height: 4, unit: "none" };

export const system = board({
  name: "system",
  title: "System",
  description: "One system: its gates, its problems and how to fix them, and the status of every item of its checklist over time.",
  from: "now-24h",
  single: true,
  choices: [{
    name: "category", label: "Category", description: "The categories of the checklist to show; gates are of all categories.",
    values: 'label_values(readiness_check_status{system=~"$system", environment=~"$environment"}, category)',
  }],
  alerts: ".+",
  now: [
    number({ ...one, title: "Score", description: "The weight of the ready checks over that of the judged ones.", unit: "percentunit", decimals: 1, thresholds: share },
      [`min(${score(systemLabels, inCategory)})`]),
    number({ ...one, title: "Coverage", description: "The weight of the judged checks over that of the applicable ones.", unit: "percentunit", decimals: 1,
      thresholds: share }, [`min(${coverage(systemLabels, inCategory)})`]),
    number({ ...one, title: "Critical failures", description: "Checks of critical severity that fail or are unknown.", thresholds: noneIsGood },
      [`sum(1 - ${ready('severity="critical"', inCategory)})`]),
    number({ ...one, title: "Failing", description: "Checks that do not hold.", thresholds: noneIsGood }, [having("fail", inCategory)]),
    number({ ...one, title: "Unknown", description: "Checks that should have been judged and could not be, since something could not be collected.",
      thresholds: noneIsGood }, [having("unknown", inCategory)]),
    number({ ...one, title: "Undeclared", description: "Checks for which nothing is declared or discovered from which they could be judged.",
      thresholds: plain }, [having("undeclared", inCategory)]),
    number(
      { width: 16, height: 4, title: "Gates, of all categories", description: "Whether every applicable check of each gate is ready, whatever category is chosen.",
        unit: "none", mappings: either("open", "closed", "yes") },
      [`min by (gate) (${of("readiness_gate_ready")})`, "{{gate}}"],
    ),
    number({ width: 8, height: 4, title: "Owner", description: "The team that owns the system, and how many checks of the chosen categories are not ready.",
      unit: "none", thresholds: noneIsGood },
      [`sum(1 - ${ready(inCategory)}) * on () group_left (team) topk(1, ${max(["team"], of("readiness_system_info"))})`, "{{team}}"]),
  ],
  fix: [
    list(
      { width: 24, height: 14, title: "Problems, the worst first",
        description: "Each problem of the chosen categories: what is wrong since when, and how to fix it. The check leads to its page, which has the numbers. " +
          "At most 100 of one check are here; what nobody declared is under Details." },
      [
        { of: "level", title: "Level", mappings: levelTexts, width: 120 },
        { of: "severity", title: "Severity", mappings: severityTexts, width: 120 },
        { of: "check", title: "Check", link: toPageOfChosen },
        { of: "wrong", title: "What is wrong", mappings: meaning("sentence") },
        { of: "subject", title: "Subject" },
        { of: "fix", title: "How to fix it", mappings: meaning("remedy") },
        { of: "Value", title: "Since", unit: "dateTimeAsIso", width: 158 },
        { of: "runbook_url", title: "Runbook", mappings: linkText("Open"), link: toRunbook, width: 82 },
      ],
      [{ by: "Level" }, { by: "Severity" }],
      problems,
    ),
  ],
  time: [
    timeline(
      { width: 24, height: 12, title: "Categories", description: "The worst status of the checks of each category.", unit: "none", mappings: statusCodes },
      [status(["category"], inCategory), "{{category}}"],
    ),
    timeline(
      { width: 24, height: 24, title: "Items", description: "The status of each check; of more than 40 those that are worst at the end. Choose a category to see all of it.",
        unit: "none", mappings: statusCodes },
      [chosenOnce("topk", 40, ["check"], status(["check"], inCategory)), "{{check}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Problems by level", description: "How many problems there are, with those beyond the first 100 of a check.",
        unit: "none", stacked: true, named: "status" },
      [sum(["level"], `${max(problemLabels, everyProblem)} and on (${check}) ${of("readiness_check_ready", inCategory)}`), "{{level}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Score and coverage", description: "The weight of the ready checks over that of the judged, and of the judged over that of the applicable.",
        unit: "percentunit", decimals: 1, max: 1, thresholds: share, named: "share" },
      [score([], inCategory), "score"], [coverage([], inCategory), "coverage"],
    ),
  ],
  details: [
    list(
      { width: 24, height: 14, title: "Every item", description: "The status of each check of the chosen categories, the worst first." },
      [
        { of: "Value", title: "Status", mappings: statusCodes, width: 145 },
        { of: "severity", title: "Severity", mappings: severityTexts, width: 120 },
        { of: "check", title: "Check", link: toPageOfChosen, width: 260 },
        { of: "title", title: "Item" },
        { of: "category", title: "Category", width: 200 },
      ],
      [{ by: "Status", descending: true }, { by: "Severity" }],
      withItem(status([...checkLabels, "category", "severity"], inCategory), ["check", "category", "severity"], ["title"]),
    ),
    bars(
      { width: 12, height: 11, title: "Score by category", description: "The weight of the ready checks over that of the judged ones.",
        unit: "percentunit", decimals: 0, thresholds: share },
      `min by (category) (${score([...systemLabels, "category"], inCategory)})`, "{{category}}",
    ),
    list(
      { width: 12, height: 11, title: "What expires", description: "Attestations and waivers that expire, the first to expire on top; there may be none." },
      [
        { of: "what", title: "What", width: 105 },
        { of: "check", title: "Check" },
        { of: "by", title: "By" },
        { of: "Value", title: "Expires", unit: "dateTimeAsIso", width: 160 },
      ],
      [{ by: "Expires" }],
      ["attestation", "waiver"].map((what) =>
        `label_replace(1000 * ${max(["check", "by"], of(`readiness_${what}_expiry_timestamp_seconds`))}, "what", "${what}", "", "")`).join(" or "),
    ),
  ],
});

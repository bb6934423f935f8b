import { board } from "./board.js";
import { toPage, toRunbook } from "./links.js";
import { either, linkText, noneIsGood, plain, share, statusCodes, statusTexts } from "./style.js";
import { bars, lines, list, number, timeline } from "./panels.js";
import { checkLabels, coverage, having, max, of, ready, score, status, sum, systemLabels, withItem } from "./query.js";

const inCategory = 'category=~"$category"';
const problemLabels = [...checkLabels, "reason", "level", "subject"];
// Problems are those of checks that are judged, and these have a team.
const problem = `${max(problemLabels, of("readiness_check_problem"))} * on (${checkLabels.join(", ")}) group_left (team) ` +
  `topk by (${checkLabels.join(", ")}) (1, ${max([...checkLabels, "team"], of("readiness_check_ready", inCategory))} >= bool 0)`;
const one = { width: 4, height: 4, unit: "none" };

export const system = board({
  name: "system",
  title: "System",
  description: "One system: its gates, its problems, and the status of every item of its checklist over time.",
  from: "now-24h",
  choices: [{
    name: "category", label: "Category", description: "The categories of the checklist to show.",
    values: 'label_values(readiness_check_status{system=~"$system", environment=~"$environment"}, category)',
  }],
  panels: [
    number({ ...one, title: "Score", description: "The weight of the ready checks over that of the judged ones; of several systems the lowest.",
      unit: "percentunit", decimals: 1, thresholds: share }, [`min(${score(systemLabels)})`]),
    number({ ...one, title: "Coverage", description: "The weight of the judged checks over that of the applicable ones; of several systems the lowest.",
      unit: "percentunit", decimals: 1, thresholds: share }, [`min(${coverage(systemLabels)})`]),
    number({ ...one, title: "Critical failures", description: "Checks of critical severity that fail or are unknown.", thresholds: noneIsGood },
      [`sum(1 - ${ready('severity="critical"')})`]),
    number({ ...one, title: "Failing", description: "Checks that do not hold.", thresholds: noneIsGood }, [having("fail")]),
    number({ ...one, title: "Unknown", description: "Checks that should have been judged and could not be, since something could not be collected.",
      thresholds: noneIsGood }, [having("unknown")]),
    number({ ...one, title: "Undeclared", description: "Checks for which nothing is declared or discovered from which they could be judged.",
      thresholds: plain }, [having("undeclared")]),
    number(
      { width: 24, height: 4, title: "Gates", description: "Whether every applicable check of each gate is ready; of several systems, in all of them.",
        unit: "none", mappings: either("open", "closed", "yes") },
      [`min by (gate) (${of("readiness_gate_ready")})`, "{{gate}}"],
    ),
    list(
      { width: 24, height: 14, title: "Problems, fix first what fails",
        description: "Each problem of the chosen categories, with links to the page of its check and to its runbook. At most 100 of one check are here." },
      [
        { of: "level", title: "Level", mappings: statusTexts, width: 115 },
        { of: "check", title: "Check", link: toPage },
        { of: "title", title: "Item" },
        { of: "subject", title: "Subject" },
        { of: "reason", title: "Reason" },
        { of: "team", title: "Team", width: 90 },
        { of: "system", title: "System", width: 100 },
        { of: "environment", title: "Environment", width: 100 },
        { of: "runbook_url", title: "Runbook", mappings: linkText("Open"), link: toRunbook, width: 80 },
      ],
      { by: "Level" },
      withItem(problem, [...problemLabels, "team"], ["title", "runbook_url"]),
    ),
    bars(
      { width: 8, height: 11, title: "Score by category", description: "The weight of the ready checks over that of the judged ones; of several systems the lowest.",
        unit: "percentunit", decimals: 0, thresholds: share },
      `min by (category) (${score([...systemLabels, "category"], inCategory)})`, "{{category}}",
    ),
    lines(
      { width: 8, height: 11, title: "Problems by level", description: "How many problems there are, with those beyond the first 100 of a check.",
        unit: "none", stacked: true, named: true },
      [sum(["level"], max(problemLabels, `${of("readiness_check_problem")} or label_replace(${of("readiness_check_problems")}, "subject", "others", "", "")`)),
        "{{level}}"],
    ),
    list(
      { width: 8, height: 11, title: "What expires", description: "Attestations and waivers that expire, the first to expire on top; there may be none." },
      [
        { of: "check", title: "Check" },
        { of: "by", title: "By", width: 70 },
        { of: "what", title: "What", width: 90 },
        { of: "Value", title: "Expires", unit: "dateTimeAsIso", width: 150 },
      ],
      { by: "Expires" },
      ["attestation", "waiver"].map((what) =>
        `label_replace(1000 * ${max(["check", "by"], of(`readiness_${what}_expiry_timestamp_seconds`))}, "what", "${what}", "", "")`).join(" or "),
    ),
    timeline(
      { width: 24, height: 16, title: "Status of every item: $category", description: "The status of each check of the category; of several systems the worst.",
        unit: "none", mappings: statusCodes, repeat: "category" },
      [status(["check"], inCategory), "{{check}}"],
    ),
  ],
});

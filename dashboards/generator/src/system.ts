import { board } from "./board.js";
import { toPage, toRunbook } from "./links.js";
import { either, noneIsGood, plain, share, statusCodes, statusWords, words } from "./look.js";
import { bars, lines, list, number, timeline } from "./panels.js";
import { checkLabels, having, max, of, ready, score, status, sum, withInfo } from "./query.js";

const inCategory = 'category=~"$category"';
const one = { width: 4, height: 4, unit: "none" };

export const system = board({
  name: "system",
  title: "System",
  description: "One system: its gates, its problems, and the state of every item of its checklist over time.",
  from: "now-24h",
  choices: [{
    name: "category", label: "Category", description: "The categories of the checklist to show.",
    values: 'label_values(readiness_check_ready{system=~"$system", environment=~"$environment"}, category)',
  }],
  panels: [
    number({ ...one, title: "Score", description: "The weight of the ready checks over that of the applicable ones; of several systems the lowest.",
      unit: "percentunit", decimals: 1, thresholds: share }, [`min(${score()})`]),
    number({ ...one, title: "Critical, not ready", description: "Checks of critical severity that fail or were not seen.", thresholds: noneIsGood },
      [`sum(1 - ${ready('severity="critical"')})`]),
    number({ ...one, title: "Failing", description: "Checks that were seen and do not hold.", thresholds: noneIsGood }, [having("fail")]),
    number({ ...one, title: "Unknown", description: "Checks that should have been seen and could not be.", thresholds: noneIsGood }, [having("unknown")]),
    number({ ...one, title: "Undeclared", description: "Checks of which the system description says nothing to look at.", thresholds: noneIsGood },
      [having("undeclared")]),
    number({ ...one, title: "Excused or left out", description: "Checks that are waived, or do not apply, by somebody's word.", thresholds: plain },
      [having("waived|not_applicable")]),
    number(
      { width: 24, height: 4, title: "Gates", description: "Whether every applicable check of each gate is ready; of several systems, in all of them.",
        unit: "none", mappings: either("open", "closed", "yes") },
      [`min by (gate) (${of("readiness_gate_ready")})`, "{{gate}}"],
    ),
    list(
      { width: 24, height: 14, title: "Problems",
        description: "Each problem of the chosen categories, with links to the page of its check and to its runbook. At most 100 of one check are here." },
      [
        { of: "level", title: "Level", mappings: statusWords, width: 115 },
        { of: "check", title: "Check", link: toPage },
        { of: "title", title: "Item" },
        { of: "subject", title: "Subject" },
        { of: "reason", title: "Reason" },
        { of: "owner", title: "Owner", width: 90 },
        { of: "system", title: "System", width: 100 },
        { of: "environment", title: "Environment", width: 100 },
        { of: "runbook_url", title: "Runbook", mappings: words("Open"), link: toRunbook, width: 80 },
      ],
      { by: "Level" },
      withInfo(
        max([...checkLabels, "reason", "level", "subject"], of("readiness_check_problem")) +
          ` and on (${checkLabels.join(", ")}) ${of("readiness_check_status", inCategory)} == 1`,
        "readiness_check_info", checkLabels, ["title", "owner", "runbook_url"],
      ),
    ),
    bars(
      { width: 8, height: 11, title: "Score by category", description: "The weight of the ready checks over that of the applicable ones; of several systems the lowest.",
        unit: "percentunit", decimals: 0, thresholds: share },
      `min by (category) (${of("readiness_score_ratio", inCategory)})`, "{{category}}",
    ),
    lines(
      { width: 8, height: 11, title: "Problems by level", description: "How many problems there are, with those that are too many to be listed one by one.",
        unit: "none", stacked: true },
      [sum(["level"], max([...checkLabels, "reason", "level"], of("readiness_check_problems"))), "{{level}}"],
      [`sum(${max(checkLabels, of("readiness_check_problems_hidden"))})`, "not listed"],
    ),
    list(
      { width: 8, height: 11, title: "Words that run out", description: "Attestations and waivers with an end, the first to run out on top; none may be there." },
      [
        { of: "check", title: "Check" },
        { of: "by", title: "By", width: 70 },
        { of: "what", title: "What", width: 90 },
        { of: "Value", title: "Ends", unit: "dateTimeAsIso", width: 150 },
      ],
      { by: "Ends" },
      ["attestation", "waiver"].map((what) =>
        `label_replace(1000 * ${max(["check", "by"], of(`readiness_${what}_expiry_timestamp_seconds`))}, "what", "${what}", "", "")`).join(" or "),
    ),
    timeline(
      { width: 24, height: 16, title: "State of every item: $category", description: "The status of each check of the category; of several systems the worst.",
        unit: "none", mappings: statusCodes, repeat: "category" },
      [status(["check"], inCategory), "{{check}}"],
    ),
  ],
});

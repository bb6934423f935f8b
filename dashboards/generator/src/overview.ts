import { board } from "./board.js";
import { toPage, toSystem } from "./links.js";
import { changes, either, noneIsGood, plain, severityTexts, share } from "./style.js";
import { bars, lines, list, number, timeline, type Series } from "./panels.js";
import {
  checkLabels, chosenOnce, count, counted, coverage, max, min, of, ready, readyBefore, recorded, score, statusNumbers, sum, systemLabels, withInfo, withItem,
} from "./query.js";

const item = [...checkLabels, "category", "severity"];
// 1 or -1 as a label, so that the time of the change can be the value.
const changed = `count_values by (${item.join(", ")}) ("change", ${ready()} - ${readyBefore()} != 0)`;
const lastChange = max(checkLabels, of("readiness_check_last_change_timestamp_seconds"));
const gates = min([...systemLabels, "gate"], of("readiness_gate_ready"));
const worstFirst = Object.keys(statusNumbers).reverse();
// Of a system as a whole, as recorded.
const scores = recorded(systemLabels, "score:ratio", 'category=""');
const coverages = recorded(systemLabels, "coverage:ratio", 'category=""');
const notReady = "fail|unknown|undeclared";
const one = { width: 4, height: 4, unit: "none" };

export const overview = board({
  name: "overview",
  title: "Overview",
  description: "All systems: how ready each is, what fails, and what has changed in the time range.",
  from: "now-7d",
  alerts: ".+",
  now: [
    number({ ...one, title: "Systems", description: "How many of the chosen systems are watched.", thresholds: plain },
      [`count(${max(systemLabels, of("readiness_system_info"))})`]),
    number({ ...one, title: "All gates open", description: "How many systems have all their gates open.", thresholds: plain },
      [`sum(min by (${systemLabels.join(", ")}) (${of("readiness_gate_ready")}))`]),
    number({ ...one, title: "Score", description: "The weight of the ready checks over that of the judged ones, of all chosen systems together.",
      unit: "percentunit", decimals: 1, thresholds: share },
      [score([])]),
    number({ ...one, title: "Coverage", description: "The weight of the judged checks over that of the applicable ones, of all chosen systems together.",
      unit: "percentunit", decimals: 1, thresholds: share },
      [coverage([])]),
    number({ ...one, title: "Critical failures", description: "Checks of critical severity that fail or are unknown.", thresholds: noneIsGood },
      [counted("fail|unknown", [], 'severity="critical"')]),
    number({ ...one, title: "Unknown", description: "Checks that should have been judged and could not be, since something could not be collected.",
      thresholds: noneIsGood }, [counted("unknown", [])]),
    number(
      { width: 24, height: 4, title: "Checks by status", description: "How many checks of the chosen systems have each status now.", unit: "none",
        thresholds: plain, named: "status" },
      ...worstFirst.map((status): Series => [counted(status, []), status]),
    ),
  ],
  fix: [
    list(
      { width: 24, height: 10, title: "Systems, the worst first",
        description: "Score: the weight of the ready checks over that of the judged ones. Coverage: the weight of the judged checks over that " +
          "of the applicable ones. Changed: checks whose status has changed in the time range." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment" },
        { of: "team", title: "Team" },
        { of: "A", title: "Score", unit: "percentunit", decimals: 1, thresholds: share, gauge: true, width: 150 },
        { of: "B", title: "Coverage", unit: "percentunit", decimals: 1, thresholds: share, width: 90 },
        { of: "C", title: "Critical", unit: "none", thresholds: noneIsGood, width: 80 },
        { of: "D", title: "Failing", unit: "none", thresholds: noneIsGood, width: 80 },
        { of: "E", title: "Unknown", unit: "none", thresholds: noneIsGood, width: 90 },
        { of: "F", title: "Undeclared", unit: "none", width: 105 },
        { of: "G", title: "Gates closed", unit: "none", thresholds: noneIsGood, width: 115 },
        { of: "H", title: "Changed", unit: "none", width: 90 },
      ],
      [{ by: "Score" }, { by: "Critical", descending: true }],
      withInfo(scores, "readiness_system_info", systemLabels, ["team"]),
      coverages,
      counted("fail|unknown", systemLabels, 'severity="critical"'),
      counted("fail", systemLabels),
      counted("unknown", systemLabels),
      counted("undeclared", systemLabels),
      sum(systemLabels, `1 - ${gates}`),
      count(systemLabels, `${lastChange} > time() - $__range_s`),
    ),
    list(
      { width: 16, height: 9, title: "What fails in most systems", description: "The checks that fail, by how many of the chosen systems they fail in." },
      [
        { of: "severity", title: "Severity", mappings: severityTexts, width: 120 },
        { of: "check", title: "Check" },
        { of: "title", title: "Item" },
        { of: "Value", title: "Systems", unit: "none", width: 85 },
      ],
      [{ by: "Systems", descending: true }, { by: "Severity" }],
      count(["check", "severity", "title"], withItem(max(item, of("readiness_check_status", 'status="fail"')), item, ["title"])),
    ),
    bars(
      { width: 8, height: 9, title: "Gates that are open", description: "The share of the chosen systems in which each gate is open.",
        unit: "percentunit", decimals: 0, thresholds: share },
      `avg by (gate) (${gates})`, "{{gate}}",
    ),
  ],
  // Only what is a few series a system: those of single checks are too many to be read for a week of a fleet.
  time: [
    lines(
      { width: 12, height: 9, title: "Score and coverage", description: "The average of the chosen systems.", unit: "percentunit", decimals: 1, max: 1, thresholds: share,
        named: "share" },
      [`avg(${scores})`, "score"], [`avg(${coverages})`, "coverage"],
    ),
    lines(
      { width: 12, height: 9, title: "Checks that are not ready", description: "How many checks of the chosen systems are not ready, by status.", unit: "none",
        stacked: true, named: "status" },
      [`${sum(["status"], of("readiness:check_status:checks", `status=~"${notReady}"`))} > 0`, "{{status}}"],
    ),
    lines(
      { width: 24, height: 10, title: "Lowest scores", description: "The scores of the ten systems that have the lowest at the end of the time range.",
        unit: "percentunit", decimals: 1, thresholds: share },
      [chosenOnce("bottomk", 10, systemLabels, scores), "{{system}} {{environment}}"],
    ),
    timeline(
      { width: 24, height: 8, title: "Gates over time", description: "Whether each gate is open in every chosen system.", unit: "none",
        mappings: either("open", "closed", "yes") },
      [`min by (gate) (${gates})`, "{{gate}}"],
    ),
  ],
  details: [
    list(
      { width: 24, height: 10, title: "What has changed in the time range",
        description: "Checks that are ready now and were not at the beginning of the time range, or the other way round. Since: when the status last changed." },
      [
        { of: "change", title: "Change", mappings: changes, width: 160 },
        { of: "severity", title: "Severity", mappings: severityTexts, width: 120 },
        { of: "check", title: "Check", link: toPage },
        { of: "title", title: "Item" },
        { of: "category", title: "Category" },
        { of: "system", title: "System", link: toSystem, width: 115 },
        { of: "environment", title: "Environment", width: 130 },
        { of: "Value", title: "Since", unit: "dateTimeAsIso", width: 160 },
      ],
      [{ by: "Change" }, { by: "Since", descending: true }],
      withItem(`1000 * ${changed} * on (${checkLabels.join(", ")}) group_left () ${lastChange}`, [...item, "change"], ["title"]),
    ),
  ],
});

import { board } from "./board.js";
import { toPage, toSystem, toSystems } from "./links.js";
import { changes, noneIsGood, plain, share } from "./look.js";
import { bars, lines, list, number } from "./panels.js";
import { checkLabels, count, having, max, min, of, ready, readyBefore, score, sum, systemLabels, withInfo } from "./query.js";

const item = [...checkLabels, "category", "severity"];
const changed = `${ready()} - ${readyBefore()} != 0`;
const gates = min([...systemLabels, "gate"], of("readiness_gate_ready"));
const one = { width: 4, height: 4, unit: "none" };

export const overview = board({
  name: "overview",
  title: "Overview",
  description: "All systems: how ready each is, what fails, and what has changed in the time range.",
  from: "now-7d",
  panels: [
    number({ ...one, title: "Systems", description: "How many of the chosen systems are looked at.", thresholds: plain },
      [`count(${max(systemLabels, of("readiness_system_info"))})`]),
    number({ ...one, title: "Every gate open", description: "How many systems have all their gates open.", thresholds: plain },
      [`sum(min by (${systemLabels.join(", ")}) (${of("readiness_gate_ready")}))`]),
    number({ ...one, title: "Checks that are ready", description: "The share of the applicable checks that pass, warn or are waived.",
      unit: "percentunit", decimals: 1, thresholds: share },
      [`avg(${ready()})`]),
    number({ ...one, title: "Critical, not ready", description: "Checks of critical severity that fail or were not seen.", thresholds: noneIsGood },
      [`sum(1 - ${ready('severity="critical"')})`]),
    number({ ...one, title: "Failing", description: "Checks that were seen and do not hold.", thresholds: noneIsGood }, [having("fail")]),
    number({ ...one, title: "Not seen", description: "Checks that could not be looked at, or of which the system description says nothing.",
      thresholds: noneIsGood }, [having("unknown|undeclared")]),

    list(
      { width: 24, height: 14, title: "Systems, the worst first",
        description: "Score: the weight of the ready checks over that of the applicable ones. Changed: checks that are ready now and were not " +
          "at the beginning of the time range, or the other way round; empty for a system that was not there yet." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment" },
        { of: "owner", title: "Owner" },
        { of: "A", title: "Score", unit: "percentunit", decimals: 1, thresholds: share, gauge: true, width: 170 },
        { of: "B", title: "Critical", unit: "none", thresholds: noneIsGood, width: 80 },
        { of: "C", title: "Failing", unit: "none", thresholds: noneIsGood, width: 80 },
        { of: "D", title: "Not seen", unit: "none", thresholds: noneIsGood, width: 90 },
        { of: "E", title: "Gates closed", unit: "none", thresholds: noneIsGood, width: 110 },
        { of: "F", title: "Changed", unit: "none", width: 90 },
      ],
      { by: "Score" },
      withInfo(score(), "readiness_system_info", systemLabels, ["owner"]),
      sum(systemLabels, `1 - ${ready('severity="critical"')}`),
      having("fail", ...systemLabels),
      having("unknown|undeclared", ...systemLabels),
      sum(systemLabels, `1 - ${gates}`),
      sum(systemLabels, `${ready()} != bool ${readyBefore()}`),
    ),

    number(
      { width: 24, height: 4, title: "Checks by status", description: "How many checks of the chosen systems have each status now.", unit: "none",
        thresholds: plain },
      [sum(["status"], max([...checkLabels, "status"], of("readiness_check_status"))), "{{status}}"],
    ),
    // Over time only what is a few series a system: those of single checks are too many to be read for a week of a fleet.
    lines(
      { width: 12, height: 9, title: "Scores over time", description: "The score of each category, as the mean of the chosen systems.", unit: "percentunit", max: 1 },
      [`avg by (category) (${min([...systemLabels, "category"], of("readiness_score_ratio"))})`, "{{category}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Gates that are closed", description: "In how many of the chosen systems each gate is closed.", unit: "none" },
      [sum(["gate"], `1 - ${gates}`), "{{gate}}"],
    ),
    list(
      { width: 16, height: 11, title: "What fails in most systems", description: "The checks that fail, by how many of the chosen systems they fail in." },
      [
        { of: "check", title: "Check", link: toSystems },
        { of: "title", title: "Item" },
        { of: "severity", title: "Severity", width: 90 },
        { of: "category", title: "Category" },
        { of: "Value", title: "Systems", unit: "none", width: 90 },
      ],
      { by: "Systems", descending: true },
      withInfo(
        count(["check", "category", "severity"], `${max(item, of("readiness_check_status", 'status="fail"'))} == 1`),
        "readiness_check_info", ["check"], ["title"],
      ),
    ),
    bars(
      { width: 8, height: 11, title: "Gates that are open", description: "The share of the chosen systems in which each gate is open.",
        unit: "percentunit", decimals: 0, thresholds: share },
      `avg by (gate) (${gates})`, "{{gate}}",
    ),
    list(
      { width: 24, height: 11, title: "What has changed in the time range",
        description: "Checks that are ready now and were not at the beginning of the time range, or the other way round. Since: when the status last " +
          "changed, as far back as the exporter runs." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment" },
        { of: "check", title: "Check", link: toPage },
        { of: "title", title: "Item" },
        { of: "severity", title: "Severity", width: 90 },
        { of: "category", title: "Category" },
        { of: "A", title: "Change", mappings: changes, width: 160 },
        { of: "B", title: "Since", unit: "dateTimeAsIso", width: 160 },
      ],
      { by: "Since", descending: true },
      withInfo(changed, "readiness_check_info", checkLabels, ["title"]),
      `1000 * ${max(checkLabels, of("readiness_check_last_change_timestamp_seconds"))} and on (${checkLabels.join(", ")}) (${changed})`,
    ),
  ],
});

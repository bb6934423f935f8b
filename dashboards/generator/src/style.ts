// How values are shown: each state has one colour, a text and a sign of its own, in every panel. The colours are those of Okabe
// and Ito, which can be told apart by those who do not see all of them.
import { MappingType, SpecialValueMatch, ThresholdsConfigBuilder, ThresholdsMode, type ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import { statusNumbers } from "./query.js";

const colours = {
  good: "#009E73", near: "#E69F00", bad: "#D55E00", unknown: "#CC79A7", undeclared: "#8E8E8E", excused: "#56B4E9", none: "#8E8E8E",
};

const states: Record<string, { text: string; color: string }> = {
  pass: { text: "✓ pass", color: colours.good },
  warn: { text: "! warn", color: colours.near },
  fail: { text: "✗ fail", color: colours.bad },
  unknown: { text: "? unknown", color: colours.unknown },
  undeclared: { text: "… undeclared", color: colours.undeclared },
  waived: { text: "~ waived", color: colours.excused },
  not_applicable: { text: "– not applicable", color: colours.none },
};

type Shown = Record<string, { text: string; color: string }>;

function mapped(values: Shown): ValueMapping[] {
  const options = Object.entries(values).map(([value, shown], index) => [value, { ...shown, index }]);
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }];
}

/** Statuses as labels. */
export const statusTexts = mapped(states);

const named: [colour: string, ...names: string[]][] = [
  [colours.good, "pass", "success", "available"],
  [colours.near, "warn", "timeout", "stuck", "stale"],
  [colours.bad, "fail", "failure", "error", "expired", "refused", "panic"],
  [colours.unknown, "unknown", "unreachable", "unresolved", "denied", "not_found", "invalid", "failed"],
  [colours.excused, "waived", "pending", "skipped", "desired"],
  [colours.none, "undeclared", "not_applicable", "unsupported", "manifest"],
];

/** The colours of series that are called by a status, level, outcome or reason: the same name has the same in every panel. */
export const namedColours = new Map(named.flatMap(([colour, ...names]) => names.map((name): [string, string] => [name, colour])));

/** Statuses as the numbers that queries make of them. */
export const statusCodes = mapped(
  Object.fromEntries(Object.entries(statusNumbers).map(([status, number]) => [number, states[status]!])),
);

/** 1 and 0. */
export function either(yes: string, no: string, good: "yes" | "no" | "neither"): ValueMapping[] {
  const colour = (well: boolean) => (good === "neither" ? colours.none : well ? colours.good : colours.bad);
  return mapped({
    1: { text: `${good === "no" ? "✗" : "✓"} ${yes}`, color: colour(good === "yes") },
    0: { text: `${good === "yes" ? "✗" : "–"} ${no}`, color: colour(good === "no") },
  });
}

/** What a query leaves out, in words. */
export function absent(text: string): ValueMapping[] {
  return [SpecialValueMatch.NullAndNan, SpecialValueMatch.Empty].map((match, index) => (
    { type: MappingType.SpecialValue, options: { match, result: { text, color: colours.none, index } } }
  ));
}

/** Any value, as the text of a link. */
export function linkText(text: string): ValueMapping[] {
  return [{ type: MappingType.RegexToText, options: { pattern: ".+", result: { text, index: 0 } } }];
}

export const changes = mapped({
  1: { text: "✓ changed to ready", color: colours.good },
  "-1": { text: "✗ no longer ready", color: colours.bad },
});

type Step = [from: number, colour: keyof typeof colours];

/** Colours from the least value upwards; before the first step it is that of base. */
export function steps(base: keyof typeof colours, ...rest: Step[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: colours[base] }, ...rest.map(([value, colour]) => ({ value, color: colours[colour] }))]);
}

export const plain = steps("none");
export const noneIsGood = steps("good", [1, "bad"]);
export const share = steps("bad", [0.7, "near"], [1, "good"]);

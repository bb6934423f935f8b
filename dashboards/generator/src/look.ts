// How values look: colours never speak alone, each state has words and a sign of its own.
import { MappingType, SpecialValueMatch, ThresholdsConfigBuilder, ThresholdsMode, type ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import { statusNumbers } from "./query.js";

const colours = {
  good: "green", near: "yellow", bad: "red", unseen: "purple", undeclared: "blue", excused: "light-blue", none: "#8e8e8e",
};

const states: Record<string, { text: string; color: string }> = {
  pass: { text: "✓ pass", color: colours.good },
  warn: { text: "! warn", color: colours.near },
  fail: { text: "✗ fail", color: colours.bad },
  unknown: { text: "? unknown", color: colours.unseen },
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
export const statusWords = mapped(states);

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

/** Any text, as the words of a link. */
export function words(text: string): ValueMapping[] {
  return [{ type: MappingType.RegexToText, options: { pattern: ".+", result: { text, index: 0 } } }];
}

export const changes = mapped({
  1: { text: "✓ became ready", color: colours.good },
  "-1": { text: "✗ no longer ready", color: colours.bad },
});

type Step = [from: number, look: keyof typeof colours];

/** Colours from the least value upwards; before the first step it is the look of base. */
export function steps(base: keyof typeof colours, ...rest: Step[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: colours[base] }, ...rest.map(([value, look]) => ({ value, color: colours[look] }))]);
}

export const plain = steps("none");
export const noneIsGood = steps("good", [1, "bad"]);
export const share = steps("bad", [0.7, "near"], [1, "good"]);

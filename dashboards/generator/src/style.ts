// How values are shown: each state has one colour, a text and a sign of its own, in every panel. The colours are those of Okabe
// and Ito, which can be told apart by those who do not see all of them. No panel has a continuous palette.
import { MappingType, SpecialValueMatch, ThresholdsConfigBuilder, ThresholdsMode, type ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import { statusNumbers } from "./query.js";

export const colours = {
  good: "#009E73", near: "#E69F00", bad: "#D55E00", unknown: "#CC79A7", undeclared: "#757575", excused: "#56B4E9", none: "#757575",
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

/** Statuses as the levels of problems. */
export const levelTexts = mapped(Object.fromEntries(["fail", "unknown", "warn", "undeclared"].map((level) => [level, states[level]!])));

// What statuses do not need, for names of which more are told apart in one graph.
const more = { blue: "#0072B2", yellow: "#F0E442", wine: "#882255", sand: "#DDCC77", olive: "#999933", rose: "#CC6677", purple: "#AA4499", indigo: "#6A51D3" };

/** The colours of series that are called by a name from a closed set: the same name has the same in every panel. */
export const named = {
  status: Object.fromEntries(Object.entries(states).map(([status, { color }]) => [status, color])),
  outcome: { success: colours.good, failure: colours.bad, timeout: colours.near, skipped: colours.excused, panic: more.yellow },
  reason: {
    refused: colours.bad, timeout: colours.near, unreachable: colours.unknown, pending: colours.excused, unsupported: colours.none, invalid: more.blue,
    panic: more.yellow, denied: more.wine, stale: more.sand, stuck: more.olive, failed: more.rose, unresolved: more.purple, not_found: more.indigo,
    manifest: "#C8C8C8",
  },
  fault: {
    expired: colours.bad, not_yet_valid: colours.near, name_mismatch: colours.unknown, self_signed: colours.excused, incomplete_chain: more.blue,
    unknown_authority: more.yellow, weak: more.wine, other: colours.none,
  },
  share: { score: more.blue, coverage: colours.excused },
  pods: { available: colours.good, missing: colours.bad, "rolling out": colours.excused },
  phase: { resolve: more.blue, connect: colours.excused, tls: more.olive, processing: colours.near, transfer: colours.unknown },
  expiry: { "within 7 days": colours.bad, "within 21 days": colours.near },
};

/** Statuses as the numbers that queries make of them. */
export const statusCodes = mapped(
  Object.fromEntries(Object.entries(statusNumbers).map(([status, number]) => [number, states[status]!])),
);

/** 1 and 0. */
export function either(yes: string, no: string, good: "yes" | "no" | "neither"): ValueMapping[] {
  const colour = (well: boolean) => (good === "neither" ? colours.none : well ? colours.good : colours.bad);
  const sign = (well: boolean) => (good === "neither" ? "–" : well ? "✓" : "✗");
  return mapped({
    1: { text: `${sign(good === "yes")} ${yes}`, color: colour(good === "yes") },
    0: { text: `${sign(good === "no")} ${no}`, color: colour(good === "no") },
  });
}

type State = [text: string, colour: keyof typeof colours];

/** The states that the query of the same name numbers, from 0, the best, upwards: who sorts by it has the worst on top. */
export function stateTexts(...all: State[]): ValueMapping[] {
  const signs = { good: "✓", near: "!", bad: "✗", unknown: "?", undeclared: "…", excused: "~", none: "–" };
  return mapped(Object.fromEntries(all.map(([text, colour], i) => [i, { text: `${signs[colour]} ${text}`, color: colours[colour] }])));
}

/** The severities of items and of alerts. */
export const severityTexts = mapped({
  critical: { text: "✗ critical", color: colours.bad },
  warning: { text: "! warning", color: colours.near },
  info: { text: "– info", color: colours.none },
});

/** Labels from a closed set, as the sentences that stand for them. */
export function sentences(texts: Map<string, string>): ValueMapping[] {
  const options = [...texts].map(([value, text], index) => [value, { text, index }]);
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }];
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

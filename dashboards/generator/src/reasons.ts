// What reasons mean and how to fix them, as the code says it: sentences are no labels of Prometheus, and reasons are of a closed
// set, so that the dashboards can translate them.
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Meaning {
  sentence: string;
  remedy: string;
}

interface Reason extends Meaning {
  kind: string;
  reason: string;
}

/** The meanings by reason, and those of a reason that several kinds use by kind/reason. */
export const meanings = read(JSON.parse(readFileSync(join(__dirname, "../../../docs/reference/reasons.json"), "utf8")));

/** The reasons that mean something else in another kind. */
export const ambiguous = [...new Set([...meanings.keys()].filter((key) => key.includes("/")).map((key) => key.split("/")[1]!))];

function read(reasons: Reason[]): Map<string, Meaning> {
  const byName = new Map<string, Reason[]>();
  for (const each of reasons) byName.set(each.reason, [...(byName.get(each.reason) ?? []), each]);
  const all = new Map<string, Meaning>();
  for (const [name, kinds] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const sentences = new Set(kinds.map(({ sentence }) => sentence));
    const remedies = new Set(kinds.map(({ remedy }) => remedy));
    if (sentences.size === 1 && remedies.size === 1) all.set(name, kinds[0]!);
    else {
      for (const each of kinds) all.set(`${each.kind}/${name}`, each);
      // An item of several clauses has no kind.
      all.set(name, { sentence: [...sentences].join(" Or: "), remedy: "Open the page of the check: it says how to fix it." });
    }
  }
  return all;
}

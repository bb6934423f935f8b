// What the queries of several dashboards have in common.

/** The labels that tell one system from another. */
export const systemLabels = ["system", "environment"];
export const checkLabels = [...systemLabels, "check"];

const chosen = 'system=~"$system", environment=~"$environment"';

/** The series of a metric that belong to the chosen systems. */
export function of(metric: string, ...matchers: string[]): string {
  return `${metric}{${[chosen, ...matchers].join(", ")}}`;
}

/**
 * One series for each of the labels, whichever exporter reports it: two that watch the same system differ in what the scrape
 * adds, such as instance, and the greatest stands for both.
 */
export function max(labels: string[], expression: string): string {
  return `max by (${labels.join(", ")}) (${expression})`;
}

/** The same, of the least: of two exporters that disagree whether something is well, the one that says no counts. */
export function min(labels: string[], expression: string): string {
  return `min by (${labels.join(", ")}) (${expression})`;
}

export function sum(labels: string[], expression: string): string {
  return labels.length > 0 ? `sum by (${labels.join(", ")}) (${expression})` : `sum(${expression})`;
}

/** How often each label set occurs. */
export function count(labels: string[], expression: string): string {
  return `count by (${labels.join(", ")}) (${expression})`;
}

/** Adds labels of an info metric; topk keeps one series each, as the join needs, while a title is being changed. */
export function withInfo(expression: string, metric: string, on: string[], labels: string[], ...matchers: string[]): string {
  const key = on.join(", ");
  return `(${expression}) * on (${key}) group_left (${labels.join(", ")}) topk by (${key}) (1, ${of(metric, ...matchers)})`;
}

/** 1 or 0 for each judged check: neither undeclared nor not applicable. */
export function ready(...matchers: string[]): string {
  return min([...checkLabels, "category", "severity"], of("readiness_check_ready", ...matchers));
}

/** 1 or 0 for each check that was judged at the beginning of the time range. */
export function readyBefore(): string {
  return min([...checkLabels, "category", "severity"], `${of("readiness_check_ready")} offset $__range`);
}

/** How many checks have a status. */
export function having(status: string, ...matchers: string[]): string {
  const each = max([...checkLabels, "status"], of("readiness_check_status", `status="${status}"`, ...matchers));
  return `${sum([], each)} or 0 * count(${max(systemLabels, of("readiness_system_info"))})`;
}

type Weight = "ready" | "judged" | "applicable";

/** A weight of scores, by category. */
export function weight(which: Weight, ...matchers: string[]): string {
  return max([...systemLabels, "category"], of(`readiness_score_${which}_weight`, ...matchers));
}

/** The score: the share of the judged weight that is ready. */
export function score(labels: string[], ...matchers: string[]): string {
  return `${sum(labels, weight("ready", ...matchers))} / (${sum(labels, weight("judged", ...matchers))} > 0)`;
}

/** The coverage: the share of the applicable weight that is judged. */
export function coverage(labels: string[], ...matchers: string[]): string {
  return `${sum(labels, weight("judged", ...matchers))} / (${sum(labels, weight("applicable", ...matchers))} > 0)`;
}

/** Adds labels of the item in the checklist of the system, such as its title. */
export function withItem(expression: string, labels: string[], added: string[]): string {
  const listed = `topk by (${systemLabels.join(", ")}) (1, ${max([...systemLabels, "checklist"], of("readiness_system_info"))})`;
  const items = max(["checklist", "check", ...added], "readiness_checklist_item_info");
  return max(
    [...labels, ...added],
    `(${expression}) * on (${systemLabels.join(", ")}) group_left (checklist) ${listed} ` +
      `* on (checklist, check) group_left (${added.join(", ")}) topk by (checklist, check) (1, ${items})`,
  );
}

/** The extreme series of an expression, chosen once by how they are at the end of the time range, and not anew at each step. */
export function chosenOnce(choice: "topk" | "bottomk", many: number, labels: string[], expression: string): string {
  return `(${expression}) and on (${labels.join(", ")}) ${choice}(${many}, last_over_time((${expression})[$__interval:$__interval] @ end()))`;
}

/** The series of a recording rule that belong to the chosen systems: one for each of the labels, as of a metric. */
export function recorded(labels: string[], rule: string, ...matchers: string[]): string {
  return max(labels, of(`readiness:${rule}`, ...matchers));
}

/** How many checks have one of the statuses, by labels of the system or in all, as recorded: no series of a check is read. */
export function counted(statuses: string, labels: string[], ...matchers: string[]): string {
  const each = of("readiness:check_status:checks", `status=~"${statuses}"`, ...matchers);
  const none = max(systemLabels, of("readiness_system_info"));
  return `${sum(labels, each)} or 0 * ${labels.length > 0 ? max(labels, none) : `count(${none})`}`;
}

/** The number of the state that each thing is in: of the conditions, the worst first, the first that finds it; 0 where none does. */
export function states(things: string, ...conditions: string[]): string {
  return [...conditions.map((condition, i) => `0 * (${condition}) + ${conditions.length - i}`), `0 * ${things}`].join(" or ");
}

/** The statuses as numbers, so that the greatest of several is the worst. */
export const statusNumbers: Record<string, number> = {
  not_applicable: 1, pass: 2, waived: 3, undeclared: 4, warn: 5, unknown: 6, fail: 7,
};

/** The status of each check as a number; of several systems the worst. */
export function status(labels: string[], ...matchers: string[]): string {
  const each = Object.entries(statusNumbers).map(
    ([status, number]) => `${number} * ${of("readiness_check_status", `status="${status}"`, ...matchers)}`,
  );
  return max(labels, each.join(" or "));
}

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
 * One series for each of the labels, whichever exporter says it: two that look at the same system differ in what the
 * scrape adds, such as instance, and the greatest stands for both.
 */
export function max(labels: string[], expression: string): string {
  return `max by (${labels.join(", ")}) (${expression})`;
}

/** The same, of the least: of two exporters that disagree whether something is well, the one that says no counts. */
export function min(labels: string[], expression: string): string {
  return `min by (${labels.join(", ")}) (${expression})`;
}

export function sum(labels: string[], expression: string): string {
  return `sum by (${labels.join(", ")}) (${expression})`;
}

/** How often each label set occurs. */
export function count(labels: string[], expression: string): string {
  return `count by (${labels.join(", ")}) (${expression})`;
}

/** Adds labels of an info metric; topk keeps one series each, as the join needs, while a title is being changed. */
export function withInfo(expression: string, metric: string, on: string[], labels: string[]): string {
  const key = on.join(", ");
  return `(${expression}) * on (${key}) group_left (${labels.join(", ")}) topk by (${key}) (1, ${of(metric)})`;
}

/** 1 or 0 for each applicable check. */
export function ready(...matchers: string[]): string {
  return min([...checkLabels, "category", "severity"], of("readiness_check_ready", ...matchers));
}

/** 1 or 0 for each applicable check, at the beginning of the time range. */
export function readyBefore(): string {
  return min([...checkLabels, "category", "severity"], `${of("readiness_check_ready")} offset $__range`);
}

/** How many checks have one of the statuses. */
export function having(statuses: string, ...labels: string[]): string {
  const each = max([...checkLabels, "status"], of("readiness_check_status", `status=~"${statuses}"`));
  return labels.length > 0 ? sum(labels, each) : `sum(${each})`;
}

/** What an item counts in a score, by its severity, as the exporter has it. */
const weights = { critical: 10, warning: 3, info: 1 };

/** The score of each system over all its categories: the weight of what is ready over the weight of what applies. */
export function score(): string {
  const weigh = (judge: string) =>
    sum(
      systemLabels,
      Object.entries(weights)
        .map(([severity, weight]) => `${weight} * (${ready(`severity="${severity}"`)}${judge})`)
        .join(" or "),
    );
  return `${weigh("")} / ${weigh(" >= bool 0")}`;
}

/** The statuses as numbers, so that the greatest of several is the one to look at. */
export const statusNumbers: Record<string, number> = {
  not_applicable: 1, pass: 2, waived: 3, warn: 4, undeclared: 5, unknown: 6, fail: 7,
};

/** The status of each check as a number; of several systems the worst. */
export function status(labels: string[], ...matchers: string[]): string {
  const each = Object.entries(statusNumbers).map(
    ([status, number]) => `${number} * ${of("readiness_check_status", `status="${status}"`, ...matchers)}`,
  );
  return max(labels, each.join(" or "));
}

import { board } from "./board.js";
import { toSystem } from "./links.js";
import { absent, either, noneIsGood, plain, stateTexts, steps } from "./style.js";
import { lines, list, number } from "./panels.js";
import { chosenOnce, max, min, of, states, sum, systemLabels } from "./query.js";

const endpoint = [...systemLabels, "url", "purpose"];
const up = min(endpoint, of("readiness_endpoint_up"));
const duration = "readiness_endpoint_duration_seconds";
const server = [...systemLabels, "address"];
const version = max([...server, "tls_version"], of("readiness_tls_version_accepted"));
const outdated = max(server, of("readiness_tls_version_accepted", 'tls_version=~"ssl-3.0|1.0|1.1"'));
const domain = [...systemLabels, "domain"];
const agree = min(domain, of("readiness_dns_answers_agree"));
const expiry = (metric: string) => min(domain, of(`readiness_${metric}_expiration_timestamp_seconds`));
const left = (metric: string) => `(${expiry(metric)} - time()) / 86400`;
const names = `${agree} or 0 * ${expiry("domain")}`;
const state = states(names, `${agree} == 0`, `${left("domain")} < 7`, `${left("dns_signature")} < 1`, `${left("domain")} < 30`);
const days = steps("bad", [7, "near"], [30, "good"]);
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };

// The mean of the phases of answers, by labels: from a native histogram, or a classic one where Prometheus keeps those.
function mean(labels: string[], ...matchers: string[]): string {
  const rate = (suffix: string) => sum(labels, `rate(${of(duration + suffix, ...matchers)}[$__rate_interval])`);
  return `histogram_avg(${rate("")}) or ${rate("_sum")} / (${rate("_count")} > 0)`;
}

const url = [...systemLabels, "url"];
const whole = sum(url, mean([...url, "phase"]));

// What is collected from vantage points, each by itself: elsewhere the worst of all counts.
const elsewhere = 'vantage!=""';
const place = [...url, "vantage"];
const upFrom = min([...place, "purpose"], of("readiness_endpoint_up", elsewhere));
const wholeFrom = sum(place, mean([...place, "phase"], elsewhere));

export const endpoints = board({
  name: "endpoints",
  title: "Endpoints and names",
  description: "What users reach: which addresses of the web answer and how fast, what their servers accept, and whether their names will stay.",
  from: "now-24h",
  alerts: "(Endpoint|MetricsExposed|Domain|DNS|Redirect).*",
  now: [
    number({ ...one, title: "Endpoints", description: "How many addresses of the web are watched.", thresholds: plain }, [`count(${up})`]),
    number({ ...one, title: "Down", description: "Endpoints that did not answer as expected over every version of IP." }, [`sum(1 - ${up})`]),
    number({ ...one, title: "Outdated TLS", description: "Servers that accept a version of TLS before 1.2." },
      [`count(${outdated}) or 0 * count(${version})`]),
    number({ ...one, title: "Names", description: "How many names are watched in the DNS.", thresholds: plain }, [`count(${agree})`]),
    number({ ...one, title: "Answers differ", description: "Names for which name servers or resolvers do not all answer the same." }, [`sum(1 - ${agree})`]),
    number({ ...one, title: "First to expire", description: "The days until the first registration of a domain ends, of those whose registry publishes it.",
      unit: "suffix:d", decimals: 0, thresholds: days }, [`min(${left("domain")})`]),
  ],
  fix: [
    list(
      { width: 24, height: 11, title: "Endpoints, the worst first",
        description: "Whether each endpoint answers as expected, with the status code of its last answer: of several versions of IP the greatest. Mean time: from the name to the last byte." },
      [
        { of: "A", title: "State", mappings: stateTexts(["up", "good"], ["down", "bad"]), width: 85 },
        { of: "url", title: "URL" },
        { of: "purpose", title: "Purpose", width: 130 },
        { of: "B", title: "Code", unit: "none", mappings: absent("no answer"), thresholds: steps("good", [400, "near"], [500, "bad"]), width: 110 },
        { of: "C", title: "Mean time", unit: "s", decimals: 2, width: 105 },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 130 },
      ],
      [{ by: "State", descending: true }, { by: "Code", descending: true }],
      states(up, `${up} == 0`), max(endpoint, of("readiness_endpoint_status_code")),
      `0 * ${up} + on (${url.join(", ")}) group_left () (${whole})`,
    ),
    list(
      { width: 24, height: 9, title: "Names, the worst first",
        description: "Whether all that answers for a name gives the same, when the registration of its domain ends, and when the signature of its zone does." },
      [
        { of: "A", title: "State", width: 160, mappings: stateTexts(
          ["in order", "good"], ["registration ends", "near"], ["signature ends", "bad"], ["ends in 7 days", "bad"], ["answers differ", "bad"]) },
        { of: "domain", title: "Name" },
        { of: "B", title: "Answers", mappings: [...either("agree", "differ", "yes"), ...absent("–")], width: 110 },
        { of: "C", title: "Registered until", unit: "dateTimeAsIso", width: 160 },
        { of: "D", title: "Signed until", unit: "dateTimeAsIso", width: 160 },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 130 },
      ],
      [{ by: "State", descending: true }, { by: "Registered until" }],
      state, agree, `1000 * ${expiry("domain")}`, `1000 * ${expiry("dns_signature")}`,
    ),
  ],
  time: [
    lines(
      { width: 24, height: 10, title: "The slowest endpoints", description: "The mean time of a whole answer, of the ten slowest.", unit: "s", decimals: 2 },
      [chosenOnce("topk", 10, url, whole), "{{system}} {{environment}} {{url}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Where the time goes", description: "The mean time of each phase of an answer, of all that are chosen.", unit: "s", decimals: 2, stacked: true,
        named: "phase" },
      [mean(["phase"]), "{{phase}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Endpoints that are down", description: "How many endpoints did not answer as expected, by what they are for.", unit: "none", stacked: true },
      [`${sum(["purpose"], `1 - ${up}`)} > 0`, "{{purpose}}"],
    ),
  ],
  details: [
    list(
      { width: 24, height: 9, title: "Endpoints from vantage points, the worst first",
        description: "How each endpoint answers from each declared vantage point. Mean time is known where Prometheus scrapes the exporter there, too." },
      [
        { of: "A", title: "State", mappings: stateTexts(["up", "good"], ["down", "bad"]), width: 85 },
        { of: "vantage", title: "From", width: 160 },
        { of: "url", title: "URL" },
        { of: "purpose", title: "Purpose", width: 130 },
        { of: "B", title: "Code", unit: "none", mappings: absent("no answer"), thresholds: steps("good", [400, "near"], [500, "bad"]), width: 110 },
        { of: "C", title: "Mean time", unit: "s", decimals: 2, width: 105 },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 130 },
      ],
      [{ by: "State", descending: true }, { by: "From" }],
      states(upFrom, `${upFrom} == 0`), max([...place, "purpose"], of("readiness_endpoint_status_code", elsewhere)),
      `0 * ${upFrom} + on (${place.join(", ")}) group_left () (${wholeFrom})`,
    ),
    list(
      { width: 24, height: 6, title: "Metrics shown outside", description: "Addresses that show metrics to a vantage point without a credential." },
      [
        { of: "url", title: "URL" },
        { of: "vantage", title: "From", width: 160 },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 130 },
      ],
      [{ by: "URL" }],
      max(place, of("readiness_metrics_exposed")),
    ),
    list(
      { width: 24, height: 8, title: "Accepted versions of TLS", description: "Each version of TLS that a server accepts over some version of IP. Those before 1.2 can be broken." },
      [
        { of: "Value", title: "Accepted", mappings: either("yes", "no", "neither"), width: 100 },
        { of: "tls_version", title: "TLS", width: 90 },
        { of: "address", title: "Server" },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 130 },
      ],
      [{ by: "TLS" }, { by: "Server" }],
      version,
    ),
  ],
});

import { board } from "./board.js";
import { toSystem } from "./links.js";
import { absent, either, noneIsGood, plain, steps } from "./look.js";
import { lines, list, number } from "./panels.js";
import { max, min, of, sum, systemLabels, withInfo } from "./query.js";

const place = [...systemLabels, "source", "name", "server_name", "ip"];
const ends = (which = "") => min(place, of(`readiness_certificate_${which}not_after_timestamp_seconds`));
const left = (which = "") => `(${ends(which)} - time()) / 86400`;
const days = steps("bad", [7, "near"], [21, "good"]);
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };

export const certificates = board({
  name: "certificates",
  title: "Certificates",
  description: "Every certificate that is served or stored: when it ends, and whether it verifies.",
  from: "now-30d",
  panels: [
    number({ ...one, title: "Certificates", description: "How many places with a certificate are looked at.", thresholds: plain }, [`count(${ends()})`]),
    number({ ...one, title: "Ended", description: "Certificates that are no longer valid." }, [`sum(${ends()} <= bool time())`]),
    number({ ...one, title: "Ending in 7 days", description: "Certificates that end within 7 days, or have ended." }, [`sum(${left()} < bool 7)`]),
    number({ ...one, title: "Ending in 21 days", description: "Certificates that end within 21 days, or have ended: their renewal is overdue." },
      [`sum(${left()} < bool 21)`]),
    number({ ...one, title: "Not verified", description: "Certificates that did not verify when they were last seen." },
      [`sum(1 - ${min(place, of("readiness_certificate_verified"))})`]),
    number({ ...one, title: "First to end", description: "The days until the first of the certificates ends; less than 0 if it has.",
      unit: "suffix: d", decimals: 1, thresholds: days }, [`min(${left()})`]),
    list(
      { width: 24, height: 12, title: "Certificates, the first to end on top",
        description: "When each certificate ends, and whether it verified when it was last seen. A chain can end before its leaf does." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 110 },
        { of: "name", title: "Where" },
        { of: "server_name", title: "Server name" },
        { of: "ip", title: "Address", width: 100 },
        { of: "A", title: "Days left", unit: "none", decimals: 1, thresholds: days, width: 90 },
        { of: "B", title: "Ends", unit: "dateTimeAsIso", width: 150 },
        { of: "C", title: "Chain, days left", unit: "none", decimals: 1, thresholds: days, width: 125 },
        { of: "D", title: "Verified", mappings: either("yes", "no", "yes"), width: 80 },
        { of: "source", title: "Source", width: 80 },
      ],
      { by: "Days left" },
      left(), `1000 * ${ends()}`, left("chain_"), min(place, of("readiness_certificate_verified")),
    ),
    list(
      { width: 24, height: 9, title: "Who issued them", description: "The subject, issuer and key of each certificate, and which authorities vouch for it." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 110 },
        { of: "name", title: "Where" },
        { of: "subject", title: "Subject" },
        { of: "issuer", title: "Issuer" },
        { of: "key_algorithm", title: "Key", width: 80 },
        { of: "key_bits", title: "Bits", width: 70 },
        { of: "trust", title: "Trust", width: 90 },
        { of: "A", title: "All served, days left", unit: "none", decimals: 1, thresholds: days, mappings: absent("unknown"), width: 150 },
      ],
      { by: "Where" },
      sum([...systemLabels, "name", "subject", "issuer", "key_algorithm", "key_bits", "trust"],
        withInfo(left("served_"), "readiness_certificate_info", place, ["subject", "issuer", "key_algorithm", "key_bits", "trust"])),
    ),
    lines(
      { width: 12, height: 9, title: "Days left", description: "The days until the 20 certificates end that end first. A renewal is a step up.",
        unit: "suffix: d", signed: true, thresholds: days },
      [`bottomk(20, ${min(["system", "name", "server_name"], left())})`, "{{system}} {{name}} {{server_name}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Why they do not verify", description: "How many certificates have each fault.", unit: "none", stacked: true },
      [sum(["fault"], max([...place, "fault"], of("readiness_certificate_fault"))), "{{fault}}"],
    ),
  ],
});

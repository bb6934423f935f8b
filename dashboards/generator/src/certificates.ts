import { board } from "./board.js";
import { toSystem } from "./links.js";
import { absent, either, noneIsGood, plain, steps } from "./style.js";
import { lines, list, number } from "./panels.js";
import { chosenOnce, max, min, of, sum, systemLabels, withInfo } from "./query.js";

const place = [...systemLabels, "source", "name", "server_name", "ip"];
const expiry = (which = "") => min(place, of(`readiness_certificate_${which}not_after_timestamp_seconds`));
const left = (which = "") => `(${expiry(which)} - time()) / 86400`;
const shown = [...systemLabels, "name", "server_name"];
const days = steps("bad", [7, "near"], [21, "good"]);
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };

export const certificates = board({
  name: "certificates",
  title: "Certificates",
  description: "Every certificate that is served or stored: when it expires, and whether it verifies.",
  from: "now-30d",
  panels: [
    number({ ...one, title: "Certificates", description: "How many places with a certificate are watched.", thresholds: plain }, [`count(${expiry()})`]),
    number({ ...one, title: "Expired", description: "Certificates that have expired." }, [`sum(${expiry()} <= bool time())`]),
    number({ ...one, title: "Within 7 days", description: "Certificates that expire within 7 days, or have expired." }, [`sum(${left()} < bool 7)`]),
    number({ ...one, title: "Within 21 days", description: "Certificates that expire within 21 days, or have expired: their renewal is overdue." },
      [`sum(${left()} < bool 21)`]),
    number({ ...one, title: "Not verified", description: "Certificates that did not verify when they were last collected." },
      [`sum(1 - ${min(place, of("readiness_certificate_verified"))})`]),
    number({ ...one, title: "First to expire", description: "The days until the first of the certificates expires; less than 0 if it has.",
      unit: "suffix: d", decimals: 1, thresholds: days }, [`min(${left()})`]),
    list(
      { width: 24, height: 12, title: "Certificates, the first to expire on top",
        description: "When each certificate expires, and whether it verified when it was last collected. A chain can expire before its leaf does." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 110 },
        { of: "name", title: "Where" },
        { of: "server_name", title: "Server name" },
        { of: "ip", title: "Address", width: 100 },
        { of: "A", title: "Days left", unit: "none", decimals: 1, thresholds: days, width: 90 },
        { of: "B", title: "Expires", unit: "dateTimeAsIso", width: 150 },
        { of: "C", title: "Chain, days left", unit: "none", decimals: 1, thresholds: days, width: 125 },
        { of: "D", title: "Verified", mappings: either("yes", "no", "yes"), width: 80 },
        { of: "source", title: "Source", width: 80 },
      ],
      { by: "Days left" },
      left(), `1000 * ${expiry()}`, left("chain_"), min(place, of("readiness_certificate_verified")),
    ),
    list(
      { width: 24, height: 9, title: "Who issued them", description: "The subject, issuer and key of each certificate, and which authorities are trusted to sign it." },
      [
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 110 },
        { of: "name", title: "Where" },
        { of: "subject", title: "Subject" },
        { of: "issuer", title: "Issuer" },
        { of: "key_algorithm", title: "Key", width: 80 },
        { of: "key_bits", title: "Bits", width: 70 },
        { of: "trust", title: "Trust", width: 90 },
        { of: "A", title: "Valid since", unit: "dateTimeAsIso", mappings: absent("unknown"), width: 150 },
      ],
      { by: "Where" },
      max([...systemLabels, "name", "subject", "issuer", "key_algorithm", "key_bits", "trust"],
        withInfo(`1000 * ${min(place, of("readiness_certificate_not_before_timestamp_seconds"))}`, "readiness_certificate_info", place, ["subject", "issuer", "key_algorithm", "key_bits", "trust"])),
    ),
    lines(
      { width: 12, height: 9, title: "Days left", description: "The days until the 20 certificates expire that expire first. A renewal is a step up.",
        unit: "suffix: d", signed: true, thresholds: days },
      [chosenOnce("bottomk", 20, shown, min(shown, left())), "{{system}} {{environment}} {{name}} {{server_name}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Why they do not verify", description: "How many certificates have each fault.", unit: "none", stacked: true },
      [sum(["fault"], max([...place, "fault"], of("readiness_certificate_fault"))), "{{fault}}"],
    ),
  ],
});

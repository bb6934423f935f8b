import { board } from "./board.js";
import { toSystem } from "./links.js";
import { absent, either, noneIsGood, plain, sentences, stateTexts, steps } from "./style.js";
import { lines, list, number } from "./panels.js";
import { chosenOnce, max, min, of, states, sum, systemLabels, withInfo } from "./query.js";

// Of several sources of the same name the worst counts.
const place = [...systemLabels, "name", "server_name", "ip"];
const source = [...place, "source"];
const expiry = (which = "") => min(place, of(`readiness_certificate_${which}not_after_timestamp_seconds`));
const left = (which = "") => `(${expiry(which)} - time()) / 86400`;
const verified = min(place, of("readiness_certificate_verified"));
const fault = max([...place, "fault"], of("readiness_certificate_fault"));
const state = states(expiry(), `${expiry()} <= time()`, `${verified} == 0`, `${left()} < 7`, `${left("chain_")} < 7`, `${left()} < 21`);
const shown = [...systemLabels, "name", "server_name"];
const days = steps("bad", [7, "near"], [21, "good"]);
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };

const stateNames = stateTexts(
  ["valid", "good"], ["renewal is due", "near"], ["chain expires", "bad"], ["expires soon", "bad"], ["not verified", "bad"], ["expired", "bad"],
);

const faults = sentences(new Map([
  ["expired", "It, or one that its verification needs, has expired."],
  ["not_yet_valid", "It, or one that its verification needs, is not valid yet."],
  ["name_mismatch", "It is not valid for the server name."],
  ["self_signed", "It is signed by nobody else, and not trusted itself."],
  ["incomplete_chain", "The certificate of its issuer is missing: serve the whole chain."],
  ["unknown_authority", "Its chain ends in an authority that is not trusted."],
  ["weak", "A key is too short, or a signature can be forged."],
  ["other", "It is not meant for servers, or outside its issuer's bounds."],
]));

export const certificates = board({
  name: "certificates",
  title: "Certificates",
  description: "Every certificate that is served or stored: when it expires, whether it verifies, and why not.",
  from: "now-30d",
  alerts: "Certificate.+",
  now: [
    number({ ...one, title: "Certificates", description: "How many places with a certificate are watched.", thresholds: plain }, [`count(${expiry()})`]),
    number({ ...one, title: "Expired", description: "Certificates that have expired." }, [`sum(${expiry()} <= bool time())`]),
    number({ ...one, title: "Within 7 days", description: "Certificates that expire within 7 days, or have expired." }, [`sum(${left()} < bool 7)`]),
    number({ ...one, title: "Within 21 days", description: "Certificates that expire within 21 days, or have expired: their renewal is overdue." },
      [`sum(${left()} < bool 21)`]),
    number({ ...one, title: "Not verified", description: "Certificates that did not verify when they were last collected." }, [`sum(1 - ${verified})`]),
    number({ ...one, title: "First to expire", description: "The days until the first of the certificates expires; less than 0 if it has.",
      unit: "suffix:d", decimals: 1, thresholds: days }, [`min(${left()})`]),
  ],
  fix: [
    list(
      { width: 24, height: 12, title: "Certificates, the worst first",
        description: "What is wrong with each certificate, and when it and its chain expire. A chain can expire before its leaf does. " +
          "Fault: why it does not verify; of several one." },
      [
        { of: "A", title: "State", mappings: stateNames, width: 136 },
        { of: "name", title: "Where" },
        { of: "server_name", title: "Server name" },
        { of: "ip", title: "Address" },
        { of: "B", title: "Days left", unit: "none", decimals: 1, thresholds: days, width: 90 },
        { of: "C", title: "Chain", unit: "none", decimals: 1, thresholds: days, width: 75 },
        { of: "D", title: "Expires", unit: "dateTimeAsIso", width: 158 },
        { of: "fault", title: "Fault", mappings: [...faults, ...absent("–")] },
        { of: "system", title: "System", link: toSystem, width: 125 },
        { of: "environment", title: "Environment", width: 125 },
      ],
      [{ by: "State", descending: true }, { by: "Days left" }],
      state, left(), left("chain_"), `1000 * ${expiry()}`, `topk by (${place.join(", ")}) (1, ${fault})`,
    ),
  ],
  time: [
    lines(
      { width: 24, height: 10, title: "Days left", description: "The days until the ten certificates expire that expire first. A renewal is a step up.",
        unit: "suffix:d", decimals: 0, signed: true, thresholds: days },
      [chosenOnce("bottomk", 10, shown, min(shown, left())), "{{system}} {{environment}} {{name}} {{server_name}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Why they do not verify", description: "How many certificates have each fault.", unit: "none", stacked: true, named: "fault" },
      [sum(["fault"], fault), "{{fault}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Certificates that expire", description: "How many certificates were within 7 and within 21 days of their expiry.", unit: "none", named: "expiry" },
      [`sum(${left()} < bool 7)`, "within 7 days"], [`sum(${left()} < bool 21)`, "within 21 days"],
    ),
  ],
  details: [
    list(
      { width: 24, height: 9, title: "Who issued them", description: "The subject, issuer and key of each certificate, and which authorities are trusted to sign it." },
      [
        { of: "A", title: "Verified", mappings: either("yes", "no", "yes"), width: 80 },
        { of: "name", title: "Where" },
        { of: "source", title: "Source", width: 95 },
        { of: "subject", title: "Subject" },
        { of: "issuer", title: "Issuer" },
        { of: "key_algorithm", title: "Key", width: 90 },
        { of: "key_bits", title: "Bits", width: 75 },
        { of: "trust", title: "Trust", width: 90 },
        { of: "system", title: "System", link: toSystem, width: 150 },
        { of: "environment", title: "Environment", width: 130 },
      ],
      [{ by: "Verified" }, { by: "Where" }],
      min([...systemLabels, "source", "name", "subject", "issuer", "key_algorithm", "key_bits", "trust"],
        withInfo(min(source, of("readiness_certificate_verified")), "readiness_certificate_info", source, ["subject", "issuer", "key_algorithm", "key_bits", "trust"])),
    ),
  ],
});

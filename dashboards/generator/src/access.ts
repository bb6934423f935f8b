import { board } from "./board.js";
import { toSystem } from "./links.js";
import { absent, either, noneIsGood, plain, stateTexts } from "./style.js";
import { lines, list, number } from "./panels.js";
import { chosenOnce, max, min, of, states, sum, systemLabels } from "./query.js";

const host = [...systemLabels, "host"];
const port = [...host, "address", "port"];
const server = [...host, "address"];
const daemon = max(host, of("readiness_ssh_daemon_password_login"));
const denies = min(host, of("readiness_firewall_default_deny"));
const banning = min(host, of("readiness_fail2ban_running"));
const pending = max(host, of("readiness_updates_pending_security_packages"));
const fetched = max(host, of("readiness_updates_lists_fetched_timestamp_seconds"));
const automatic = min(host, of("readiness_updates_automatic"));
const any = [daemon, denies, banning, pending].map((each) => `0 * ${each}`).join(" or ");
const hostState = states(`(${any})`, `${denies} == 0`, `${daemon} == 1`, `${banning} == 0`, `${pending} > 0`);
const answers = min(server, of("readiness_ssh_server_up"));
const offered = max(server, of("readiness_ssh_server_password_login"));
const open = max(port, of("readiness_host_port_open"));
const one = { width: 4, height: 4, unit: "none", thresholds: noneIsGood };

export const access = board({
  name: "access",
  title: "Access",
  description: "The ways into the machines: what logs in by a password, what no firewall stops, which ports take connections, which security updates wait.",
  from: "now-7d",
  alerts: "(Firewall|SecurityUpdates|SSH|Port|Password|DefaultLogin).+",
  now: [
    number({ ...one, title: "SSH servers", description: "How many SSH servers are watched, as clients reach them.", thresholds: plain }, [`count(${answers})`]),
    number({ ...one, title: "Password login", description: "SSH servers that let somebody log in by a password, as they answer or as they are configured." },
      [`(sum(${offered}) or vector(0)) + (sum(${daemon}) or vector(0))`]),
    number({ ...one, title: "Firewall off", description: "Hosts on which packets to ports that no rule names are let in." }, [`sum(1 - ${denies})`]),
    number({ ...one, title: "fail2ban off", description: "Hosts on which fail2ban is installed and does not run." }, [`sum(1 - ${banning})`]),
    number({ ...one, title: "Open ports", description: "Ports that take connections, of those that are tried.", thresholds: plain }, [`sum(${open})`]),
    number({ ...one, title: "Updates wait", description: "Packages with a security update that is not installed, on all hosts." }, [`sum(${pending})`]),
  ],
  fix: [
    list(
      { width: 24, height: 9, title: "Hosts, the worst first", description: "How each machine is protected, as its own configuration tells." },
      [
        { of: "A", title: "State", width: 160, mappings: stateTexts(
          ["in order", "good"], ["updates wait", "near"], ["fail2ban off", "bad"], ["password login", "bad"], ["firewall off", "bad"]) },
        { of: "host", title: "Host" },
        { of: "B", title: "Firewall", mappings: [...either("denies", "lets in", "yes"), ...absent("–")], width: 110 },
        { of: "C", title: "Password", mappings: [...either("takes", "refuses", "no"), ...absent("–")], width: 110 },
        { of: "D", title: "fail2ban", mappings: [...either("runs", "is off", "yes"), ...absent("–")], width: 100 },
        { of: "E", title: "Updates wait", unit: "none", thresholds: noneIsGood, width: 115 },
        { of: "F", title: "Automatic", mappings: [...either("yes", "no", "yes"), ...absent("–")], width: 100 },
        { of: "G", title: "Lists fetched", unit: "dateTimeAsIso", width: 160 },
        { of: "system", title: "System", link: toSystem },
        { of: "environment", title: "Environment", width: 130 },
      ],
      [{ by: "State", descending: true }, { by: "Updates wait", descending: true }],
      hostState, denies, daemon, banning, pending, automatic, `1000 * ${fetched}`,
    ),
    list(
      { width: 24, height: 8, title: "SSH servers, the worst first", description: "What the SSH servers offer to whoever asks, before anybody has logged in." },
      [
        { of: "A", title: "State", mappings: stateTexts(["in order", "good"], ["no answer", "near"], ["password", "bad"]), width: 120 },
        { of: "host", title: "Host" },
        { of: "address", title: "Address" },
        { of: "system", title: "System", link: toSystem, width: 150 },
        { of: "environment", title: "Environment", width: 130 },
      ],
      [{ by: "State", descending: true }, { by: "Host" }],
      states(answers, `${offered} == 1`, `${answers} == 0`),
    ),
  ],
  time: [
    lines(
      { width: 12, height: 9, title: "Security updates that wait", description: "How many packages have one, of the five hosts with the most.", unit: "none" },
      [chosenOnce("topk", 5, host, pending), "{{system}} {{environment}} {{host}}"],
    ),
    lines(
      { width: 12, height: 9, title: "Open ports", description: "How many ports take connections, of the five hosts with the most. A step up is a new way in.", unit: "none" },
      [chosenOnce("topk", 5, host, sum(host, open)), "{{system}} {{environment}} {{host}}"],
    ),
  ],
  details: [
    list(
      { width: 24, height: 9, title: "Ports that take connections", description: "The open ports of each address, of those that are tried from where the exporter runs." },
      [
        { of: "port", title: "Port", width: 75 },
        { of: "host", title: "Host" },
        { of: "address", title: "Address" },
        { of: "system", title: "System", link: toSystem, width: 150 },
        { of: "environment", title: "Environment", width: 130 },
      ],
      [{ by: "Host" }, { by: "Port" }],
      open,
    ),
  ],
});

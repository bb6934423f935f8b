// Renews the page without losing its reader's place. Without this script everything can be read too: the browser then
// loads the page again by itself.
"use strict";

const renewEvery = 15000; // milliseconds

let shown = null; // what the server last answered, as text

// localize puts the reader's time beside UTC: the server does not know where its readers are, and browsers do.
function localize(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    if (!element.textContent.endsWith(" UTC") || isNaN(at) || at.getTimezoneOffset() === 0) continue;
    const format = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
    if (at.getDate() !== at.getUTCDate()) Object.assign(format, { weekday: "short", day: "numeric", month: "short" });
    element.append(` (${new Intl.DateTimeFormat("en-GB", format).format(at)})`);
  }
}

// place remembers the first thing on the screen that has a name, and how far from the top it stands.
function place() {
  for (const element of document.querySelectorAll("main [id]")) {
    const top = element.getBoundingClientRect().top;
    if (top >= 0 && top < innerHeight) return { id: element.id, top };
  }
  return null;
}

function restore(kept) {
  const element = kept && document.getElementById(kept.id);
  if (element) scrollBy({ top: element.getBoundingClientRect().top - kept.top, behavior: "instant" });
}

// busy tells whether the reader is choosing or copying something, which must not be taken away.
function busy() {
  const focused = document.activeElement;
  return (focused && focused.matches("main input, main select")) || !getSelection().isCollapsed;
}

// path finds an element again in a page that has been renewed: by its name, or by where it leads.
function path(element) {
  if (!element || !element.closest("main")) return null;
  if (element.id) return "#" + CSS.escape(element.id);
  if (element.getAttribute("href")) return `main a[href="${CSS.escape(element.getAttribute("href"))}"]`;
  return null;
}

async function renew() {
  if (document.hidden || busy()) return;
  const answer = await fetch(location.href, { cache: "no-cache", headers: { Accept: "text/html" } });
  const text = await answer.text();
  if (!answer.ok || text === shown || busy()) return;
  shown = text;
  const next = new DOMParser().parseFromString(text, "text/html");
  const kept = place();
  const focused = path(document.activeElement);
  const before = document.querySelector("h1")?.textContent;
  const open = [...document.querySelectorAll("main li[id]:has(details[open])")].map((element) => element.id);
  localize(next);
  for (const id of open) next.getElementById(id)?.querySelector("details")?.setAttribute("open", "");
  document.querySelector("main").replaceWith(next.querySelector("main"));
  document.title = next.title;
  restore(kept);
  if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
  const after = document.querySelector("h1")?.textContent;
  if (after !== before) document.getElementById("news").textContent = after;
}

localize(document);

setInterval(() => {
  renew().then(
    () => document.body.removeAttribute("data-stale"),
    () => document.body.setAttribute("data-stale", "The exporter does not answer: this page may be out of date."),
  );
}, renewEvery);

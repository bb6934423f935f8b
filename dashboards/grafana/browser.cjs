// What Grafana's library asks of a browser when it is loaded, as far as it does not matter here.
const element = () => ({
  style: {}, sheet: { insertRule() {}, cssRules: [] }, getContext: () => null, appendChild() {}, setAttribute() {}, addEventListener() {}, removeEventListener() {},
});
const browser = {
  navigator: { language: "en-US", languages: ["en-US"], userAgent: "" },
  location: { href: "http://localhost/", pathname: "/", search: "", origin: "http://localhost" },
  document: {
    createElement: element, createTextNode: element, getElementsByTagName: () => [element()], querySelector: () => null, addEventListener() {},
    head: element(), documentElement: element(), cookie: "",
  },
  localStorage: { getItem: () => null, setItem() {} },
  matchMedia: () => ({ matches: false, addEventListener() {}, addListener() {} }),
  Element: class {}, HTMLElement: class {}, Image: class {}, history: {}, requestAnimationFrame() {}, addEventListener() {}, removeEventListener() {},
};
for (const [name, value] of Object.entries(browser)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
globalThis.window = globalThis;

// Node 18 cannot require modules of the newer sort. Grafana has them for Markdown, maps and palettes, of which the dashboards have none.
const Module = require("node:module");
const load = Module._load;
const nothing = new Proxy(function () {}, { get: (_, name) => (name === Symbol.toPrimitive ? () => "" : nothing), apply: () => nothing, construct: () => nothing });
Module._load = (...request) => {
  try {
    return load(...request);
  } catch (error) {
    if (error.code !== "ERR_REQUIRE_ESM") throw error;
    return nothing;
  }
};

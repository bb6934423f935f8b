// What the dashboards show, by the code that Grafana has for it: transformations, overrides by name, mappings, thresholds.
require("./browser.cjs");
const assert = require("node:assert");
const { readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const { test } = require("node:test");
const grafana = require("@grafana/data");
const { firstValueFrom } = require("rxjs");

const folder = join(__dirname, "..");
const panels = readdirSync(folder).filter((name) => name.endsWith(".json")).flatMap((name) => {
  const { uid, panels } = JSON.parse(readFileSync(join(folder, name), "utf8"));
  return panels.filter(({ type }) => type !== "row").map((panel) => ({ ...panel, name: `${uid}/${panel.title}` }));
});
const theme = grafana.createTheme();
const { mergeTransformer, organizeFieldsTransformer } = grafana.standardTransformers;
grafana.standardTransformersRegistry.setInit(() => [mergeTransformer, organizeFieldsTransformer].map((transformation) => (
  { id: transformation.id, name: transformation.name, transformation: async () => transformation }
)));

// The properties that an override can change, with what Grafana makes of their values; those of a table's cells are drawn elsewhere.
const properties = new grafana.FieldConfigOptionsRegistry(() => Object.entries({
  unit: grafana.unitOverrideProcessor, decimals: grafana.numberOverrideProcessor, min: grafana.numberOverrideProcessor, max: grafana.numberOverrideProcessor,
  mappings: grafana.valueMappingsOverrideProcessor, thresholds: grafana.thresholdsOverrideProcessor, color: grafana.identityOverrideProcessor,
  noValue: grafana.stringOverrideProcessor,
}).map(([id, process]) => ({ id, path: id, name: id, process, shouldApply: () => true })));

/** The fields of a panel that gets these frames. */
async function shown(panel, frames) {
  const context = { interpolate: (text) => text };
  const data = await firstValueFrom(grafana.transformDataFrame(panel.transformations ?? [], frames, context));
  return grafana.applyFieldOverrides({ data, fieldConfig: panel.fieldConfig, replaceVariables: (text) => text, theme, fieldConfigRegistry: properties });
}

/** What Prometheus answers to a query of a table. */
function answer(refId, rows, value) {
  const labels = Object.keys(rows[0]).filter((name) => name !== "value");
  return grafana.toDataFrame({
    refId,
    fields: [
      { name: "Time", type: grafana.FieldType.time, values: rows.map(() => 0) },
      ...labels.map((name) => ({ name, type: grafana.FieldType.string, values: rows.map((row) => row[name]) })),
      { name: value, type: grafana.FieldType.number, values: rows.map((row) => row.value) },
    ],
  });
}

function series(name, ...values) {
  const time = { name: "Time", type: grafana.FieldType.time, values: values.map((_, i) => i) };
  return grafana.toDataFrame({ fields: [time, { name: "Value", type: grafana.FieldType.number, values, config: { displayNameFromDS: name } }] });
}

const find = (name) => panels.find((panel) => panel.name === name) ?? assert.fail(`no panel ${name}`);
const colour = (hex) => hex.toUpperCase();

/** What a column of a table, or any series of another panel, shows for a value. */
async function display(panel, title, value) {
  const field = panel.transformations?.find(({ id }) => id === "organize")?.options.renameByName;
  const source = Object.entries(field ?? {}).find(([, to]) => to === title)?.[0];
  const isLabel = source !== undefined && !source.startsWith("Value");
  const frames = source === undefined ? [series(title, value)] : [
    isLabel ? answer("A", [{ [source]: value, value: 1 }], "Value") : answer("A", [{ system: "shop", value }], source),
  ];
  const [frame] = await shown(panel, frames);
  const found = frame.fields.find((each) => grafana.getFieldDisplayName(each, frame) === title) ?? assert.fail(`${panel.name} has no ${title}`);
  const result = found.display(found.values[0]);
  return { text: grafana.formattedValueToString(result), color: colour(result.color ?? "") };
}

/** The configurations of a panel's fields: its own, by any name, and those of its columns and named series. */
function configurations(panel) {
  const own = ["any", panel.fieldConfig.defaults];
  return [own, ...panel.fieldConfig.overrides.map(({ matcher, properties }) => [
    matcher.options, Object.fromEntries(properties.map(({ id, value }) => [id, value])),
  ])];
}

test("every value that is mapped has its text and its colour", async () => {
  let many = 0;
  for (const panel of panels) {
    for (const [title, { mappings = [] }] of configurations(panel)) {
      for (const { type, options } of mappings) {
        if (type !== "value") continue;
        for (const [value, { text, color }] of Object.entries(options)) {
          const label = Number.isNaN(Number(value));
          const got = await display(panel, title, label ? value : Number(value));
          assert.strictEqual(got.text, text, panel.name);
          if (color) assert.strictEqual(got.color, colour(color), `${panel.name}: ${text}`);
          many++;
        }
      }
    }
  }
  assert.ok(many > 100);
});

test("every threshold is where the colour changes", async () => {
  let many = 0;
  for (const panel of panels.filter(({ type }) => type !== "timeseries" && type !== "state-timeline")) {
    for (const [title, { thresholds, mappings = [] }] of configurations(panel)) {
      if (!thresholds || mappings.some(({ type }) => type === "value") || (panel.type === "table" && title === "any")) continue;
      for (const [i, { value, color }] of thresholds.steps.entries()) {
        const below = thresholds.steps[i - 1];
        if (!below) continue;
        assert.strictEqual((await display(panel, title, value)).color, colour(color), `${panel.name}: ${title} ${value}`);
        assert.strictEqual((await display(panel, title, value - 1e-6)).color, colour(below.color), `${panel.name}: below ${value}`);
        many++;
      }
    }
  }
  assert.ok(many > 20);
});

test("every series that has a name of its own has its colour", async () => {
  let many = 0;
  for (const panel of panels) {
    for (const [name, { color }] of configurations(panel)) {
      if (color?.mode !== "fixed") continue;
      assert.strictEqual((await display(panel, name, 1)).color, colour(color.fixedColor), `${panel.name}: ${name}`);
      many++;
    }
  }
  assert.ok(many > 20);
});

test("what was seen to mislead does not", async () => {
  const [good, near, bad, none] = ["#009E73", "#E69F00", "#D55E00", "#757575"];
  for (const [name, title, value, text, color] of [
    ["readiness-backups/Backups, the worst first", "Used", 8.33, "833%", bad],
    ["readiness-backups/Backups, the worst first", "State", 3, "✗ no copy", bad],
    ["readiness-hosts/File systems, the worst first", "Used", 0.97, "97.0%", bad],
    ["readiness-hosts/File systems, the worst first", "Used", 0.82, "82.0%", good],
    ["readiness-hosts/File systems, the worst first", "State", 6, "✗ not mounted", bad],
    ["readiness-workloads/Workloads, the worst first", "State", 1, "– scaled to zero", none],
    ["readiness-workloads/Workloads, the worst first", "Desired", 0, "0", none],
    ["readiness-certificates/Certificates, the worst first", "Days left", 20.9, "20.9", near],
    ["readiness-certificates/Certificates, the worst first", "Fault", "self_signed", "It is signed by nobody else, and not trusted itself.", ""],
    ["readiness-certificates/First to expire", "any", 6.94, "6.9 d", bad],
    ["readiness-certificates/Days left", "any", 200, "200 d", ""],
    ["readiness-system/Items", "any", 7, "✗ fail", bad],
    ["readiness-system/Items", "any", 4, "… undeclared", none],
    ["readiness-overview/Checks by status", "fail", 3, "3", bad],
    ["readiness-slo/Burn rate over 1 hour", "any", 14.4, "14.4 ×", ""],
  ]) {
    const got = await display(find(name), title, value);
    assert.strictEqual(got.text, text, name);
    if (color) assert.strictEqual(got.color, color, `${name}: ${title} ${value}`);
  }
});

test("a label that one query has joins the row of its thing", async () => {
  const panel = find("readiness-certificates/Certificates, the worst first");
  const place = (name) => ({ system: "shop", environment: "production", name, server_name: name, ip: "" });
  const each = (value) => ["www", "api"].map((name) => ({ ...place(name), value }));
  const frames = ["A", "B", "C", "D"].map((refId) => answer(refId, each(1), `Value #${refId}`));
  frames.push(answer("E", [{ ...place("api"), fault: "expired", value: 1 }], "Value #E"));
  const [frame] = await shown(panel, frames);
  assert.deepStrictEqual(frame.fields.map((field) => grafana.getFieldDisplayName(field, frame)).sort(), [
    "Address", "Chain", "Days left", "Environment", "Expires", "Fault", "Server name", "State", "System", "Where",
  ]);
  const values = (title) => [...frame.fields.find((field) => grafana.getFieldDisplayName(field, frame) === title).values];
  assert.deepStrictEqual(values("Where"), ["www", "api"]);
  assert.deepStrictEqual(values("Fault").map((fault) => fault ?? null), [null, "expired"]);
});

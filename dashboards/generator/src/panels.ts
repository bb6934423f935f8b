// The few sorts of panel that the dashboards are made of, each with what Grafana 9.4 knows.
import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import { FieldColorBuilder, FieldColorModeId, type Panel, type ThresholdsConfigBuilder, type ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as statetimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import * as table from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import { named, plain } from "./style.js";

export type PanelOf = Builder<Panel>;

/** What every panel says of itself. */
interface Frame {
  title: string;
  description: string;
  width: number;
  height: number;
  unit: string;
  decimals?: number;
  thresholds?: ThresholdsConfigBuilder;
  mappings?: ValueMapping[];
  /** What the series are called by: each has the colour of its name. */
  named?: keyof typeof named;
}

/** A query, and what its series are called. */
export type Series = [expression: string, legend?: string];

export const source = { type: "prometheus", uid: "${datasource}" };
const refs = "ABCDEFGHIJ";

type Framed = timeseries.PanelBuilder | stat.PanelBuilder | table.PanelBuilder | bargauge.PanelBuilder | statetimeline.PanelBuilder;

function framed<T extends Framed>(panel: T, frame: Frame, noValue: string): T {
  panel.title(frame.title).description(frame.description).datasource(source).span(frame.width).height(frame.height);
  panel.unit(frame.unit).noValue(noValue).thresholds(frame.thresholds ?? plain);
  if (frame.decimals !== undefined) panel.decimals(frame.decimals);
  if (frame.mappings) panel.mappings(frame.mappings);
  if (frame.named) {
    for (const [name, colour] of Object.entries(named[frame.named])) panel.overrideByName(name, [{ id: "color", value: { mode: "fixed", fixedColor: colour } }]);
  }
  return panel;
}

function query(expression: string, index: number): DataqueryBuilder {
  return new DataqueryBuilder().datasource(source).expr(expression).refId(refs[index]!);
}

function instant(expression: string, index: number): DataqueryBuilder {
  return query(expression, index).instant();
}

function ranges(series: Series[]): Builder<Dataquery>[] {
  return series.map(([expression, legend], i) => query(expression, i).range().legendFormat(legend ?? "__auto"));
}

function last() {
  return new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]).fields("").values(false);
}

/** One number, or one for each series, as they are now. */
export function number(frame: Frame, ...series: Series[]): PanelOf {
  return framed(new stat.PanelBuilder(), frame, "no data")
    .targets(series.map(([expression, legend], i) => instant(expression, i).legendFormat(legend ?? "__auto")))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .reduceOptions(last())
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Value)
    .textMode(series.some(([, legend]) => legend) ? common.BigValueTextMode.ValueAndName : common.BigValueTextMode.Value);
}

/** One bar for each series, between 0 and 1. */
export function bars(frame: Frame, expression: string, legend: string): PanelOf {
  return framed(new bargauge.PanelBuilder(), frame, "no data")
    .targets([instant(expression, 0).legendFormat(legend)])
    .min(0)
    .max(1)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .reduceOptions(last())
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .showUnfilled(true);
}

const fullWidth = 24;

/**
 * The legend of graphs: the last, least and greatest value of each series. Across the whole width it is beside the graph, where
 * it has room for ten of them; elsewhere it is below, for a few.
 */
function legend(width: number) {
  const options = new common.VizLegendOptionsBuilder().displayMode(common.LegendDisplayMode.Table).showLegend(true).calcs(["lastNotNull", "min", "max"]);
  return width === fullWidth ? options.placement(common.LegendPlacement.Right).width(540) : options.placement(common.LegendPlacement.Bottom);
}

interface LinesFrame extends Frame {
  stacked?: boolean;
  max?: number;
  /** Values below 0 are shown too. */
  signed?: boolean;
  /** The least time between two points, for what changes seldom. */
  interval?: string;
}

/** Lines over time. What is unavailable is a gap, not a line drawn across it. */
export function lines(frame: LinesFrame, ...series: Series[]): PanelOf {
  const counts = frame.unit === "none";
  const panel = framed(new timeseries.PanelBuilder(), counts ? { decimals: 0, ...frame } : frame, "no data")
    .targets(ranges(series))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .maxDataPoints(300)
    .lineWidth(1)
    .fillOpacity(frame.stacked ? 40 : 0)
    .spanNulls(false)
    .showPoints(common.VisibilityMode.Auto)
    .legend(legend(frame.width))
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending));
  if (!frame.signed) panel.min(0);
  // Without it the axis of a count that is 1 has a half.
  if (counts) panel.axisSoftMax(4);
  if (frame.thresholds) panel.thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed));
  if (frame.max !== undefined) panel.max(frame.max);
  if (frame.interval) panel.interval(frame.interval);
  if (frame.stacked) panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group("A"));
  return panel;
}

/**
 * One line for each series, cut where its state changes. Grafana ignores the mappings of values whose colours come from
 * thresholds, as soon as it merges equal ones: the palette makes it draw them.
 */
export function timeline(frame: Frame, ...series: Series[]): PanelOf {
  return framed(new statetimeline.PanelBuilder(), frame, "no data")
    .targets(ranges(series))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .maxDataPoints(150)
    .mergeValues(true)
    .showValue(common.VisibilityMode.Auto)
    .alignValue(common.TimelineValueAlignment.Left)
    .rowHeight(0.85)
    .fillOpacity(70)
    .lineWidth(0)
    .spanNulls(false)
    .legend(new common.VizLegendOptionsBuilder().displayMode(common.LegendDisplayMode.List).placement(common.LegendPlacement.Bottom)
      .showLegend(true).calcs([]))
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Single).sort(common.SortOrder.None));
}

/** A column of a table: the label or, as a letter, the query it shows. */
export interface Column {
  of: string;
  title: string;
  /** In pixels, as its longest content needs; a column of text without it wraps, and shares what the others leave. */
  width?: number;
  unit?: string;
  decimals?: number;
  mappings?: ValueMapping[];
  thresholds?: ThresholdsConfigBuilder;
  gauge?: boolean;
  link?: { title: string; url: string; elsewhere?: boolean };
}

type TableFrame = Omit<Frame, "unit">;

/** The least width of a column that no width is given for; so that no table scrolls sideways. */
const leastWidth = 60;

interface Sort {
  by: string;
  descending?: boolean;
}

/** A table of what the queries say now, joined on the labels they share, with the worst on top. */
export function list(frame: TableFrame, columns: Column[], sort: Sort[], ...expressions: string[]): PanelOf {
  const field = (column: Column) =>
    /^[A-Z]$/.test(column.of) ? (expressions.length > 1 ? `Value #${column.of}` : "Value") : column.of;
  const shown = new Set(columns.map(field));
  const values = expressions.map((_, i) => (expressions.length > 1 ? `Value #${refs[i]}` : "Value"));
  const hidden = ["Time", ...values].filter((name) => !shown.has(name));
  const panel = framed(new table.PanelBuilder(), { ...frame, unit: "none" }, "–")
    .targets(expressions.map((expression, i) => instant(expression, i).format(PromQueryFormat.Table)))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .minWidth(leastWidth)
    .showHeader(true)
    .sortBy(sort.map(({ by, descending = false }) => new common.TableSortByFieldStateBuilder().displayName(by).desc(descending)));
  if (expressions.length > 1) panel.withTransformation({ id: "merge", options: {} });
  panel.withTransformation({
    id: "organize",
    options: {
      excludeByName: Object.fromEntries(hidden.map((name) => [name, true])),
      indexByName: Object.fromEntries(columns.map((column, i) => [field(column), i])),
      renameByName: Object.fromEntries(columns.map((column) => [field(column), column.title])),
    },
  });
  for (const column of columns) panel.overrideByName(column.title, properties(column));
  return panel;
}

// The display mode is what Grafana 9.4 calls it; later versions read it as a cell type, as of schema version 38.
function properties(column: Column) {
  const all: { id: string; value: unknown }[] = [];
  const text = !/^([A-Z]|Value)$/.test(column.of);
  // Nobody filters by a number, and the icon takes the room of the title.
  if (text && !column.link) all.push({ id: "custom.filterable", value: true });
  // Grafana 12 reads this, 10 and 11 what is with the cell below; older ones show the whole on hovering.
  if (text && !column.width) all.push({ id: "custom.wrapText", value: true });
  const coloured = column.mappings?.some((mapping) => JSON.stringify(mapping).includes('"color"')) || column.thresholds;
  if (column.width) all.push({ id: "custom.width", value: column.width });
  if (column.unit) all.push({ id: "unit", value: column.unit });
  if (column.decimals !== undefined) all.push({ id: "decimals", value: column.decimals });
  if (column.mappings) all.push({ id: "mappings", value: column.mappings });
  if (column.thresholds) all.push({ id: "thresholds", value: column.thresholds.build() });
  if (column.gauge) all.push({ id: "min", value: 0 }, { id: "max", value: 1 });
  if (column.gauge) all.push({ id: "custom.displayMode", value: "basic" });
  else if (coloured) all.push({ id: "custom.displayMode", value: "color-text" });
  else if (text && !column.width) all.push({ id: "custom.cellOptions", value: { type: "auto", wrapText: true } });
  if (column.link) {
    const { title, url, elsewhere = false } = column.link;
    all.push({ id: "links", value: [{ title, url, targetBlank: elsewhere }] });
  }
  return all;
}

// The frame of every dashboard: variables, links, time.
import {
  DashboardBuilder, DashboardCursorSync, DashboardLinkBuilder, DashboardLinkType, DatasourceVariableBuilder,
  QueryVariableBuilder, RowBuilder, TextBoxVariableBuilder, VariableRefresh, VariableSort, type Dashboard,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { firing, marks } from "./alerts.js";
import { source, type PanelOf } from "./panels.js";

// The last schema that Grafana 9.4 reads; later versions migrate it when they load it.
const schemaVersion = 37;

interface Choice {
  name: string;
  label: string;
  description: string;
  values: string;
  /** One value, and not all of them. */
  one?: boolean;
}

const environment: Choice = {
  name: "environment", label: "Environment", description: "The environments to show.",
  values: "label_values(readiness_system_info, environment)",
};
const system: Choice = {
  name: "system", label: "System", description: "The systems to show, of the chosen environments.",
  values: 'label_values(readiness_system_info{environment=~"$environment"}, system)',
};

const oneEnvironment: Choice = { ...environment, description: "The environment of the system.", one: true };
const oneSystem: Choice = { ...system, description: "The system to show, one at a time.", one: true };

/** A dashboard: what it is for, and its panels in the rows that all have, in their order. */
interface Board {
  name: string;
  title: string;
  description: string;
  from: string;
  /** It shows one system at a time. */
  single?: boolean;
  /** Variables beside those that all dashboards share. */
  choices?: Choice[];
  /** The alerts that belong to it: a regular expression for what comes after Readiness in their names. */
  alerts: string;
  now: PanelOf[];
  /** Below the alerts that fire. */
  fix: PanelOf[];
  time: PanelOf[];
  details: PanelOf[];
}

function choose(choice: Choice): QueryVariableBuilder {
  const variable = new QueryVariableBuilder(choice.name)
    .label(choice.label)
    .description(choice.description)
    .datasource(source)
    .query({ query: choice.values, refId: "StandardVariableQuery" })
    .definition(choice.values)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
  if (choice.one) return variable.multi(false).includeAll(false);
  return variable.multi(true).includeAll(true).allValue(".*").current({ selected: true, text: ["All"], value: ["$__all"] });
}

/** The dashboard as Grafana imports it. */
export function board({ name, title, description, from, single = false, choices = [], alerts, ...panels }: Board): Dashboard {
  const systems = single ? [oneEnvironment, oneSystem] : [environment, system];
  const builder = new DashboardBuilder(`Readiness / ${title}`)
    .uid(`readiness-${name}`)
    .description(description)
    .tags(["readiness"])
    .timezone("browser")
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: "now" })
    .refresh("1m")
    .annotations(marks(alerts))
    .variables([
      new DatasourceVariableBuilder("datasource").label("Data source").description("The Prometheus that scrapes the exporter.")
        .type("prometheus"),
      ...[...systems, ...choices].map(choose),
      new TextBoxVariableBuilder("page").label("Page").description("Where the exporter's own page is, for links to it.")
        .defaultValue("http://localhost:10216"),
    ])
    .link(
      new DashboardLinkBuilder("Readiness").type(DashboardLinkType.Dashboards).tags(["readiness"]).asDropdown(true)
        .icon("external link").tooltip("The other dashboards, with the same choice and time").includeVars(true).keepTime(true),
    );
  const rows: [string, PanelOf[]][] = [
    ["State now", panels.now], ["What to fix", [firing(alerts), ...panels.fix]], ["Over time", panels.time], ["Details", panels.details],
  ];
  for (const [row, below] of rows) {
    builder.withRow(new RowBuilder(row));
    for (const panel of below) builder.withPanel(panel);
  }
  return finish(builder.build());
}

/** Numbers the panels, and takes out what later versions of Grafana would misread. */
function finish(dashboard: Dashboard): Dashboard {
  dashboard.schemaVersion = schemaVersion;
  dashboard.panels?.forEach((panel, i) => (panel.id = i + 1));
  // The SDK would hide the links in a menu.
  for (const link of dashboard.links ?? []) delete link.placement;
  return dashboard;
}

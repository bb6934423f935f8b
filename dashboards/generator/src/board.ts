// The frame of every dashboard: variables, links, time.
import {
  DashboardBuilder, DashboardCursorSync, DashboardLinkBuilder, DashboardLinkType, DatasourceVariableBuilder,
  QueryVariableBuilder, TextBoxVariableBuilder, VariableRefresh, VariableSort, type Dashboard,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { PanelOf } from "./panels.js";

// The last schema that Grafana 9.4 reads; later versions migrate it when they load it.
const schemaVersion = 37;

const source = { type: "prometheus", uid: "${datasource}" };

interface Choice {
  name: string;
  label: string;
  description: string;
  values: string;
}

const environment: Choice = {
  name: "environment", label: "Environment", description: "The environments to show.",
  values: "label_values(readiness_system_info, environment)",
};
const system: Choice = {
  name: "system", label: "System", description: "The systems to show, of the chosen environments.",
  values: 'label_values(readiness_system_info{environment=~"$environment"}, system)',
};

interface Board {
  name: string;
  title: string;
  description: string;
  from: string;
  /** Variables beside those that all dashboards share. */
  choices?: Choice[];
  panels: PanelOf[];
}

function choose(choice: Choice): QueryVariableBuilder {
  return new QueryVariableBuilder(choice.name)
    .label(choice.label)
    .description(choice.description)
    .datasource(source)
    .query({ query: choice.values, refId: "StandardVariableQuery" })
    .definition(choice.values)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current({ selected: true, text: ["All"], value: ["$__all"] });
}

/** The dashboard as Grafana imports it. */
export function board({ name, title, description, from, choices = [], panels }: Board): Dashboard {
  const builder = new DashboardBuilder(`Readiness / ${title}`)
    .uid(`readiness-${name}`)
    .description(description)
    .tags(["readiness"])
    .timezone("browser")
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: "now" })
    .refresh("1m")
    .annotations([])
    .variables([
      new DatasourceVariableBuilder("datasource").label("Data source").description("The Prometheus that scrapes the exporter.")
        .type("prometheus"),
      ...[environment, system, ...choices].map(choose),
      new TextBoxVariableBuilder("page").label("Page").description("Where the exporter's own page is, for links to it.")
        .defaultValue("http://localhost:10216"),
    ])
    .link(
      new DashboardLinkBuilder("Readiness").type(DashboardLinkType.Dashboards).tags(["readiness"]).asDropdown(true)
        .icon("external link").tooltip("The other dashboards, with the same choice and time").includeVars(true).keepTime(true),
    );
  for (const panel of panels) builder.withPanel(panel);
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

// Where a row of a table leads. The columns are read by their titles: System, Environment, Check.
const field = (title: string) => `\${__data.fields.${title}:percentencode}`;

function page(system: string, environment: string) {
  const url = `\${page}/systems/${system}/${environment}/checks/${field("Check")}`;
  return { title: "Open the page of the check", url, elsewhere: true };
}

/** The exporter's page on the row's check. */
export const toPage = page(field("System"), field("Environment"));

/** The same, where one system is chosen. */
export const toPageOfChosen = page("${system:percentencode}", "${environment:percentencode}");

/** The dashboard of the row's system, with the same data source, page and time. */
export const toSystem = {
  title: "Show the system",
  url: `/d/readiness-system?\${datasource:queryparam}&var-system=${field("System")}&var-environment=${field("Environment")}` +
    "&${page:queryparam}&${__url_time_range}",
};

/** The address that the cell holds. */
export const toRunbook = { title: "Open the runbook", url: "${__value.raw}", elsewhere: true };

/** The runbook of the alert that the cell names. */
export const toRunbookOfAlert = {
  title: "Open the runbook", url: "https://github.com/readiness-exporter/readiness-exporter/blob/main/alerts/runbooks/${__value.raw}.md", elsewhere: true,
};

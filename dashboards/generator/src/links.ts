// Where a row of a table leads. The columns are read by their titles: System, Environment, Check.
const field = (title: string) => `\${__data.fields.${title}:percentencode}`;
const path = `${field("System")}/${field("Environment")}`;

/** The dashboard of the row's system, with the same data source, page and time. */
export const toSystem = {
  title: "Show the system",
  url: `/d/readiness-system?\${datasource:queryparam}&var-system=${field("System")}&var-environment=${field("Environment")}` +
    "&${page:queryparam}&${__url_time_range}",
};

/** The systems of the row's check. */
export const toSystems = {
  title: "Show the systems",
  url: "/d/readiness-system?${datasource:queryparam}&${system:queryparam}&${environment:queryparam}&${page:queryparam}&${__url_time_range}",
};

/** The exporter's page on the row's check. */
export const toPage = { title: "Open the page of the check", url: `\${page}/systems/${path}/checks/${field("Check")}`, elsewhere: true };

/** The address that the cell holds. */
export const toRunbook = { title: "Open the runbook", url: "${__value.raw}", elsewhere: true };

// Writes the dashboards into the folder that is named, or beside the generator.
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { access } from "./access.js";
import { backups } from "./backups.js";
import { certificates } from "./certificates.js";
import { endpoints } from "./endpoints.js";
import { exporter } from "./exporter.js";
import { hosts } from "./hosts.js";
import { overview } from "./overview.js";
import { slo } from "./slo.js";
import { system } from "./system.js";
import { workloads } from "./workloads.js";

const folder = process.argv[2] ? resolve(process.argv[2]) : join(__dirname, "../..");

for (const name of readdirSync(folder)) if (name.endsWith(".json")) rmSync(join(folder, name));
for (const board of [overview, system, endpoints, certificates, access, backups, workloads, hosts, slo, exporter]) {
  writeFileSync(join(folder, `${board.uid}.json`), JSON.stringify(board, null, 2) + "\n");
}

// Writes the dashboards, and what they were made from: a test compares that with the sources, without Node.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { backups } from "./backups.js";
import { certificates } from "./certificates.js";
import { exporter } from "./exporter.js";
import { hosts } from "./hosts.js";
import { overview } from "./overview.js";
import { slo } from "./slo.js";
import { system } from "./system.js";
import { workloads } from "./workloads.js";

const generator = join(__dirname, "..");
const folder = join(generator, "..");

for (const name of readdirSync(folder)) if (name.endsWith(".json")) rmSync(join(folder, name));
const boards = [overview, system, certificates, backups, workloads, hosts, slo, exporter];
for (const board of boards) writeFileSync(join(folder, `${board.uid}.json`), JSON.stringify(board, null, 2) + "\n");

const files = [
  ...readdirSync(join(generator, "src")).map((name) => `generator/src/${name}`),
  ...["package.json", "package-lock.json", "tsconfig.json"].map((name) => `generator/${name}`),
  ...boards.map((board) => `${board.uid}.json`),
].sort();
const sum = (file: string) => createHash("sha256").update(readFileSync(join(folder, file))).digest("hex");
writeFileSync(join(folder, "generated.sha256"), files.map((file) => `${sum(file)}  ${file}\n`).join(""));

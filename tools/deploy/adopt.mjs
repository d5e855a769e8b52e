// Copies the settings of a worker that was deployed before deploy/ENV.toml existed into that file. Otherwise the next
// deployment would remove them.
import { readFileSync, writeFileSync } from "node:fs";
import { stringify } from "smol-toml";
import { say } from "./terminal.mjs";

export async function adopt(deployment, before, standing) {
  const domain = await standing.domainOf(deployment.name);
  const text = readFileSync(deployment.file, "utf8");
  const tables = stringify(before.settings);
  const named = domain === undefined ? text : text.replace(/^name = .*$/m, `$&\ndomain = "${domain}"`);
  if (named === text && Object.keys(before.settings).length === 0) return;
  writeFileSync(deployment.file, `${named}\n# Copied from the deployed worker when this file was created.\n${tables}`);
  const copied = Object.keys(before.settings).join(", ") || "the domain";
  say(`copied the deployed settings into ${deployment.file}: ${copied}`);
}

// Takes the settings of a worker that was deployed without a file of its own into deploy/ENV.toml, so that the next
// deployment doesn't remove them.
import { readFileSync, writeFileSync } from "node:fs";
import { stringify } from "smol-toml";
import { say } from "./terminal.mjs";

export async function adopt(deployment, before, standing) {
  const domain = await standing.domainOf(deployment.name);
  const text = readFileSync(deployment.file, "utf8");
  const tables = stringify(before.settings);
  const named = domain === undefined ? text : text.replace(/^name = .*$/m, `$&\ndomain = "${domain}"`);
  if (named === text && Object.keys(before.settings).length === 0) return;
  writeFileSync(deployment.file, `${named}\n# What was deployed before this file was made.\n${tables}`);
  say(`took the settings that are deployed into ${deployment.file}: ${Object.keys(before.settings).join(", ") || "the domain"}`);
}

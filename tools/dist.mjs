// Builds the worker and bundles it into dist/, as wrangler would upload it, beside what plain workerd needs to run it.
import { rmSync } from "node:fs";
import "./build.mjs";
import { runWrangler } from "./deploy/wrangler.mjs";
import { writeManualConfig } from "./workerd/config.mjs";

rmSync("dist", { recursive: true, force: true });
const { status, stdout, stderr } = await runWrangler(["deploy", "--dry-run", "--outdir", "dist"]);
if (status !== 0) {
  console.error(`vestibule: wrangler can't bundle the worker\n${stdout}\n${stderr}`);
  process.exit(1);
}
writeManualConfig();

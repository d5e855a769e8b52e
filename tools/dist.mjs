// Builds the worker and bundles it into dist/, as wrangler would upload it, beside what plain workerd needs to run it.
import { rmSync } from "node:fs";
import { isQuick } from "./build.mjs";
import { runWrangler } from "./deploy/wrangler.mjs";
import { writeManualConfig } from "./workerd/config.mjs";

if (isQuick) {
  console.error("vestibule: BUILD=quick is for make dev: only an optimized build can be bundled");
  process.exit(1);
}
rmSync("dist", { recursive: true, force: true });
const { status, stdout, stderr } = await runWrangler(["deploy", "--dry-run", "--outdir", "dist"]);
if (status !== 0) {
  console.error(`vestibule: wrangler can't bundle the worker\n${stdout}\n${stderr}`);
  process.exit(1);
}
writeManualConfig();

// Builds the worker: compiles Rust to wasm, generates the bindings and optimizes the result. `wrangler` runs this
// itself (wrangler.toml). It does nothing if nothing has changed.
import { createHash } from "node:crypto";
import {
  existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { budget, bundleSize } from "./bundle.mjs";
import { kib } from "./compressed.mjs";
import { bind, compile, optimise } from "./wasm.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const output = "build";
const optimised = path.join(output, "vestibule_bg.wasm");
const stamp = path.join(output, "stamp");

const compiled = compile("vestibule");

// The optimizer takes a minute, so it runs only on input that has changed.
const hash = createHash("sha256")
  .update(readFileSync(compiled))
  .update(readFileSync("Cargo.lock"))
  .update(readFileSync("tools/wasm.mjs"))
  .update(readFileSync("src/edge/platform.js"))
  .digest("hex");
const current = existsSync(optimised) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
if (!current) {
  // Cargo waits for another cargo in this folder; the steps after it don't. So each process works in a folder of its own
  // and moves the files one by one: another `make dev` or test never finds half a build.
  const own = mkdtempSync(path.join("target", "build-"));
  bind(compiled, own);
  optimise(path.join(own, path.basename(optimised)));
  rmSync(stamp, { force: true });
  for (const entry of readdirSync(own, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const place = path.join(output, path.relative(own, file));
    mkdirSync(path.dirname(place), { recursive: true });
    renameSync(file, place);
  }
  rmSync(own, { recursive: true });
  writeFileSync(stamp, hash);
}

const total = bundleSize();
console.log(`vestibule: bundle ${kib(total)} KiB compressed (budget ${budget.bundle_kib})`);

const start = performance.now();
new WebAssembly.Module(readFileSync(optimised));
console.log(`vestibule: compiles in ${(performance.now() - start).toFixed(0)} ms here (limit 1000 ms)`);
if (kib(total) > budget.bundle_kib) {
  console.error("vestibule: the bundle is over its budget");
  process.exit(1);
}

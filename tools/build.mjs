// Builds the worker: compiles Rust to wasm, generates the bindings, optimizes the result, and puts it beside the
// worker's JavaScript into build/. `wrangler` runs this itself (wrangler.toml). It does nothing if nothing has changed.
//
// With BUILD=quick nothing is optimized, so that a change is compiled in seconds; the result is in build/quick/.
// `make dev` builds like this.
import { createHash } from "node:crypto";
import {
  copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { budget, bundleSize } from "./bundle.mjs";
import { kib } from "./compressed.mjs";
import { bind, compile, optimise, wasmOf } from "./wasm.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

export const isQuick = process.env.BUILD === "quick";
const output = isQuick ? "build/quick" : "build";
const modules = path.join("target", isQuick ? "modules-quick" : "modules");
const stamp = path.join(modules, "stamp");

const MAIN = "vestibule-worker";
const ON_DEMAND = "vestibule-on-demand";
const compiled = isQuick
  ? compile([MAIN, ON_DEMAND], "quick")
  : [...compile([MAIN], "release"), ...compile([ON_DEMAND], "small")];

// The optimizer takes a minute, so it runs only on input that has changed.
const digest = createHash("sha256");
for (const input of [...compiled, "Cargo.lock", "tools/wasm.mjs"]) digest.update(readFileSync(input));
const hash = digest.digest("hex");
// Cargo waits for another cargo in this folder; the steps after it don't. So each process works in a folder of its own
// and moves the files one by one: another `make dev` or test never finds half a build.
const own = mkdtempSync(path.join("target", "build-"));

// Moves what is in `own` into a folder, except for what the folder has already: `wrangler dev` watches build/.
function moveInto(folder) {
  for (const entry of readdirSync(own, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const place = path.join(folder, path.relative(own, file));
    if (existsSync(place) && readFileSync(place).equals(readFileSync(file))) continue;
    mkdirSync(path.dirname(place), { recursive: true });
    renameSync(file, place);
  }
}

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== hash) {
  bind(compiled, own);
  if (!isQuick) {
    optimise(path.join(own, wasmOf(MAIN)), "-O3");
    optimise(path.join(own, wasmOf(ON_DEMAND)), "-Oz");
  }
  rmSync(stamp, { force: true });
  moveInto(modules);
  writeFileSync(stamp, hash);
}

cpSync(modules, own, { recursive: true });
const edge = "crates/edge/src";
for (const name of readdirSync(edge)) if (name.endsWith(".js")) copyFileSync(path.join(edge, name), path.join(own, name));
const current = new Set(readdirSync(own));
moveInto(output);
rmSync(own, { recursive: true });
// What an earlier build had.
for (const entry of readdirSync(output, { withFileTypes: true })) {
  if (entry.isFile() && !current.has(entry.name)) rmSync(path.join(output, entry.name));
}
if (!isQuick) report();

function report() {
  const total = bundleSize();
  console.log(`vestibule: bundle ${kib(total)} KiB compressed (budget ${budget.bundle_kib})`);

  const start = performance.now();
  new WebAssembly.Module(readFileSync(path.join(output, wasmOf(MAIN))));
  console.log(`vestibule: the main module compiles in ${(performance.now() - start).toFixed(0)} ms here (limit 1000 ms)`);
  if (kib(total) > budget.bundle_kib) {
    console.error("vestibule: the bundle is over its budget");
    process.exit(1);
  }
}

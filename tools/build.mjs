// Builds the worker: compiles Rust to wasm, generates the bindings, optimizes the result, and puts it beside the
// worker's JavaScript into build/. `wrangler` runs this itself (wrangler.toml). It does nothing if nothing has changed.
//
// With BUILD=quick nothing is optimized, so that a change is compiled in seconds; the result is in build/quick/.
// `make dev` builds like this.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { budget, bundleSize } from "./bundle.mjs";
import { kib } from "./compressed.mjs";
import { bind, compile, optimise } from "./wasm.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const isQuick = process.env.BUILD === "quick";
const output = isQuick ? "build/quick" : "build";
const modules = path.join("target", isQuick ? "modules-quick" : "modules");
const stamp = path.join(modules, "stamp");

const compiled = compile(["vestibule-worker", "vestibule-on-demand"], isQuick ? "quick" : "release");

// The optimizer takes a minute, so it runs only on input that has changed.
const digest = createHash("sha256");
for (const input of [...compiled, "Cargo.lock", "tools/wasm.mjs"]) digest.update(readFileSync(input));
const hash = digest.digest("hex");
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== hash) {
  rmSync(modules, { recursive: true, force: true });
  mkdirSync(modules, { recursive: true });
  bind(compiled, modules);
  const wasm = readdirSync(modules).filter((file) => file.endsWith(".wasm"));
  if (!isQuick) for (const file of wasm) optimise(path.join(modules, file));
  writeFileSync(stamp, hash);
}

// Writes only what has changed: `wrangler dev` watches these files and would find some of them missing.
function update(from, to) {
  if (statSync(from).isDirectory()) {
    mkdirSync(to, { recursive: true });
    for (const name of readdirSync(from)) update(path.join(from, name), path.join(to, name));
    return;
  }
  const content = readFileSync(from);
  if (!existsSync(to) || !readFileSync(to).equals(content)) writeFileSync(to, content);
}
update(modules, output);
const edge = "crates/edge/src";
const scripts = readdirSync(edge).filter((name) => name.endsWith(".js"));
for (const name of scripts) update(path.join(edge, name), path.join(output, name));
// What an earlier build had.
const current = new Set([...readdirSync(modules), ...scripts]);
for (const entry of readdirSync(output, { withFileTypes: true })) {
  if (entry.isFile() && !current.has(entry.name)) rmSync(path.join(output, entry.name));
}
if (isQuick) process.exit(0);

const total = bundleSize();
console.log(`vestibule: bundle ${kib(total)} KiB compressed (budget ${budget.bundle_kib})`);

const start = performance.now();
new WebAssembly.Module(readFileSync(path.join(output, "vestibule_worker_bg.wasm")));
console.log(`vestibule: the main module compiles in ${(performance.now() - start).toFixed(0)} ms here (limit 1000 ms)`);
if (kib(total) > budget.bundle_kib) {
  console.error("vestibule: the bundle is over its budget");
  process.exit(1);
}

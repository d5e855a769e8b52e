// Builds the worker: Rust to wasm, the bindings around it, and the optimiser over both.
// `wrangler` calls this by itself (wrangler.toml); it does nothing where nothing has changed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const output = "build";
const optimised = path.join(output, "vestibule_bg.wasm");
const stamp = path.join(output, "stamp");
const compiled = "target/wasm32-unknown-unknown/release/vestibule.wasm";
// Cloudflare's limit is on the compressed size; the budget is a third of it.
const BUDGET = 1024 * 1024;

// What rustc and the bindings use, and nothing that workerd may not know.
const features = [
  "bulk-memory", "bulk-memory-opt", "call-indirect-overlong", "multivalue", "mutable-globals",
  "nontrapping-float-to-int", "reference-types", "sign-ext",
].map((feature) => `--enable-${feature}`);

function run(what, command, args) {
  console.log(`vestibule: ${what}`);
  const result = spawnSync(command, args, { stdio: "inherit" });
  if (result.error || result.status !== 0) {
    console.error(`vestibule: ${what} failed (${command} ${args.join(" ")})`);
    process.exit(result.status || 1);
  }
}

run("compiling to wasm", "cargo", [
  "build", "--release", "--locked", "--lib", "--target", "wasm32-unknown-unknown",
]);

// The optimiser takes a minute, so it runs only over what it has not seen.
const hash = createHash("sha256")
  .update(readFileSync(compiled))
  .update(readFileSync("Cargo.lock"))
  .update(readFileSync("tools/build.mjs"))
  .update(readFileSync("src/edge/platform.js"))
  .digest("hex");
const current = existsSync(optimised) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
if (!current) {
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output);
  run("writing the bindings", "cargo", [
    "run", "--quiet", "--release", "--locked", "-p", "bindgen", "--", compiled, output,
  ]);
  const wasmOpt = path.join(
    path.dirname(createRequire(import.meta.url).resolve("binaryen/package.json")), "bin", "wasm-opt",
  );
  run("optimising", process.execPath, [
    wasmOpt, "-O3", ...features, optimised, "-o", optimised,
  ]);
  writeFileSync(stamp, hash);
}

const files = [optimised, path.join(output, "vestibule.js"), "src/edge/entry.js", "src/edge/platform.js"];
const sizes = files.map((file) => gzipSync(readFileSync(file), { level: 9 }).length);
const total = sizes.reduce((sum, size) => sum + size, 0);
const kib = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`;
console.log(`vestibule: bundle ${kib(total)} compressed (budget ${kib(BUDGET)})`);

const start = performance.now();
new WebAssembly.Module(readFileSync(optimised));
console.log(`vestibule: compiles in ${(performance.now() - start).toFixed(0)} ms here (limit 1000 ms)`);
if (total > BUDGET) {
  console.error("vestibule: the bundle is over its budget");
  process.exit(1);
}

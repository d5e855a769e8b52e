// Compiles Rust to wasm, generates the bindings, and optimizes the result.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import path from "node:path";

// The wasm features that rustc and the bindings use. All of them are supported by workerd.
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

// Panic messages contain the paths of source files. These flags remove the folders of the machine that built the
// bundle.
function remappedPaths() {
  const registry = path.join(process.env.CARGO_HOME ?? path.join(homedir(), ".cargo"), "registry", "src");
  const flags = [[registry, "registry"], [process.cwd(), "vestibule"]].map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  return `target.wasm32-unknown-unknown.rustflags=${JSON.stringify(flags)}`;
}

// Compiles crates to wasm. Returns the path of each one's output. `profile` is one of Cargo.toml's.
export function compile(crates, profile = "release") {
  run(`compiling ${crates.join(" and ")} to wasm`, "cargo", [
    "--config", remappedPaths(), "build", "--profile", profile, "--locked", ...crates.flatMap((crate) => ["-p", crate]),
    "--target", "wasm32-unknown-unknown",
  ]);
  return crates.map((crate) => `target/wasm32-unknown-unknown/${profile}/${crate.replaceAll("-", "_")}.wasm`);
}

// Writes NAME.js and NAME_bg.wasm for each NAME.wasm into the folder.
export function bind(compiled, folder) {
  run("writing the bindings", "cargo", [
    "run", "--quiet", "--release", "--locked", "-p", "bindgen", "--", folder, ...compiled,
  ]);
}

// The file that `bind` writes for a crate.
export const wasmOf = (crate) => `${crate.replaceAll("-", "_")}_bg.wasm`;

// Optimizes the file in place, for speed (`-O3`) or size (`-Oz`). `-g` keeps the names of functions.
export function optimise(wasm, ...more) {
  const binaryen = path.dirname(createRequire(import.meta.url).resolve("binaryen/package.json"));
  run(`optimising ${path.basename(wasm)}`, process.execPath, [path.join(binaryen, "bin", "wasm-opt"), ...more, ...features, wasm, "-o", wasm]);
}

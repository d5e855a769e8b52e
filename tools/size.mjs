// `make size`: measures the bundle, its main module by crate, and a cold start by path compared with an empty Rust
// worker. Writes docs/size.md with WRITE=1, and fails if a value is over tools/budget.json. BUNDLE=folder measures the
// start of another build instead.
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { budget, bundleSize } from "./bundle.mjs";
import { compressed, kib } from "./compressed.mjs";
import { coldStarts } from "./cold_start.mjs";
import { given } from "./given.mjs";
import { writeMarked } from "./marked.mjs";
import { bind, compile, optimise, wasmOf } from "./wasm.mjs";

const root = path.dirname(import.meta.dirname);
process.chdir(root);
const { WRITE, BUNDLE } = given();

// Parses a LEB128 number.
function number(bytes, at) {
  let [value, shift] = [0, 0];
  for (;;) {
    const byte = bytes[at];
    at += 1;
    value += (byte & 127) * 2 ** shift;
    shift += 7;
    if (byte < 128) return [value, at];
  }
}

// The sections of a module: [id, bytes].
function* sections(bytes) {
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at];
    const [size, begin] = number(bytes, at + 1);
    yield [id, bytes.subarray(begin, begin + size)];
    at = begin + size;
  }
}

function importedFunctions(section) {
  let [count, at] = number(section, 0);
  let functions = 0;
  const skipName = () => {
    const [length, begin] = number(section, at);
    at = begin + length;
  };
  for (; count > 0; count -= 1) {
    skipName();
    skipName();
    const kind = section[at];
    at += 1;
    if (kind !== 0) throw new Error("only functions are imported");
    functions += 1;
    [, at] = number(section, at);
  }
  return functions;
}

function functionNames(section) {
  const names = new Map();
  const [length, begin] = number(section, 0);
  if (section.subarray(begin, begin + length).toString() !== "name") return names;
  for (let at = begin + length; at < section.length; ) {
    const id = section[at];
    const [size, inner] = number(section, at + 1);
    at = inner + size;
    if (id !== 1) continue;
    let [count, next] = number(section, inner);
    for (; count > 0; count -= 1) {
      const [index, afterIndex] = number(section, next);
      const [long, text] = number(section, afterIndex);
      names.set(index, section.subarray(text, text + long).toString());
      next = text + long;
    }
  }
  return names;
}

// The code by crate: [crate, code]. A function counts for the first crate that its name mentions; those of this crate
// are also split by room.
function byCrate(wasm) {
  let [imported, bodies, names, data] = [0, [], new Map(), Buffer.alloc(0)];
  for (const [id, section] of sections(wasm)) {
    if (id === 2) imported = importedFunctions(section);
    if (id === 11) data = section;
    if (id === 0) names = new Map([...names, ...functionNames(section)]);
    if (id !== 10) continue;
    let [count, at] = number(section, 0);
    for (; count > 0; count -= 1) {
      const [size, begin] = number(section, at);
      bodies.push(section.subarray(begin, begin + size));
      at = begin + size;
    }
  }
  const crates = new Map([["constants", [data]]]);
  bodies.forEach((body, index) => {
    const name = names.get(index + imported) ?? "";
    const [, crate = "other", room] = name.match(/(?:^|[<&\s*(])([a-z_0-9]+)::([a-z_0-9]+)?/) ?? [];
    const key = crate === "vestibule" && room ? `vestibule, ${room}` : crate;
    crates.set(key, [...(crates.get(key) ?? []), body]);
  });
  return [...crates].map(([crate, parts]) => [crate, Buffer.concat(parts)]);
}

const folder = "target/size";
const empty = path.join(folder, "empty");
rmSync(folder, { recursive: true, force: true });
mkdirSync(empty, { recursive: true });

const MODULES = { main: "vestibule-worker", "on demand": "vestibule-on-demand" };
bind(compile([MODULES.main]), folder);

const modules = Object.entries(MODULES).map(([name, crate]) => {
  const wasm = readFileSync(path.join("build", wasmOf(crate)));
  return `| ${name} | ${kib(compressed(wasm))} | ${kib(wasm.length)} |`;
});
const named = path.join(folder, wasmOf(MODULES.main));
optimise(named, "-O3", "-g");
const rows = byCrate(readFileSync(named))
  .map(([crate, code]) => ({ crate, raw: code.length, small: compressed(code) }))
  .sort((a, b) => b.small - a.small);
const [large, rest] = [rows.filter(({ small }) => small >= 5 * 1024), rows.filter(({ small }) => small < 5 * 1024)];
const sum = (list, field) => list.reduce((total, row) => total + row[field], 0);
const shown = [...large, { crate: `${rest.length} others`, raw: sum(rest, "raw"), small: sum(rest, "small") }];
const parts = shown.map(({ crate, raw, small }) => `| ${crate} | ${kib(small)} | ${kib(raw)} |`);

bind(compile(["empty"]), empty);
optimise(path.join(empty, "empty_bg.wasm"), "-O3");
copyFileSync("tools/empty/entry.js", path.join(empty, "entry.js"));
// The first is held to the budget.
const PATHS = ["/sign-in", "/.well-known/openid-configuration", "/account", "/developers"];
const starts = await coldStarts(empty, PATHS, BUNDLE);
const total = kib(bundleSize());
const against = (took) => (took / starts.empty).toFixed(2);
const times = starts.paths.map(({ name, took }) => `| \`${name}\` | ${took.toFixed(0)} | ${against(took)} |`);
const ratio = against(starts.paths[0].took);

const text = [
  `The bundle is ${total} KiB compressed (budget ${budget.bundle_kib}).`,
  "",
  "| wasm module | KiB compressed | KiB |",
  "|---|---:|---:|",
  ...modules,
  "",
  `From the start of the process to the first answer an empty Rust worker takes ${starts.empty.toFixed(0)} ms. Vestibule, by the ` +
    `path that is asked for (budget ${budget.cold_start_ratio} times for \`/sign-in\`):`,
  "",
  "| path | ms | times |",
  "|---|---:|---:|",
  ...times,
  "",
  "The main module, by crate:",
  "",
  "| part | KiB compressed, by itself | KiB |",
  "|---|---:|---:|",
  ...parts,
].join("\n");
console.log(text);

if (WRITE) writeMarked("docs/size.md", "measured", text);
if (total > budget.bundle_kib || ratio > budget.cold_start_ratio) {
  console.error("vestibule: over the budget (tools/budget.json)");
  process.exit(1);
}
process.exit(0);

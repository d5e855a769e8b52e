// `make coverage`: which lines of src/ the native tests run, as a table by folder. Installs cargo-llvm-cov and the
// compiler's own LLVM tools once. A page for each file is in target/llvm-cov/html/.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const root = path.dirname(import.meta.dirname);
process.chdir(root);

const version = "0.9.1";
const tool = path.resolve(".cache", `cargo-llvm-cov-${version}`);

function stop(text) {
  console.error(`vestibule: ${text}`);
  process.exit(1);
}
const run = (command, args, options = {}) => spawnSync(command, args, { stdio: "inherit", ...options }).status === 0;

// The file of the toolchain would be installed for another one if rustup ran in another folder.
if (!run("rustup", ["component", "add", "llvm-tools"], { stdio: "ignore" })) {
  stop("cannot add the component llvm-tools with rustup");
}
if (!existsSync(path.join(tool, "bin", "cargo-llvm-cov"))) {
  console.log(`vestibule: installing cargo-llvm-cov ${version} (a minute)`);
  const install = ["install", "cargo-llvm-cov", "--version", version, "--locked", "--root", tool];
  if (!run("cargo", install)) stop("cannot install cargo-llvm-cov");
}

const env = { ...process.env, PATH: `${path.join(tool, "bin")}:${process.env.PATH}` };
const cover = (...args) => run("cargo", ["llvm-cov", ...args], { env });
const report = path.join("target", "coverage.json");
if (!cover("--locked", "--no-report", "--test", "native")) stop("a native test failed");
if (!cover("report", "--json", "--summary-only", "--output-path", report)) stop("cannot report");
if (!cover("report", "--html")) stop("cannot write the pages");

// The folders of src/ and those within them: `domain` is too large for one line.
const folders = new Map();
for (const { filename, summary } of JSON.parse(readFileSync(report, "utf8")).data[0].files) {
  const parts = path.relative(path.join(root, "src"), filename).split(path.sep);
  if (parts[0] === "..") continue;
  const inner = parts.slice(0, -1);
  for (const folder of new Set(["all", inner[0] ?? parts[0], inner.slice(0, 2).join("/") || parts[0]])) {
    const sum = folders.get(folder) ?? { files: 0, lines: 0, run: 0, functions: 0, called: 0 };
    sum.files += 1;
    sum.lines += summary.lines.count;
    sum.run += summary.lines.covered;
    sum.functions += summary.functions.count;
    sum.called += summary.functions.covered;
    folders.set(folder, sum);
  }
}
const share = (part, whole) => `${((100 * part) / Math.max(whole, 1)).toFixed(1)} %`;
const row = (...cells) => console.log(cells.map((cell, i) => (i ? `${cell}`.padStart(11) : cell.padEnd(32))).join(""));
row("folder of src", "files", "lines", "run", "functions", "called");
for (const [folder, sum] of [...folders].sort(([a], [b]) => (a === "all") - (b === "all") || (a < b ? -1 : 1))) {
  row(folder, sum.files, sum.lines, share(sum.run, sum.lines), sum.functions, share(sum.called, sum.functions));
}

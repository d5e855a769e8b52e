// `make fuzz`: runs the targets of tests/fuzz/ under libFuzzer, each for SECONDS (60), or only TARGET. Installs its
// nightly toolchain and cargo-fuzz once; the project itself builds on stable. What libFuzzer learns is kept in
// .cache/fuzz/, and an input that breaks a property in tests/fuzz/artifacts/.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { given } from "./given.mjs";

const root = path.dirname(import.meta.dirname);
process.chdir(root);

// Newer ones may stop to build the crates that are locked.
const nightly = "nightly-2026-05-20";
const version = "0.13.1";
const tool = path.resolve(".cache", `cargo-fuzz-${version}`);

const { SECONDS = "60", TARGET } = given();
const targets = readdirSync("tests/fuzz/seeds").sort();
if (!/^[1-9][0-9]*$/.test(SECONDS)) stop(`SECONDS=${SECONDS} is no number of seconds`);
if (TARGET && !targets.includes(TARGET)) stop(`there is no target ${TARGET}; there are: ${targets.join(", ")}`);

function stop(text) {
  console.error(`vestibule: ${text}`);
  process.exit(1);
}
const run = (command, args, options = {}) => spawnSync(command, args, { stdio: "inherit", ...options }).status === 0;
const quiet = { stdio: "ignore" };

if (!run("rustup", ["run", nightly, "rustc", "--version"], quiet)) {
  console.log(`vestibule: installing ${nightly} (a minute)`);
  const install = ["toolchain", "install", nightly, "--profile", "minimal", "--no-self-update"];
  if (!run("rustup", install)) stop(`cannot install ${nightly} with rustup`);
}
if (!existsSync(path.join(tool, "bin", "cargo-fuzz"))) {
  console.log(`vestibule: installing cargo-fuzz ${version} (a minute)`);
  const install = ["install", "cargo-fuzz", "--version", version, "--locked", "--root", tool];
  if (!run("cargo", install)) stop("cannot install cargo-fuzz");
}

// Cargo run by rustup finds cargo-fuzz on PATH.
const env = { ...process.env, PATH: `${path.join(tool, "bin")}:${process.env.PATH}` };
const fuzz = (...args) => {
  const common = ["--fuzz-dir", "tests/fuzz", "--target-dir", "target/fuzz"];
  return run("rustup", ["run", nightly, "cargo", "fuzz", args[0], ...common, ...args.slice(1)], { env });
};

const broken = [];
for (const target of TARGET ? [TARGET] : targets) {
  const learnt = path.join(".cache", "fuzz", target);
  mkdirSync(learnt, { recursive: true });
  const options = [`-max_total_time=${SECONDS}`, "-timeout=10", "-print_final_stats=1", "-verbosity=0"];
  console.log(`vestibule: ${target}, for ${SECONDS} seconds`);
  if (!fuzz("run", target, learnt, `tests/fuzz/seeds/${target}`, "--", ...options)) broken.push(target);
}
if (broken.length > 0) stop(`a property doesn't hold: ${broken.join(", ")} (the inputs are in tests/fuzz/artifacts)`);

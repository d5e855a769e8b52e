// The lock file is complete for the npm of Node 22 and for the newest one: it has the optional packages of every
// platform.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { root } from "../../tools/workerd/config.mjs";

for (const version of ["10.9.4", "11.19.1"]) {
  test(`npm ${version} installs from the lock file`, () => {
    const folder = mkdtempSync(path.join(tmpdir(), "npm-"));
    for (const file of ["package.json", "package-lock.json"]) cpSync(path.join(root, file), path.join(folder, file));
    execFileSync("npm", ["exec", "--yes", `--package=npm@${version}`, "--", "npm", "ci", "--dry-run"], { cwd: folder, stdio: "pipe" });
    rmSync(folder, { recursive: true });
  });
}

test("the lock file names workerd for every platform", () => {
  const { packages } = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));
  const wanted = Object.keys(packages["node_modules/workerd"].optionalDependencies);
  assert.deepEqual(wanted.filter((name) => packages[`node_modules/${name}`] === undefined), []);
});

test("the version of the package is that of the crate", () => {
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  assert.equal(readFileSync(path.join(root, "Cargo.toml"), "utf8").match(/^version = "(.*)"$/m)[1], version);
});

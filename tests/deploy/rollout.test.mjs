// A gradual rollout, and wrangler without `make deploy`.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { root } from "../../tools/workerd/config.mjs";
import { newDeployment, nothingWasLost, withUser } from "./support.mjs";

const deployment = await newDeployment();
after(() => deployment.end());
const user = await withUser(deployment);
const { cloudflare } = deployment;

test("a deployment stops during a gradual rollout and leaves it as it is", async () => {
  const [old] = deployment.worker.deployment.versions;
  const uploaded = await deployment.wrangler(["versions", "upload", "--config", "deploy/production/wrangler.jsonc"]);
  assert.equal(uploaded.code, 0, uploaded.stdout + uploaded.stderr);
  const next = deployment.worker.latest.id;
  await deployment.wrangler(["versions", "deploy", `${old.version_id}@90%`, `${next}@10%`, "--name", "vestibule", "--yes"]);
  assert.equal(deployment.worker.deployment.versions.length, 2);
  const { said } = await deployment.refused(/a gradual rollout is under way/);
  assert.match(said, new RegExp(`90% +${old.version_id}`));
  assert.equal(deployment.worker.deployment.versions.length, 2);
  await nothingWasLost(user);
  await deployment.wrangler(["versions", "deploy", `${next}@100%`, "--name", "vestibule", "--yes"]);
  await deployment.deployed();
  await nothingWasLost(user);
});

test("plain `wrangler deploy` refuses to create a worker without a secret", async () => {
  const folder = deployment.path("clone");
  const { cpSync, mkdirSync } = await import("node:fs");
  mkdirSync(folder);
  // The configuration of a clone, with the bundle instead of the sources.
  const configuration = readFileSync(path.join(root, "wrangler.toml"), "utf8");
  cpSync(path.join(root, "dist"), path.join(folder, "dist"), { recursive: true });
  const main = 'main = "dist/entry.js"\nno_bundle = true\nfind_additional_modules = true\nbase_dir = "dist"\nrules = [{ type = "CompiledWasm", globs = ["**/*.wasm"] }]';
  writeFileSync(path.join(folder, "wrangler.toml"), configuration.replace(/^main = .*$/m, main).replace(/^\[build\]\n(?:.+\n)+/m, "").replace(/^name = .*$/m, 'name = "vestibule-alone"'));
  const { code, stdout, stderr } = await deployment.wrangler(["deploy"], { cwd: folder });
  assert.equal(code, 1, stdout + stderr);
  assert.match(stdout + stderr, /required secrets have not been set: VESTIBULE_SECRET/);
  assert.equal(cloudflare.account.script("vestibule-alone"), undefined);
});

test("every request is one that the double implements", () => cloudflare.check());

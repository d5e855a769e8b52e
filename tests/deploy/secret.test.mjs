// No deployment replaces the VESTIBULE_SECRET that seals the keys, whatever goes wrong.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { newDeployment, nothingWasLost, withUser } from "./support.mjs";

const deployment = await newDeployment();
after(() => deployment.end());
const user = await withUser(deployment);
const { cloudflare } = deployment;
const secret = deployment.worker.secret("VESTIBULE_SECRET");

test("a 404 with code 7003 doesn't count as a missing worker", async () => {
  cloudflare.fail({ method: "GET", path: /\/secrets$/, status: 404, code: 7003, message: "Could not route" });
  await deployment.refused(/7003/);
  await nothingWasLost(user);
});

test("a worker counts as missing only if two requests agree", async () => {
  cloudflare.fail({ method: "GET", path: /\/secrets$/, status: 404, code: 10007, message: "This Worker does not exist" });
  await deployment.refused(/contradictory answers on whether the worker exists/);
  await nothingWasLost(user);
});

test("a secret in the file of settings or on the command line is refused", async () => {
  await deployment.refused(/VESTIBULE_SECRET is a secret/, ["VESTIBULE_SECRET=0123456789012345678901234567890123456789"]);
  const settings = deployment.read("deploy/production.toml");
  deployment.configure('VESTIBULE_SECRET = "0123456789012345678901234567890123456789"');
  await deployment.refused(/VESTIBULE_SECRET is a secret/);
  deployment.write("deploy/production.toml", settings);
});

test("SECRET= is refused for a worker that has a secret", async () => {
  deployment.write("other", "an-other-secret-of-at-least-32-characters\n");
  await deployment.refused(/SECRET= doesn't replace/, ["SECRET=other"]);
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), secret);
});

test("a machine without a copy of the secret can deploy, and leaves the secret as it is", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "deployment-"));
  await deployment.deployed([], { folder, env: { CI: "true" } });
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), secret);
  await nothingWasLost(user);
  rmSync(folder, { recursive: true });
});

test("after `wrangler secret delete` the copy restores the secret, but only on request", async () => {
  await deployment.wrangler(["secret", "delete", "VESTIBULE_SECRET", "--name", "vestibule"]);
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), undefined);
  await deployment.refused(/SECRET=deploy\/production\.secrets/);
  await deployment.deployed(["SECRET=deploy/production.secrets"]);
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), secret);
  await nothingWasLost(user);
});

test("after `wrangler secret delete`, `wrangler deploy` refuses, too", async () => {
  await deployment.wrangler(["secret", "delete", "VESTIBULE_SECRET", "--name", "vestibule"]);
  const { code, stdout, stderr } = await deployment.wrangler(["deploy", "--config", "deploy/production/wrangler.jsonc"]);
  assert.equal(code, 1);
  assert.match(stdout + stderr, /required secrets have not been set: VESTIBULE_SECRET/);
  await deployment.deployed(["SECRET=deploy/production.secrets"]);
});

test("the secret of another deployment can't replace one that is gone", async () => {
  await deployment.wrangler(["secret", "delete", "VESTIBULE_SECRET", "--name", "vestibule"]);
  deployment.write("other", "VESTIBULE_SECRET=an-other-secret-of-at-least-32-characters\n");
  await deployment.refused(/not the one that sealed/, ["SECRET=other"]);
  await deployment.deployed(["SECRET=deploy/production.secrets"]);
  await nothingWasLost(user);
});

test("a secret that was deployed as a plain setting becomes a secret with the same value", async () => {
  const { secrets, ...written } = JSON.parse(deployment.read("deploy/production/wrangler.jsonc").replace(/^\/\/.*/, ""));
  assert.deepEqual(secrets.required, ["VESTIBULE_SECRET"]);
  const plain = { ...written, vars: { ...written.vars, VESTIBULE_SECRET: secret } };
  deployment.write("deploy/production/plain.jsonc", JSON.stringify(plain));
  await deployment.wrangler(["deploy", "--config", "deploy/production/plain.jsonc"]);
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), undefined);
  const { said } = await deployment.deployed();
  assert.match(said, /VESTIBULE_SECRET was a plain setting/);
  assert.ok(!said.includes(secret));
  assert.ok(!deployment.read("deploy/production.toml").includes(secret));
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), secret);
  await nothingWasLost(user);
});

test("an upload whose answer is lost is found, and its secret is the one in the file", async () => {
  cloudflare.fail({ method: "PUT", path: /\/scripts\/vestibule-lost$/, after: "handled", lost: true, times: 1 });
  const { said } = await deployment.deployed(["ENV=lost"]);
  assert.match(said, /the version is deployed, but wrangler failed afterwards or its response was lost/);
  const [, copy] = deployment.read("deploy/lost.secrets").match(/VESTIBULE_SECRET=(.*)/);
  assert.equal(cloudflare.account.script("vestibule-lost").secret("VESTIBULE_SECRET"), copy);
});

test("of two simultaneous first deployments, one stops and the secret of the other stays", async () => {
  const folders = ["one", "two"].map((name) => {
    mkdirSync(deployment.path(name));
    return deployment.path(name);
  });
  const [one, two] = await Promise.all(folders.map((folder) => deployment.deploy(["ENV=twice"], { folder })));
  const worker = cloudflare.account.script("vestibule-twice");
  assert.equal([one, two].filter(({ code }) => code === 0).length, 1, one.said + two.said);
  assert.match(one.said + two.said, /somebody else has deployed the worker meanwhile/);
  const copies = ["one", "two"].map((name) => deployment.has(`${name}/deploy/twice.secrets`) && deployment.read(`${name}/deploy/twice.secrets`)).filter(Boolean);
  assert.equal(copies.length, 1);
  assert.ok(copies[0].includes(worker.secret("VESTIBULE_SECRET")));
  const again = one.code === 0 ? folders[1] : folders[0];
  await deployment.deployed(["ENV=twice"], { folder: again });
  assert.ok(copies[0].includes(worker.secret("VESTIBULE_SECRET")));
});

test("a first deployment in CI must be given the secret", async () => {
  await deployment.refused(/SECRET=FILE/, ["ENV=ci"], { env: { CI: "true" } });
  deployment.write("ci.secret", `${"0123456789abcdef".repeat(4)}\n`);
  await deployment.deployed(["ENV=ci", "SECRET=ci.secret"], { env: { CI: "true" } });
  assert.equal(cloudflare.account.script("vestibule-ci").secret("VESTIBULE_SECRET"), "0123456789abcdef".repeat(4));
});

test("every request is one that the double implements", () => cloudflare.check());

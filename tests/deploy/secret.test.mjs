// A secret that can't be lost: whatever goes wrong, no deployment puts another VESTIBULE_SECRET in the place of the one
// that seals the keys.
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

test("one 404 with code 7003 for the secrets of a living worker uploads nothing", async () => {
  cloudflare.fail({ method: "GET", path: /\/secrets$/, status: 404, code: 7003, message: "Could not route" });
  await deployment.refused(/7003/);
  await nothingWasLost(user);
});

test("one answer that the worker doesn't exist counts only if a second one agrees", async () => {
  cloudflare.fail({ method: "GET", path: /\/secrets$/, status: 404, code: 10007, message: "This Worker does not exist" });
  await deployment.refused(/both that the worker exists and that it doesn't/);
  await nothingWasLost(user);
});

test("a secret in the file of settings or on the command line is refused", async () => {
  await deployment.refused(/VESTIBULE_SECRET is a secret/, ["VESTIBULE_SECRET=0123456789012345678901234567890123456789"]);
  const settings = deployment.read("deploy/production.toml");
  deployment.configure('VESTIBULE_SECRET = "0123456789012345678901234567890123456789"');
  await deployment.refused(/VESTIBULE_SECRET is a secret/);
  deployment.write("deploy/production.toml", settings);
});

test("a secret that is given for a worker that has one is refused", async () => {
  deployment.write("other", "an-other-secret-of-at-least-32-characters\n");
  await deployment.refused(/isn't replaced/, ["SECRET=other"]);
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), secret);
});

test("another machine that has no copy deploys without a secret", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "deployment-"));
  await deployment.deployed([], { folder, env: { CI: "true" } });
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), secret);
  await nothingWasLost(user);
  rmSync(folder, { recursive: true });
});

test("after `wrangler secret delete` the copy puts the secret back, and only when it is asked to", async () => {
  await deployment.wrangler(["secret", "delete", "VESTIBULE_SECRET", "--name", "vestibule"]);
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), undefined);
  await deployment.refused(/SECRET=deploy\/production\.secrets/);
  await deployment.deployed(["SECRET=deploy/production.secrets"]);
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), secret);
  await nothingWasLost(user);
});

test("after `wrangler secret delete`, wrangler alone refuses to deploy", async () => {
  await deployment.wrangler(["secret", "delete", "VESTIBULE_SECRET", "--name", "vestibule"]);
  const { code, stdout, stderr } = await deployment.wrangler(["deploy", "--config", "deploy/production/wrangler.jsonc"]);
  assert.equal(code, 1);
  assert.match(stdout + stderr, /required secrets have not been set: VESTIBULE_SECRET/);
  await deployment.deployed(["SECRET=deploy/production.secrets"]);
});

test("a file with the secret of another deployment doesn't replace a secret that is gone", async () => {
  await deployment.wrangler(["secret", "delete", "VESTIBULE_SECRET", "--name", "vestibule"]);
  deployment.write("other", "VESTIBULE_SECRET=an-other-secret-of-at-least-32-characters\n");
  await deployment.refused(/not the one that sealed/, ["SECRET=other"]);
  await deployment.deployed(["SECRET=deploy/production.secrets"]);
  await nothingWasLost(user);
});

test("a secret that was deployed as a setting becomes a secret, and stays the same", async () => {
  const { secrets, ...written } = JSON.parse(deployment.read("deploy/production/wrangler.jsonc").replace(/^\/\/.*/, ""));
  assert.deepEqual(secrets.required, ["VESTIBULE_SECRET"]);
  const plain = { ...written, vars: { ...written.vars, VESTIBULE_SECRET: secret } };
  deployment.write("deploy/production/plain.jsonc", JSON.stringify(plain));
  await deployment.wrangler(["deploy", "--config", "deploy/production/plain.jsonc"]);
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), undefined);
  const { said } = await deployment.deployed();
  assert.match(said, /could read VESTIBULE_SECRET/);
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

test("of two first deployments at once, the second keeps the secret of the first", async () => {
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

test("a first deployment in CI needs the secret from outside", async () => {
  await deployment.refused(/SECRET=FILE/, ["ENV=ci"], { env: { CI: "true" } });
  deployment.write("ci.secret", `${"0123456789abcdef".repeat(4)}\n`);
  await deployment.deployed(["ENV=ci", "SECRET=ci.secret"], { env: { CI: "true" } });
  assert.equal(cloudflare.account.script("vestibule-ci").secret("VESTIBULE_SECRET"), "0123456789abcdef".repeat(4));
});

test("only what Cloudflare has was asked for", () => cloudflare.check());

// The first deployment and later ones.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { after, test } from "node:test";
import { ISSUER, newDeployment, nothingWasLost, withUser } from "./support.mjs";

const deployment = await newDeployment();
after(() => deployment.end());
const user = await withUser(deployment);

test("a first deployment uploads the worker and its secret in one request", () => {
  const [first, ...later] = deployment.cloudflare.requests.filter(({ method, path }) => method === "PUT" && /\/scripts\/vestibule$/.test(path));
  assert.equal(first.status, 200);
  assert.deepEqual(later, []);
  const [, secret] = deployment.read("deploy/production.secrets").match(/^VESTIBULE_SECRET=([0-9a-f]{64})$/m);
  assert.ok(first.contained(secret));
  const puts = deployment.cloudflare.requests.filter(({ method, path }) => method !== "GET" && path.endsWith("/secrets"));
  assert.deepEqual(puts, []);
});

test("only the owner can read the file with the secret", () => {
  assert.equal(statSync(deployment.path("deploy/production.secrets")).mode & 0o777, 0o600);
});

test("neither the output nor the written configuration contains a secret", async () => {
  const { said } = await deployment.deployed();
  const [, secret] = deployment.read("deploy/production.secrets").match(/VESTIBULE_SECRET=(.*)/);
  for (const text of [said, deployment.read("deploy/production/wrangler.jsonc")]) assert.ok(!text.includes(secret));
});

test("a second deployment reports no changes, keeps the secret and loses nothing", async () => {
  const secret = deployment.worker.secret("VESTIBULE_SECRET");
  const { said } = await deployment.deployed();
  assert.match(said, /settings: unchanged\n.*classes: unchanged/);
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), secret);
  await nothingWasLost(user);
});

test("a deployment lists the settings that change", async () => {
  const { said } = await deployment.deployed(["BRAND_NAME=Acme", "SIGN_UP=off"]);
  assert.match(said, /BRAND_NAME: its default -> "Acme"/);
  assert.match(said, /SIGN_UP: its default -> "off"/);
  assert.match(await (await fetch(`${ISSUER}/sign-in`)).text(), /Acme/);
});

test("the last step checks the issuer and leaves no client behind", async () => {
  const { said } = await deployment.deployed();
  assert.match(said, /metadata: .*\n.*keys: ES256 .*\n.*token: its signature verifies/);
  const [namespace] = deployment.cloudflare.account.kv.byTitle("vestibule-kv") ? [deployment.cloudflare.account.kv.byTitle("vestibule-kv")] : [];
  const { keys } = await namespace.list();
  assert.deepEqual(keys.filter(({ name }) => name.includes("deployment-check")), []);
});

test("wrangler can deploy with the written configuration", async () => {
  const { code, stdout, stderr } = await deployment.wrangler(["deploy", "--config", "deploy/production/wrangler.jsonc"]);
  assert.equal(code, 0, stdout + stderr);
  await nothingWasLost(user);
});

test("every request is one that the double implements", () => deployment.cloudflare.check());

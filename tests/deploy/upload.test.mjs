// Uploads that fail, and deployments that find what an earlier one left.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { newDeployment, nothingWasLost, withUser } from "./support.mjs";

const deployment = await newDeployment();
after(() => deployment.end());
const { cloudflare } = deployment;
const UPLOAD = { method: "PUT", path: /\/scripts\/vestibule$/ };
const VERSION = { method: "POST", path: /\/scripts\/vestibule\/versions$/ };
const title = "vestibule-kv";
// The response of a version that doesn't work.
const BROKEN = { status: 503, body: "Vestibule does not start: it was made so for a test\n", times: 1000 };

test("a first upload that fails reports that no worker exists, and the next one uses its namespace and secret", async () => {
  cloudflare.fail({ ...UPLOAD, status: 500, times: 9 });
  const { code, said } = await deployment.deploy();
  assert.equal(code, 1);
  assert.match(said, /no worker vestibule exists/);
  cloudflare.clearFaults();
  const namespace = cloudflare.account.kv.byTitle(title).id;
  const copy = deployment.read("deploy/production.secrets");
  await deployment.deployed();
  assert.equal(cloudflare.account.kv.byTitle(title).id, namespace);
  assert.ok(copy.includes(deployment.worker.secret("VESTIBULE_SECRET")));
});

test("an upload over the size limit is reported as such", async () => {
  cloudflare.account.sizeLimit = 1000;
  const { code, said } = await deployment.deploy(["ENV=large"]);
  assert.equal(code, 1);
  assert.match(said, /size|limit/i);
  assert.match(said, /no worker vestibule-large exists/);
  cloudflare.account.sizeLimit = 3 * 1024 * 1024;
  await deployment.deployed(["ENV=large"]);
});

let user;
test("after `wrangler delete` a new deployment finds the namespace and signs with new keys", async () => {
  user = await withUser(deployment);
  const namespace = cloudflare.account.kv.byTitle(title).id;
  await deployment.wrangler(["delete", "--name", "vestibule", "--force"]);
  assert.equal(deployment.worker, undefined);
  await deployment.deployed();
  assert.equal(cloudflare.account.kv.byTitle(title).id, namespace);
  user = await withUser(deployment);
  await nothingWasLost(user);
});

test("after `wrangler delete` and without the old secret, a new deployment signs at once", async () => {
  await deployment.wrangler(["delete", "--name", "vestibule", "--force"]);
  const others = deployment.read("deploy/production.secrets").replace(/^VESTIBULE_SECRET=.*$/m, "");
  deployment.write("deploy/production.secrets", others);
  const { said } = await deployment.deployed();
  assert.match(said, /waiting 20 s/);
  user = await withUser(deployment);
});

test("kv_namespace_id in the file names the namespace", async () => {
  const { result } = await cloudflare.call("POST", `/accounts/${cloudflare.account.id}/storage/kv/namespaces`, { json: { title: "mine" } });
  await deployment.deploy(["ENV=own"]);
  await deployment.wrangler(["delete", "--name", "vestibule-own", "--force"]);
  deployment.configure(`kv_namespace_id = "${result.id}"`, "deploy/own.toml");
  await deployment.deployed(["ENV=own"]);
  const bindings = cloudflare.account.script("vestibule-own").current.bindings;
  assert.equal(bindings.find(({ name }) => name === "KV").namespace_id, result.id);
});

test("a request that got 429 is repeated after Retry-After", async () => {
  const limited = cloudflare.fail({ method: "GET", path: /\/secrets$/, status: 429, headers: { "retry-after": "1" } });
  const { said } = await deployment.deployed();
  assert.equal(limited.uses, 1);
  assert.match(said, /\(429\); trying again in 1 s/);
});

test("an upload that got 503 is repeated", async () => {
  const failing = cloudflare.fail({ ...VERSION, status: 503, times: 2 });
  await deployment.deployed();
  assert.equal(failing.uses, 2);
  await nothingWasLost(user);
});

test("after an upload that keeps failing, the message names the version that serves", async () => {
  const before = deployment.worker.current.id;
  cloudflare.fail({ ...VERSION, status: 500, times: 9 });
  const { code, said } = await deployment.deploy();
  assert.equal(code, 1);
  assert.match(said, new RegExp(`version ${before} still serves, as before`));
  cloudflare.clearFaults();
  await nothingWasLost(user);
});

test("after a lost response to an upload, the message names the version that serves now", async () => {
  const before = deployment.worker.current.id;
  cloudflare.fail({ method: "POST", path: /\/scripts\/vestibule\/deployments$/, after: "handled", lost: true, times: 9 });
  const { code, said } = await deployment.deploy();
  cloudflare.clearFaults();
  const now = deployment.worker.current.id;
  if (code !== 0) assert.match(said, new RegExp(`deployed now: ${now}`));
  assert.notEqual(now, before);
  await nothingWasLost(user);
});

test("a version that doesn't work is reported with a working rollback command", async () => {
  const before = deployment.worker.current.id;
  cloudflare.failSite("vestibule.example.workers.dev", BROKEN);
  const { code, said } = await deployment.deploy();
  assert.equal(code, 1);
  assert.match(said, /openid-configuration answers 503: Vestibule does not start/);
  const [, command] = said.match(/npx wrangler (rollback .*)/);
  cloudflare.failSite("vestibule.example.workers.dev", { times: 0 });
  await deployment.wrangler([...command.split(" "), "--yes"]);
  assert.equal(deployment.worker.current.id, before);
  await nothingWasLost(user);
});

test("at a terminal, the operator can roll back by answering yes", async () => {
  const before = deployment.worker.current.id;
  cloudflare.failSite("vestibule.example.workers.dev", BROKEN);
  const { code, said } = await deployment.deployAtTerminal([], ["y"]);
  cloudflare.failSite("vestibule.example.workers.dev", { times: 0 });
  assert.equal(code, 1);
  assert.match(said, /The previous version serves again/);
  assert.equal(deployment.worker.current.id, before);
  await nothingWasLost(user);
});

test("every request is one that the double implements", () => cloudflare.check());

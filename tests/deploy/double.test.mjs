// The double of Cloudflare, tested with real wrangler: an uploaded worker runs and keeps its secret, objects and KV.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { runChild } from "./cloudflare/children.mjs";
import { startCloudflare } from "./cloudflare/index.mjs";
import { rewriteSmall, vestibuleConfig, writeProject, writeSmall } from "./cloudflare/project.mjs";

const VESTIBULE = "https://vestibule.example.workers.dev";
const SMALL = "https://small.example.workers.dev";
const SECRET = "5eed".repeat(16);

let cloudflare;
beforeEach(async () => { cloudflare = await startCloudflare(); });
afterEach(async () => {
  await cloudflare.stop();
  cloudflare.check();
});

// Runs wrangler, and fails unless it succeeds.
async function wrangler(cwd, ...args) {
  const { code, stdout, stderr } = await cloudflare.wrangler(args, { cwd });
  assert.equal(code, 0, `wrangler ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}
const deploy = (cwd, ...args) => wrangler(cwd, "deploy", "--secrets-file", "secrets.json", ...args);
const get = async (url, init) => (await cloudflare.fetch(url, init)).json();
const uploads = () => cloudflare.requests.filter(({ method, path }) => method === "PUT" && /\/scripts\/[^/]+$/.test(path));

test("Vestibule: a first deployment is one upload with the secret, and answers at workers.dev", async () => {
  const project = writeProject(vestibuleConfig(), { secrets: { VESTIBULE_SECRET: SECRET } });
  const start = performance.now();
  assert.match(await deploy(project), /https:\/\/vestibule\.example\.workers\.dev/);
  console.log(`a deployment took ${Math.round(performance.now() - start)} ms`);
  assert.equal(uploads().length, 1);
  assert.deepEqual(cloudflare.requests.filter((request) => request.contained(SECRET)), uploads());
  assert.ok(!JSON.stringify(cloudflare.requests).includes(SECRET));
  assert.deepEqual(cloudflare.account.kv.all.map(({ title }) => title), ["vestibule-kv"]);

  const discovery = await cloudflare.fetch(`${VESTIBULE}/.well-known/openid-configuration`);
  assert.equal(discovery.status, 200);
  assert.equal((await discovery.json()).issuer, VESTIBULE);
  const secrets = JSON.parse(await wrangler(project, "secret", "list"));
  assert.deepEqual(secrets, [{ name: "VESTIBULE_SECRET", type: "secret_text" }]);
});

test("Vestibule: a later deployment keeps the secret and the keys", async () => {
  const project = writeProject(vestibuleConfig(), { secrets: { VESTIBULE_SECRET: SECRET } });
  await deploy(project);
  const keys = async () => (await get(`${VESTIBULE}/jwks`)).keys.map(({ kid }) => kid);
  const first = await keys();
  assert.ok(first.length > 0);
  await wrangler(project, "deploy");
  assert.equal(cloudflare.account.script("vestibule").secret("VESTIBULE_SECRET"), SECRET);
  // Without KV, the keys come from the key ring's object, and the secret opens them.
  cloudflare.account.kv.byTitle("vestibule-kv").delete("keys");
  assert.deepEqual(await keys(), first);
});

test("a later deployment keeps secret, objects and KV; deleting the worker leaves only KV", async () => {
  const project = writeSmall();
  await deploy(project);
  await get(`${SMALL}/kv/a`, { method: "PUT", body: "kept" });
  assert.equal((await get(`${SMALL}/count`)).count, 1);
  rewriteSmall(project, { name: "second" });
  await wrangler(project, "deploy");
  const { name, secret, count } = await get(`${SMALL}/count`);
  assert.deepEqual({ name, secret, count }, { name: "second", secret: "a secret", count: 2 });
  assert.equal((await get(`${SMALL}/kv/a`)).value, "kept");

  await wrangler(project, "delete");
  assert.equal((await cloudflare.fetch(SMALL)).status, 404);
  const [{ id, title }] = cloudflare.account.kv.all;
  assert.equal(title, "small-kv");
  rewriteSmall(project, { name: "third", kv_namespaces: [{ binding: "KV", id }] });
  await wrangler(project, "deploy");
  const again = await get(`${SMALL}/count`);
  assert.deepEqual([again.count, again.secret], [1, undefined]);
  assert.equal((await get(`${SMALL}/kv/a`)).value, "kept");
});

test("requests reach the worker as they do at Cloudflare", async () => {
  await deploy(writeSmall());
  const { origin, address, country, secret } = await get(SMALL, { headers: { "cf-connecting-ip": "192.0.2.1" } });
  assert.deepEqual([origin, address, country, secret], [SMALL, "203.0.113.7", "GB", "a secret"]);
  const echo = async (request) => new Response(`${request.url} got ${await request.text()}`);
  cloudflare.answerOutbound("elsewhere.example", echo);
  assert.equal((await get(`${SMALL}/fetch`)).fetched, "https://elsewhere.example/x got sent");
});

test("wrangler and the worker share KV", async () => {
  const project = writeSmall();
  await deploy(project);
  await wrangler(project, "kv", "key", "put", "a", "from wrangler", "--binding", "KV", "--remote");
  assert.equal((await get(`${SMALL}/kv/a`)).value, "from wrangler");
  await get(`${SMALL}/kv/b`, { method: "PUT", body: "from the worker" });
  assert.equal(await wrangler(project, "kv", "key", "get", "b", "--binding", "KV", "--remote"), "from the worker");
  assert.equal(cloudflare.account.kv.byTitle("small-kv").get("b"), "from the worker");
});

test("secrets are changed without an upload", async () => {
  const project = writeSmall();
  await deploy(project);
  await cloudflare.wrangler(["secret", "put", "SECRET"], { cwd: project, input: "another" });
  assert.equal((await get(SMALL)).secret, "another");
  await wrangler(project, "secret", "delete", "SECRET");
  assert.equal((await get(SMALL)).secret, undefined);
  assert.equal(uploads().length, 1);
});

test("a gradual deployment runs two versions that share their objects; a rollback ends it", async () => {
  const project = writeSmall();
  await deploy(project);
  const script = cloudflare.account.script("small");
  const first = script.latest.id;
  assert.equal((await get(`${SMALL}/count`)).count, 1);
  rewriteSmall(project, { name: "second" });
  await wrangler(project, "versions", "upload", "--tag", "two", "--message", "a try");
  const second = script.latest.id;
  assert.equal((await get(`${SMALL}/count`)).name, "first");
  assert.equal(script.latest.annotations["workers/tag"], "two");
  await wrangler(project, "versions", "deploy", `${first}@90%`, `${second}@10%`, "--yes");
  const answers = [];
  for (let at = 0; at < 20; at += 1) answers.push(await get(`${SMALL}/count`));
  assert.deepEqual(answers.map(({ count }) => count), answers.map((_, at) => at + 3));
  assert.equal(answers.filter(({ name }) => name === "second").length, 2);
  const override = { "cloudflare-workers-version-overrides": `small="${second}"` };
  assert.equal((await get(SMALL, { headers: override })).name, "second");
  await wrangler(project, "rollback", first, "--yes", "--message", "back");
  for (let at = 0; at < 20; at += 1) assert.equal((await get(`${SMALL}/count`)).name, "first");
  assert.match(await wrangler(project, "deployments", "status"), new RegExp(`100%\\) ${first}`));
  assert.equal(JSON.parse(await wrangler(project, "versions", "list", "--json")).length, 2);
});

test("a custom domain and a route lead to the worker", async () => {
  const zone = cloudflare.accounts.addZone({ name: "example.org", account: cloudflare.account });
  const routes = [{ pattern: "id.example.org", custom_domain: true }, { pattern: "www.example.org/auth/*", zone_id: zone.id }];
  await deploy(writeSmall({ routes }));
  assert.equal((await get("https://id.example.org/")).origin, "https://id.example.org");
  assert.equal((await get("https://www.example.org/auth/x")).origin, "https://www.example.org");
  assert.equal((await cloudflare.fetch("https://www.example.org/")).status, 404);
  assert.equal((await cloudflare.fetch(SMALL)).status, 404);
});

test("a program reaches the API and the workers by its environment alone", async () => {
  await deploy(writeSmall());
  const program = `
    const headers = { authorization: "Bearer " + process.env.CLOUDFLARE_API_TOKEN };
    const api = await fetch("https://api.cloudflare.com/client/v4/accounts", { headers });
    const worker = await fetch("${SMALL}");
    console.log(JSON.stringify([(await api.json()).result.length, (await worker.json()).name]));`;
  const args = ["--input-type=module", "--eval", program];
  const { stdout, stderr } = await runChild(process.execPath, args, { env: cloudflare.env() });
  assert.equal(stdout.trim(), '[1,"first"]', stderr);
});

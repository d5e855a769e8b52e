// The faults that the double of Cloudflare can simulate, and how real wrangler handles them.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { PERMISSIONS, TOKEN, startCloudflare } from "./cloudflare/index.mjs";
import { rewriteSmall, writeSmall } from "./cloudflare/project.mjs";

const SMALL = "https://small.example.workers.dev";
const UPLOAD = { method: "PUT", path: /\/scripts\/small$/ };
const OTHER = "a-token-of-another-operator";

let cloudflare;
beforeEach(async () => { cloudflare = await startCloudflare(); });
afterEach(() => cloudflare.stop());

const run = (cwd, ...args) => cloudflare.wrangler(args, { cwd });
const deploy = (cwd, ...args) => run(cwd, "deploy", "--secrets-file", "secrets.json", ...args);
const succeeds = ({ code, stdout, stderr }) => assert.equal(code, 0, `${stdout}${stderr}`);
const failsWith = ({ code, stdout, stderr }, pattern) => {
  assert.equal(code, 1, stdout);
  assert.match(stderr, pattern);
};
const count = ({ method, path }) =>
  cloudflare.requests.filter((request) => request.method === method && path.test(request.path)).length;
const name = async (url = SMALL) => (await (await cloudflare.fetch(url)).json()).name;

test("an error for one request", async () => {
  const project = writeSmall();
  succeeds(await deploy(project));
  const rule = cloudflare.fail({ method: "GET", path: /\/secrets$/, status: 404, code: 7003 });
  failsWith(await run(project, "secret", "list"), /code: 7003/);
  assert.equal(rule.uses, 1);
  succeeds(await run(project, "secret", "list"));
});

test("wrangler tries a failing upload three times, and uploads nothing if all fail", async () => {
  cloudflare.fail({ ...UPLOAD, status: 500, times: 3 });
  failsWith(await deploy(writeSmall()), /workers\.api\.error\.unknown \[code: 10013\]/);
  assert.equal(count(UPLOAD), 3);
  assert.equal(cloudflare.account.script("small"), undefined);
});

test("a worker over the limit is refused", async () => {
  cloudflare.account.sizeLimit = 100;
  failsWith(await deploy(writeSmall()), /exceeded the size limit .* \[code: 10027\]/);
  assert.equal(count(UPLOAD), 1);
});

test("wrangler obeys Retry-After for an upload, and doesn't repeat other requests", async () => {
  cloudflare.fail({ ...UPLOAD, status: 429, headers: { "retry-after": "1" } });
  const { code, stdout } = await deploy(writeSmall());
  assert.equal(code, 0);
  assert.match(stdout, /Received a "Retry-After" header/);
  assert.equal(count(UPLOAD), 2);
  cloudflare.fail({ path: /\/secrets$/, status: 429, headers: { "retry-after": "1" } });
  failsWith(await deploy(writeSmall()), /should wait 1 second/);
});

test("a first upload whose response is lost is repeated, and then refused", async () => {
  cloudflare.fail({ ...UPLOAD, after: "handled", lost: true });
  failsWith(await deploy(writeSmall()), /Migration tag precondition failed; current tag is v1 \[code: 10079\]/);
  assert.deepEqual(cloudflare.requests.filter(({ method }) => method === "PUT").map(({ status }) => status), ["lost", 412]);
  assert.equal(cloudflare.account.script("small").secret("SECRET"), "a secret");
});

test("an error after an upload that took effect", async () => {
  cloudflare.fail({ ...UPLOAD, after: "handled", status: 400, code: 10021, message: "an error" });
  failsWith(await deploy(writeSmall()), /an error \[code: 10021\]/);
  assert.equal(cloudflare.account.script("small").versions.length, 1);
});

test("two first deployments at once: the second upload is refused", async () => {
  const namespace = cloudflare.account.kv.create("shared");
  const own = (secret) => writeSmall({ kv_namespaces: [{ binding: "KV", id: namespace.id }], secrets: { SECRET: secret } });
  const held = cloudflare.hold(UPLOAD);
  const slow = deploy(own("slow"));
  await held.reached;
  succeeds(await deploy(own("fast")));
  held.release();
  failsWith(await slow, /code: 10079/);
  assert.equal(cloudflare.account.script("small").secret("SECRET"), "fast");
});

test("a token that may not list accounts deploys to an account that is named", async () => {
  const can = PERMISSIONS.filter((permission) => permission !== "accounts" && permission !== "memberships");
  cloudflare.accounts.addToken(OTHER, { accounts: [cloudflare.account], can });
  const project = writeSmall();
  const as = (env) => cloudflare.wrangler(["deploy"], { cwd: project, token: OTHER, env });
  failsWith(await as({}), /code: 9109/);
  succeeds(await as({ CLOUDFLARE_ACCOUNT_ID: cloudflare.account.id }));
  assert.equal(count({ method: "GET", path: /^\/accounts$/ }), 1);
});

test("a wrong token, and one that can't be a token", async () => {
  const project = writeSmall();
  failsWith(await cloudflare.wrangler(["deploy"], { cwd: project, token: OTHER }), /code: 9109/);
  failsWith(await cloudflare.wrangler(["whoami"], { cwd: project, token: OTHER }), /Invalid API Token|code: 9109/);
  const env = { CLOUDFLARE_ACCOUNT_ID: cloudflare.account.id };
  failsWith(await cloudflare.wrangler(["deploy"], { cwd: project, token: OTHER, env }), /Authentication error \[code: 10000\]/);
  failsWith(await cloudflare.wrangler(["deploy"], { cwd: project, token: "!", env }), /code: 6111/);
  cloudflare.accounts.revokeToken(TOKEN);
  assert.equal((await cloudflare.call("GET", "/user/tokens/verify")).errors[0].code, 1000);
});

test("a login by `wrangler login` that has expired is renewed", async () => {
  cloudflare.login({ expired: true });
  const project = writeSmall();
  succeeds(await cloudflare.wrangler(["deploy"], { cwd: project, token: null }));
  const { stdout } = await cloudflare.wrangler(["auth", "token", "--json"], { cwd: project, token: null });
  const { type, token } = JSON.parse(stdout);
  assert.equal(type, "oauth");
  assert.equal((await cloudflare.call("GET", "/user", { token })).result.email, "operator@example.com");
  cloudflare.check();
});

test("a token for two accounts needs an account ID", async () => {
  const second = cloudflare.accounts.add({ name: "Second", subdomain: "second" });
  cloudflare.accounts.addToken(OTHER, { accounts: [cloudflare.account, second] });
  const project = writeSmall();
  failsWith(await cloudflare.wrangler(["deploy"], { cwd: project, token: OTHER }), /More than one account available/);
  rewriteSmall(project, { name: "first", account_id: second.id });
  succeeds(await cloudflare.wrangler(["deploy"], { cwd: project, token: OTHER }));
  assert.equal(await name("https://small.second.workers.dev"), "first");
  assert.equal((await cloudflare.call("GET", `/accounts/${second.id}/workers/scripts`)).errors[0].code, 10000);
});

test("a KV namespace whose title is taken", async () => {
  cloudflare.account.kv.create("small-kv");
  failsWith(await deploy(writeSmall()), /a namespace with this account ID and title already exists \[code: 10014\]/);
  assert.equal(count(UPLOAD), 0);
});

test("an account without a workers.dev subdomain", async () => {
  cloudflare.account.subdomain = undefined;
  failsWith(await deploy(writeSmall()), /register a workers\.dev subdomain/);
  assert.equal(count(UPLOAD), 0);
  const { errors } = await cloudflare.call("GET", `/accounts/${cloudflare.account.id}/workers/subdomain`);
  assert.equal(errors[0].code, 10007);
});

test("the custom domain of another worker: the API refuses it, wrangler takes it", async () => {
  const { id: account } = cloudflare.account;
  cloudflare.accounts.addZone({ name: "example.org", account: cloudflare.account });
  const routes = [{ pattern: "id.example.org", custom_domain: true }];
  succeeds(await deploy(writeSmall({ name: "first", routes })));
  const { result: [domain] } = await cloudflare.call("GET", `/accounts/${account}/workers/domains?hostname=id.example.org`);
  assert.equal(domain.service, "small");
  const json = { hostname: "id.example.org", service: "other", zone_id: domain.zone_id };
  assert.equal((await cloudflare.call("PUT", `/accounts/${account}/workers/domains`, { json })).errors[0].code, 100116);

  const project = writeSmall();
  rewriteSmall(project, { name: "other", routes });
  succeeds(await deploy(project, "--name", "other"));
  assert.equal(await name("https://id.example.org"), "other");
});

test("a rollout under way: secrets can't be changed, and a deployment ends it", async () => {
  const project = writeSmall();
  succeeds(await deploy(project));
  const script = cloudflare.account.script("small");
  rewriteSmall(project, { name: "second" });
  succeeds(await run(project, "versions", "upload"));
  const [first, second] = script.versions.map(({ id }) => id);
  succeeds(await run(project, "versions", "deploy", `${first}@50%`, `${second}@50%`, "--yes"));
  const put = await cloudflare.wrangler(["secret", "put", "SECRET"], { cwd: project, input: "x" });
  failsWith(put, /latest version of your Worker isn't currently deployed/);
  succeeds(await deploy(project));
  assert.equal(script.deployment.versions.length, 1);
});

test("a rollback past a changed secret needs consent; past a migration it is refused", async () => {
  const project = writeSmall();
  succeeds(await deploy(project));
  const script = cloudflare.account.script("small");
  const [{ id }] = script.versions;
  succeeds(await cloudflare.wrangler(["secret", "put", "SECRET"], { cwd: project, input: "x" }));
  const { stdout } = await run(project, "rollback", id, "--yes");
  assert.match(stdout, /secrets have changed since version/);
  assert.equal(script.secret("SECRET"), "a secret");
  const migrations = [{ tag: "v1", new_sqlite_classes: ["Counter"] }, { tag: "v2" }];
  rewriteSmall(project, { name: "second", migrations });
  succeeds(await deploy(project));
  failsWith(await run(project, "rollback", id, "--yes"), /Durable Object migration has occurred/);
});

test("a deployment that takes effect with a delay, and a host that isn't ready", async () => {
  const project = writeSmall();
  cloudflare.account.lag = 2;
  succeeds(await deploy(project));
  for (let at = 0; at < 2; at += 1) assert.equal((await cloudflare.fetch(SMALL)).status, 404);
  assert.equal(await name(), "first");
  rewriteSmall(project, { name: "second" });
  succeeds(await deploy(project));
  assert.deepEqual([await name(), await name(), await name()], ["first", "first", "second"]);
  cloudflare.failSite("small.example.workers.dev", { status: 522 });
  assert.equal((await cloudflare.fetch(SMALL)).status, 522);
  cloudflare.delaySite("small.example.workers.dev", 1);
  await assert.rejects(cloudflare.fetch(SMALL));
  assert.equal(await name(), "second");
});

test("requests that the double doesn't implement fail and are reported", async () => {
  cloudflare.check();
  assert.equal((await cloudflare.call("GET", `/accounts/${cloudflare.account.id}/r2/buckets`)).success, false);
  await assert.rejects(cloudflare.fetch("https://registry.npmjs.org/"));
  assert.throws(() => cloudflare.check(), /not implemented: GET .*r2\/buckets\nno such host: registry\.npmjs\.org/);
});

// The environment in which a deployment runs, and other contents of the account, don't change what is deployed.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { ISSUER, newDeployment, nothingWasLost, withUser } from "./support.mjs";

const deployment = await newDeployment();
after(() => deployment.end());
const { cloudflare } = deployment;
const user = await withUser(deployment);
const secretOf = (name) => cloudflare.account.script(name).secret("VESTIBULE_SECRET");

test("variables of wrangler don't turn the deployment to another worker", async () => {
  const secret = secretOf("vestibule");
  await deployment.deployed(["ENV=other"], { env: { CLOUDFLARE_ENV: "x", WRANGLER_CI_OVERRIDE_NAME: "vestibule", CLOUDFLARE_API_BASE_URL: "https://evil.example/client/v4" } });
  assert.ok(cloudflare.account.script("vestibule-other"));
  assert.equal(secretOf("vestibule"), secret);
  assert.deepEqual(cloudflare.refused, []);
});

test("a file .env gives credentials and nothing else", async () => {
  deployment.write(".env", "CLOUDFLARE_ENV=x\nWRANGLER_CI_OVERRIDE_NAME=vestibule\nCLOUDFLARE_API_BASE_URL=https://evil.example/client/v4\nCLOUDFLARE_API_TOKEN=a-token-of-the-operator\n");
  await deployment.deployed(["ENV=dotenv"], { env: { token: null } });
  assert.ok(cloudflare.account.script("vestibule-dotenv"));
  assert.deepEqual(cloudflare.refused, []);
  deployment.write(".env", "");
});

test("what isn't NAME=value uploads nothing", async () => {
  for (const word of ["--env=staging", "--dry-run", "staging", "env=staging"]) await deployment.refused(/is not NAME=value/, [word]);
  const { code, said } = await deployment.deploy(["--help"]);
  assert.equal(code, 0);
  assert.match(said, /ENV=staging/);
});

test("a trial says what would change and uploads nothing", async () => {
  const from = cloudflare.requests.length;
  const { said } = await deployment.deployed(["DRY_RUN=yes", "BRAND_NAME=Acme"]);
  assert.match(said, /BRAND_NAME: its default -> "Acme"/);
  assert.deepEqual(deployment.uploads(from), []);
});

test("a file of settings that was not made because a request failed takes over the settings the next time", async () => {
  await deployment.deployed(["SIGN_UP=off"]);
  const folder = deployment.path("second");
  mkdirSync(folder);
  cloudflare.fail({ method: "GET", path: /\/deployments$/, status: 500, times: 4 });
  await deployment.refused(/500/, [], { folder });
  await deployment.deployed([], { folder });
  assert.match(deployment.read("second/deploy/production.toml"), /SIGN_UP = "off"/);
  await deployment.deployed();
});

test("a worker of something else is left alone, and its variables aren't read into the file", async () => {
  deployment.write("small.js", "export default { fetch: () => new Response('hello') };");
  deployment.write("small.json", JSON.stringify({ name: "vestibule-foreign", main: "small.js", compatibility_date: "2026-11-01", vars: { API_KEY: "sk_live" }, workers_dev: true }));
  await deployment.wrangler(["deploy", "--config", "small.json"]);
  await deployment.refused(/isn't Vestibule/, ["ENV=foreign"]);
  assert.doesNotMatch(deployment.read("deploy/foreign.toml"), /sk_live/);
});

test("two files with one name don't deploy over each other", async () => {
  deployment.write("deploy/copy.toml", deployment.read("deploy/production.toml"));
  await deployment.refused(/have the same name/, ["ENV=copy"]);
  await deployment.refused(/have the same name/);
  execFileSync("rm", [deployment.path("deploy/copy.toml")]);
});

test("the issuer doesn't change unless that is wanted", async () => {
  cloudflare.accounts.addZone({ name: "example.com", account: cloudflare.account });
  const settings = deployment.read("deploy/production.toml");
  deployment.write("deploy/production.toml", `${settings}\ndomain = "id.example.com"\n`);
  await deployment.refused(/the issuer would change from https:\/\/vestibule\.example\.workers\.dev to https:\/\/id\.example\.com/);
  await deployment.deployed(["NEW_ISSUER=yes"]);
  deployment.write("deploy/production.toml", settings);
  await deployment.refused(/would change from https:\/\/id\.example\.com/);
  await deployment.deployed(["NEW_ISSUER=yes"]);
  assert.equal(cloudflare.account.domains.size, 0);
  await deployment.deployed();
  await nothingWasLost(user);
});

test("a domain in no zone of the account is refused before anything is uploaded", async () => {
  deployment.write("deploy/typo.toml", 'name = "vestibule-typo"\ndomain = "id.exmaple.com"\n');
  await deployment.refused(/id\.exmaple\.com is in no zone of this account, which has example\.com/, ["ENV=typo"]);
});

test("a custom domain among the routes, and a namespace other than the worker's, are refused", async () => {
  deployment.write("deploy/routes.toml", 'name = "vestibule-routes"\nroutes = [{ pattern = "id.example.com", custom_domain = true }]\n');
  await deployment.refused(/Write domain = /, ["ENV=routes"]);
  const settings = deployment.read("deploy/production.toml");
  deployment.configure(`kv_namespace_id = "${"0".repeat(32)}"`);
  await deployment.refused(/would leave all clients behind/);
  deployment.write("deploy/production.toml", settings);
});

test("the owner of a domain that can't be read isn't nobody", async () => {
  deployment.write("deploy/thief.toml", 'name = "vestibule-thief"\ndomain = "id.example.com"\n');
  cloudflare.fail({ method: "GET", path: /\/workers\/domains/, status: 500, times: 4 });
  await deployment.refused(/500/, ["ENV=thief"]);
});

test("an answer that isn't Cloudflare's stops the deployment and says what is deployed", async () => {
  cloudflare.fail({ method: "GET", path: /\/secrets$/, status: 200, body: "<html>Sign in to the hotel's network</html>" });
  await deployment.refused(/not an answer of Cloudflare's API/);
});

test("an empty list that Cloudflare answers with null is empty", async () => {
  const empty = JSON.stringify({ success: true, errors: [], messages: [], result: null });
  cloudflare.fail({ method: "GET", path: /\/workers\/domains/, status: 200, body: empty, times: 9 });
  await deployment.deployed();
  cloudflare.clearFaults();
});

test("a secret that the server would refuse isn't uploaded", async () => {
  mkdirSync(deployment.path("deploy"), { recursive: true });
  deployment.write("deploy/short.toml", 'name = "vestibule-short"\nREGISTRATION = "token"\n');
  deployment.write("deploy/short.secrets", "REGISTRATION_TOKEN=short\n");
  await deployment.refused(/32 characters or more/, ["ENV=short"]);
  deployment.write("deploy/short.secrets", "GOOGLE_SECRET=abc\n");
  await deployment.refused(/no secret of Vestibule's/, ["ENV=short"]);
});

test("an upload that is deployed although a request after it fails isn't uploaded again", async () => {
  cloudflare.fail({ method: "POST", path: /\/scripts\/vestibule-again\/subdomain$/, status: 500, times: 3 });
  const { said } = await deployment.deployed(["ENV=again"]);
  assert.match(said, /attaching its addresses again/);
  assert.equal(cloudflare.account.script("vestibule-again").versions.length, 1);
});

test("routes without an issuer are refused", async () => {
  deployment.write("deploy/routed.toml", 'name = "vestibule-routed"\nroutes = [{ pattern = "login.example.com/*", zone_name = "example.com" }]\n');
  await deployment.refused(/needs ISSUER, too/, ["ENV=routed"]);
});

test("secrets are never committed, whatever the repository ignores", async () => {
  execFileSync("git", ["init", "--quiet"], { cwd: deployment.folder });
  // A hand-written file of settings.
  const folder = deployment.path("by-hand");
  mkdirSync(path.join(folder, "deploy"), { recursive: true });
  deployment.write("by-hand/deploy/hand.toml", 'name = "vestibule-hand"\n');
  await deployment.deployed(["ENV=hand"], { folder });
  const added = execFileSync("git", ["add", "--all", "--dry-run"], { cwd: deployment.folder, encoding: "utf8" });
  assert.match(added, /deploy\/production\.toml/);
  assert.doesNotMatch(added, /\.secrets|wrangler\.jsonc/);
});

test("a file of secrets that others can read becomes its owner's alone, and keeps what is replaced as a comment", async () => {
  execFileSync("chmod", ["644", deployment.path("deploy/production.secrets")]);
  const old = secretOf("vestibule");
  await deployment.deployed(["ROTATE=yes"]);
  assert.equal(statSync(deployment.path("deploy/production.secrets")).mode & 0o777, 0o600);
  await deployment.wrangler(["secret", "delete", "VESTIBULE_SECRET_PREVIOUS", "--name", "vestibule"]);
  await nothingWasLost(user);
  await deployment.deployed(["ROTATE=yes"]);
  assert.match(deployment.read("deploy/production.secrets"), new RegExp(`^# replaced on .*"${old}"$`, "m"));
});

test("a rotation stops if the keys can't be read", async () => {
  await deployment.wrangler(["secret", "delete", "VESTIBULE_SECRET_PREVIOUS", "--name", "vestibule"]);
  await nothingWasLost(user);
  const secret = secretOf("vestibule");
  cloudflare.fail({ method: "GET", path: /\/keys$/, status: 500, times: 4 });
  await deployment.refused(/500/, ["ROTATE=yes"]);
  assert.equal(secretOf("vestibule"), secret);
});

// Starts a deployment, stops it while this request waits, and then lets the request continue.
async function stopAt(request, args) {
  const held = cloudflare.hold(request);
  const child = spawn(process.execPath, [...deployment.command, ...args], { cwd: deployment.folder, env: cloudflare.env(), stdio: "ignore" });
  await held.reached;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exited;
  held.release();
}

test("a deployment that is stopped leaves neither a secret in a file nor wrangler behind", async () => {
  await stopAt({ method: "PUT", path: /\/scripts\/vestibule-stopped$/ }, ["ENV=stopped"]);
  assert.deepEqual(readdirSync(path.join(cloudflare.env().TMPDIR ?? tmpdir())).filter((name) => name.startsWith("vestibule-deploy-")), []);
  const commands = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    } catch {
      return "";
    }
  });
  assert.deepEqual(commands.filter((command) => command.includes("vestibule-stopped")), []);
});

test("a later deployment that is stopped doesn't go on in the background", async () => {
  const before = deployment.worker.versions.length;
  await stopAt({ method: "POST", path: /\/scripts\/vestibule\/versions$/ }, ["BRAND_NAME=Stopped"]);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  // The held request may still take effect; the steps after it don't run.
  assert.ok(deployment.worker.versions.length <= before + 1);
  assert.notEqual(deployment.worker.current.bindings.find(({ name }) => name === "BRAND_NAME")?.text, "Stopped");
});

test("one upload that another machine overtakes is not repeated with its secret", async () => {
  const folders = ["fast", "slow"].map((name) => {
    mkdirSync(deployment.path(name));
    return deployment.path(name);
  });
  // The namespace exists, and each machine has a copy of its ID.
  await cloudflare.call("POST", `/accounts/${cloudflare.account.id}/storage/kv/namespaces`, { json: { title: "vestibule-race-kv" } });
  const write = (folder, secret) => {
    mkdirSync(path.join(folder, "deploy"));
    deployment.write(path.relative(deployment.folder, path.join(folder, "deploy/race.secrets")), `VESTIBULE_SECRET=${secret.repeat(40)}\n`);
  };
  write(folders[0], "f");
  write(folders[1], "s");
  const PUT = { method: "PUT", path: /\/scripts\/vestibule-race$/ };
  const held = cloudflare.hold(PUT);
  const fast = deployment.deploy(["ENV=race"], { folder: folders[0] });
  await held.reached;
  // Wrangler itself tries three times.
  const failing = cloudflare.fail({ ...PUT, status: 500, times: 3 });
  const slow = deployment.deploy(["ENV=race"], { folder: folders[1] });
  while (failing.uses < 3) await new Promise((resolve) => setTimeout(resolve, 50));
  held.release();
  assert.equal((await fast).code, 0, (await fast).said);
  const { code, said } = await slow;
  assert.equal(code, 1);
  assert.match(said, /the worker exists now, so its secret isn't uploaded again/);
  assert.equal(secretOf("vestibule-race"), "f".repeat(40));
});

test("the issuer still serves, and only what Cloudflare has was asked for", async () => {
  assert.equal((await fetch(`${ISSUER}/jwks`)).status, 200);
  cloudflare.check();
});

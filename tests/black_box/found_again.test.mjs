// A KV namespace outlives its deployment, because `wrangler delete` leaves it. The next deployment finds it, but has new
// objects: the keys in the namespace belong to another key ring.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { deserialize, serialize } from "node:v8";
import { createLocalJWKSet, jwtVerify } from "jose";
import { Browser } from "../support/browser.mjs";
import { basic, headerOf, post, register, signedIn, userinfo } from "../support/oauth.mjs";
import { TOKEN, serve } from "../support/serve.mjs";
import { freePort, startServer } from "../support/server.mjs";

const A = { VESTIBULE_SECRET: "the first secret of the deployment, long enough" };
const B = { VESTIBULE_SECRET: "the second secret of the deployment, long enough" };

let server;
const stop = async () => {
  await server?.stop();
  server = undefined;
};
beforeEach(stop);
afterEach(stop);

// A worker with another name has other objects but the same KV.
async function deploy(worker, vars) {
  const { state, port } = server ?? {};
  await server?.stop({ keep: true });
  server = await startServer({ worker, vars, state, port });
}

const machineOf = (server) => register(server, { grant_types: ["client_credentials"], redirect_uris: [] });
const token = (server, machine) => post(`${server.url}/token`, { grant_type: "client_credentials" }, basic(machine));
const jwks = async (server) => (await fetch(`${server.url}/jwks`)).json();
const kids = async (server) => (await jwks(server)).keys.map(({ kid }) => kid).sort();
const kv = () => server.mf.getKVNamespace("KV");
const names = async () => (await (await kv()).list()).keys.map(({ name }) => name).filter((name) => !name.startsWith("client:"));

for (const [title, secrets] of [["the same secret", A], ["another secret", B]]) {
  test(`a new deployment with ${title} ignores the keys that another one left in KV`, async () => {
    await deploy("vestibule", A);
    const [{ tokens }, machine] = [await signedIn(server), await machineOf(server)];
    const left = await kids(server);
    await deploy("again", secrets);
    const made = await kids(server);
    assert.equal(made.length, 2);
    assert.ok(!made.some((kid) => left.includes(kid)));
    // The clients in KV belong to the operator.
    const answer = await token(server, machine);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.ok(made.includes(headerOf(answer.body.access_token).kid));
    // A token of the other deployment is refused here, even as a hint.
    assert.equal((await userinfo(server, tokens.access_token)).status, 401);
    const hinted = await new Browser(server.url).request(`/end_session?id_token_hint=${tokens.id_token}`);
    assert.equal(hinted.status, 400);
    await deploy("again", secrets);
    assert.deepEqual(await kids(server), made, "its own keys are found");
  });
}

test("two deployments that share a namespace never read or replace each other's keys", async () => {
  await deploy("vestibule", A);
  const first = await kids(server);
  await deploy("again", A);
  const second = await kids(server);
  await deploy("vestibule", A);
  assert.deepEqual(await kids(server), first);
  await deploy("again", A);
  assert.deepEqual(await kids(server), second);
});

// The key ring's object on disk, as an earlier version stored it.
function editKeyRing(change) {
  const file = readdirSync(server.state, { recursive: true, withFileTypes: true })
    .find(({ name, parentPath }) => parentPath.endsWith("KeyRing") && /^[0-9a-f]{64}\.sqlite$/.test(name));
  const database = new DatabaseSync(path.join(file.parentPath, file.name));
  const { value } = database.prepare("select value from _cf_KV where key = 'state'").get();
  const state = JSON.parse(deserialize(value));
  change(state.state);
  database.prepare("update _cf_KV set value = ? where key = 'state'").run(serialize(JSON.stringify(state)));
  database.close();
}

test("an upgrade from a version that published keys without the ring's name keeps every key, and publishes them anew", async () => {
  await deploy("vestibule", A);
  const { tokens } = await signedIn(server);
  const machine = await machineOf(server);
  const before = await kids(server);
  const kid = headerOf((await token(server, machine)).body.access_token).kid;
  // What an earlier version leaves in KV.
  const [published] = (await names()).filter((name) => name.startsWith("keys/"));
  const namespace = await kv();
  await namespace.put("keys", await namespace.get(published));
  await namespace.put("hint-keys", "[]");
  await namespace.delete(published);
  await server.stop({ keep: true });
  editKeyRing((ring) => {
    assert.ok(ring.published_at);
    delete ring.published_at;
  });
  server = await startServer({ worker: "vestibule", vars: A, state: server.state, port: server.port });
  assert.deepEqual(await kids(server), before);
  assert.equal(headerOf((await token(server, machine)).body.access_token).kid, kid);
  assert.equal((await userinfo(server, tokens.access_token)).status, 200);
  assert.deepEqual((await names()).sort(), [published.replace("keys/", "hint-keys/"), published]);
});

test("keys that an earlier version of another deployment left in KV are ignored", async () => {
  await deploy("vestibule", A);
  const left = await kids(server);
  const [published] = (await names()).filter((name) => name.startsWith("keys/"));
  await (await kv()).put("keys", await (await kv()).get(published));
  await deploy("again", A);
  assert.ok(!(await kids(server)).some((kid) => left.includes(kid)));
});

test("unreadable keys in KV are published again", async () => {
  await deploy("vestibule", A);
  const before = await kids(server);
  const [published] = (await names()).filter((name) => name.startsWith("keys/"));
  await (await kv()).put(published, "{");
  await server.stop({ keep: true });
  editKeyRing((ring) => (ring.published_at -= 60_000));
  server = await startServer({ worker: "vestibule", vars: A, state: server.state, port: server.port });
  assert.deepEqual(await kids(server), before);
  assert.equal(JSON.parse(await (await kv()).get(published)).keys.length, 2);
});

// With `make serve`, new objects have the same IDs as the deleted ones, so the ring's keys are found, too.
test("make serve starts with a state folder whose objects were deleted, with the same or another secret", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "vestibule-found-"));
  const port = await freePort();
  const start = async (secret) => {
    const own = `${folder}/settings.toml`;
    writeFileSync(own, `REGISTRATION = "token"\nREGISTRATION_TOKEN = "${TOKEN}"\nVESTIBULE_SECRET = "${secret.VESTIBULE_SECRET}"\n`);
    return serve(port, [`SETTINGS=${own}`, `STATE=${folder}/state`]);
  };
  try {
    let served = await start(A);
    const machine = await machineOf(served);
    assert.equal((await token(served, machine)).status, 200);
    for (const secret of [A, B]) {
      await served.stop();
      rmSync(`${folder}/state/objects`, { recursive: true });
      assert.ok(existsSync(`${folder}/state/kv`));
      served = await start(secret);
      const answer = await token(served, machine);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      await jwtVerify(answer.body.access_token, createLocalJWKSet(await jwks(served)));
    }
    await served.stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

// After any changes (RFC 7592 §2), the registry in KV equals the client's record, even if changes overlap or the server
// crashes, because the record publishes its changes in order.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { counters } from "../support/costs.mjs";
import { register } from "../support/oauth.mjs";
import { crash, startServer } from "../support/server.mjs";

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

const manage = (client, method, fields) =>
  fetch(client.registration_client_uri, {
    method,
    headers: {
      authorization: `Bearer ${client.registration_access_token}`,
      ...(fields && { "content-type": "application/json" }),
    },
    body: fields && JSON.stringify({ client_id: client.client_id, redirect_uris: client.redirect_uris, ...fields }),
  });
const rename = (client, client_name) => manage(client, "PUT", { client_name });
const recorded = async (client) => (await (await manage(client, "GET")).json()).client_name;
const published = async ({ client_id }) => {
  const kv = await server.mf.getKVNamespace("KV");
  return JSON.parse(await kv.get(`client:${client_id}`))?.metadata.client_name;
};

test("a change is published before the response, with one write", async () => {
  const client = await register(server, { client_name: "First" });
  assert.equal(await published(client), "First");
  const before = await counters(server);
  assert.equal((await rename(client, "Second")).status, 200);
  assert.equal(await published(client), "Second");
  assert.equal((await counters(server))["KV writes"], before["KV writes"] + 1);
});

test("after concurrent changes the registry has the same version as the record", async () => {
  const client = await register(server);
  for (let round = 0; round < 5; round += 1) {
    const names = Array.from({ length: 12 }, (_, index) => `Name ${round}.${index}`);
    const answers = await Promise.all(names.map((name) => rename(client, name)));
    assert.ok(answers.every(({ status }) => status === 200));
    assert.equal(await published(client), await recorded(client));
  }
});

test("a client that is deleted while it is changed stays deleted", async () => {
  const client = await register(server);
  const changes = Array.from({ length: 12 }, (_, index) =>
    index === 5 ? manage(client, "DELETE") : rename(client, `Name ${index}`));
  const statuses = (await Promise.all(changes)).map(({ status }) => status);
  assert.equal(statuses[5], 204);
  assert.ok(statuses.every((status) => [200, 204, 401].includes(status)), statuses.join());
  assert.equal(await published(client), undefined);
  assert.equal((await manage(client, "GET")).status, 401);
});

test("a change that was recorded but not published before a crash is published after the restart", async () => {
  const client = await register(server);
  for (let round = 0; round < 3; round += 1) {
    const changes = Array.from({ length: 30 }, (_, index) => rename(client, `Name ${round}.${index}`).catch(() => {}));
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 30));
    await crash(server);
    await Promise.all(changes);
  }
  // The alarm performs the remaining effect.
  for (let attempt = 0; attempt < 60 && (await published(client)) !== (await recorded(client)); attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.equal(await published(client), await recorded(client));
});

// A clock that is set back while the server is stopped. The test moves the stored times forward instead.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createLocalJWKSet, jwtVerify } from "jose";
import { objectsOf, read, write } from "../support/on_disk.mjs";
import { basic, headerOf, post, register, signedIn, userinfo } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

// The JSON with all times moved forward by this many seconds.
const later = (json, seconds) =>
  json.replace(/(?<=[:,[])\d{13}(?=[,}\]])/g, (time) => String(Number(time) + seconds * 1000));

const kv = async () => {
  const namespace = await server.mf.getKVNamespace("KV");
  const [{ name }] = (await namespace.list({ prefix: "keys/" })).keys;
  return { namespace, name };
};
const keyRing = () => objectsOf(server, "KeyRing")[0];

// Restarts the server; returns how many keys the ring had.
async function setBack(seconds) {
  await server.stop({ keep: true });
  const stored = read(keyRing(), "state");
  write(keyRing(), "state", later(stored, seconds));
  server = await startServer({ state: server.state, port: server.port });
  return JSON.parse(stored).state.set.keys.length;
}

test("a key ring with a key signs even if the clock was set back after its first start", async () => {
  const { tokens } = await signedIn(server);
  const machine = await register(server, { grant_types: ["client_credentials"], redirect_uris: [] });
  const jwks = async () => (await fetch(`${server.url}/jwks`)).json();
  const { keys } = await jwks();
  assert.equal(keys.length, 2);
  for (const [seconds, isPublished] of [[5, true], [86_400, true], [120, false]]) {
    await setBack(seconds);
    const { namespace, name } = await kv();
    if (isPublished) await namespace.put(name, later(await namespace.get(name), seconds));
    else await namespace.delete(name);
    for (let count = 0; count < 20; count += 1) {
      const { status, body } = await post(`${server.url}/token`, { grant_type: "client_credentials" }, basic(machine));
      assert.equal(status, 200, JSON.stringify(body));
      await jwtVerify(body.access_token, createLocalJWKSet({ keys }));
      assert.ok(keys.some(({ kid }) => kid === headerOf(body.access_token).kid));
    }
    assert.deepEqual((await jwks()).keys, keys);
    assert.equal((await userinfo(server, tokens.access_token)).status, 200, "what was signed before verifies");
  }
  assert.equal(await setBack(0), 2, "no key was made");
});

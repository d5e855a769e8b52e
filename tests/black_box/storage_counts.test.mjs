// The storage operations of each request, on the real runtime: a development server reports them in each response.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  authorizeUrl, basic, deviceCode, pkce, poll, post, publicApp, redeem, refresh, register, signedUp, television, userinfo,
} from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

const cost = ({ headers }) =>
  Object.fromEntries(
    [...headers.get("server-timing").matchAll(/(?<![a-z-])(objects|kv-reads|kv-writes);desc="(\d+)"/g)].map(([, name, count]) => [name, Number(count)]),
  );
const costs = (answer, objects) =>
  assert.deepEqual(cost(answer), { objects, "kv-reads": 0, "kv-writes": 0 });

// Returns the counts of the second request, because the first fills the caches.
const warm = async (work) => {
  await work();
  return work();
};

test("a client_credentials token and its introspection cost no storage", async () => {
  const machine = await register(server, { grant_types: ["client_credentials"], redirect_uris: [] });
  const answer = await warm(() => post(`${server.url}/token`, { grant_type: "client_credentials" }, basic(machine)));
  costs(answer, 0);
  costs(await warm(() => post(`${server.url}/introspect`, { token: answer.body.access_token }, basic(machine))), 0);
});

test("code exchange, refresh and userinfo cost one call, /authorize with a session two", async () => {
  const client = await publicApp(server, { first_party: true });
  const { browser } = await signedUp(server);
  const { verifier, challenge } = pkce();
  const url = authorizeUrl(server, client, { challenge });
  const answer = await warm(() => browser.request(url));
  costs(answer, 2);
  const code = new URL(answer.headers.get("location")).searchParams.get("code");
  const tokens = await redeem(server, client, code, verifier);
  costs(tokens, 1);
  costs(await refresh(server, client, tokens.body.refresh_token), 1);
  costs(await userinfo(server, tokens.body.access_token), 1);
});

test("a device's poll costs one call", async () => {
  const client = await television(server);
  const { device_code } = await deviceCode(server, client);
  costs(await warm(() => poll(server, client, device_code)), 1);
});

test("discovery and the keys cost nothing", async () => {
  costs(await warm(() => fetch(`${server.url}/.well-known/openid-configuration`)), 0);
  costs(await warm(() => fetch(`${server.url}/jwks`)), 0);
});

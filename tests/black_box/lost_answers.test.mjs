// Responses that got lost. A server can't know that a caller has disconnected, so it must be able to repeat its
// response for a while, or the caller must be able to ask again at little cost.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  authorizeUrl, basic, claimsOf, decideDevice, deviceCode, DEVICE, form, pkce, poll, post, publicApp, redeem,
  refresh, register, signedIn, signedUp, television, userinfo,
} from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
let client;
let browser;
before(async () => {
  server = await startServer({ vars: { DEVICE_INTERVAL: "1" } });
  client = await television(server);
  ({ browser } = await signedUp(server));
});
after(() => server.stop());

// Sends a poll that the server holds, and returns its socket.
async function hold(device_code) {
  const body = form({ grant_type: DEVICE, client_id: client.client_id, device_code }).toString();
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(
    `POST /token HTTP/1.1\r\nHost: localhost:${server.port}\r\nPrefer: wait=30\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await pause(300);
  return socket;
}

const CUTS = {
  "a reset": (socket) => socket.resetAndDestroy(),
  "a half-close": async (socket) => {
    socket.end();
    await pause(200);
    socket.destroy();
  },
  "the client's time limit": (socket) => socket.destroy(),
};

for (const [name, cut] of Object.entries(CUTS)) {
  for (const prefer of ["wait=20", undefined]) {
    const how = prefer ? "a held poll" : "a plain poll";
    test(`a held poll that ends by ${name} doesn't lose the tokens: ${how} gets them (RFC 8628 §3.5)`, async () => {
      const { device_code, user_code } = await deviceCode(server, client);
      await cut(await hold(device_code));
      assert.equal((await decideDevice(browser, user_code, "allow")).title, "Your device is signed in");
      const answer = await poll(server, client, device_code, prefer && { prefer });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      assert.equal((await userinfo(server, answer.body.access_token)).status, 200);
      assert.equal((await refresh(server, client, answer.body.refresh_token)).status, 200);
    });
  }
}

test("a client's own time limit ends a held poll, and the next poll has the tokens", async () => {
  const { device_code, user_code } = await deviceCode(server, client);
  const fields = form({ grant_type: DEVICE, client_id: client.client_id, device_code });
  const given = { method: "POST", body: fields, headers: { prefer: "wait=30" }, signal: AbortSignal.timeout(500) };
  await assert.rejects(fetch(`${server.url}/token`, given), { name: "TimeoutError" });
  await decideDevice(browser, user_code, "allow");
  assert.equal((await poll(server, client, device_code)).status, 200);
});

test("the lost response to a plain poll is repeated with the same tokens", async () => {
  const { device_code, user_code } = await deviceCode(server, client);
  await decideDevice(browser, user_code, "allow");
  const lost = await poll(server, client, device_code);
  const again = await poll(server, client, device_code);
  assert.equal(again.body.refresh_token, lost.body.refresh_token);
  assert.equal(claimsOf(again.body.access_token).jti, claimsOf(lost.body.access_token).jti);
  assert.ok(again.body.expires_in <= lost.body.expires_in);
});

test("all held polls for one code get the same tokens, and a poll after their first use gets none", async () => {
  const { device_code, user_code } = await deviceCode(server, client);
  const held = Array.from({ length: 10 }, () => poll(server, client, device_code, { prefer: "wait=20" }));
  await decideDevice(browser, user_code, "allow");
  const answers = await Promise.all(held);
  assert.deepEqual(answers.map(({ status }) => status), Array(10).fill(200));
  const copies = answers.map(({ body }) => {
    const { jti, iat, exp } = claimsOf(body.access_token);
    return JSON.stringify([body.refresh_token, jti, iat, exp]);
  });
  assert.equal(new Set(copies).size, 1);
  assert.equal((await refresh(server, client, answers[0].body.refresh_token)).status, 200);
  const late = await poll(server, client, device_code, { prefer: "wait=20" });
  assert.deepEqual([late.status, late.body.error], [400, "invalid_grant"]);
});

const USES = {
  "at userinfo": async ({ access_token }) => assert.equal((await userinfo(server, access_token)).status, 200),
  "at revocation": async ({ access_token }) =>
    assert.equal((await post(`${server.url}/revoke`, { token: access_token, client_id: client.client_id })).status, 200),
  "at the token endpoint": async ({ refresh_token }) =>
    assert.equal((await refresh(server, client, refresh_token)).status, 200),
};

for (const [where, use] of Object.entries(USES)) {
  test(`a thief who has seen a device code gets nothing once a token was used ${where}`, async () => {
    const { device_code, user_code } = await deviceCode(server, client);
    await decideDevice(browser, user_code, "allow");
    const { body } = await poll(server, client, device_code);
    await use(body);
    const thief = await poll(server, client, device_code);
    assert.deepEqual([thief.status, thief.body.error], [400, "invalid_grant"]);
  });
}

test("a device code is spent by introspection too, and revoking one copy of the access token revokes the other", async () => {
  const tv = await register(server, { redirect_uris: [], grant_types: [DEVICE, "refresh_token"], response_types: [] });
  const asked = async () => post(`${server.url}/device_authorization`, { scope: "openid" }, basic(tv));
  const ask = (device_code) => post(`${server.url}/token`, { grant_type: DEVICE, device_code }, basic(tv));
  const { body: first } = await asked();
  await decideDevice(browser, first.user_code, "allow");
  const copies = [await ask(first.device_code), await ask(first.device_code)];
  const [one, other] = copies.map(({ body }) => body.access_token);
  await post(`${server.url}/revoke`, { token: one }, basic(tv));
  assert.equal((await userinfo(server, other)).status, 401);
  const { body: second } = await asked();
  await decideDevice(browser, second.user_code, "allow");
  const { body: tokens } = await ask(second.device_code);
  const active = await post(`${server.url}/introspect`, { token: tokens.access_token }, basic(tv));
  assert.equal(active.body.active, true);
  assert.equal((await ask(second.device_code)).body.error, "invalid_grant");
});

test("an app that refreshes for two resources at once keeps its user signed in (RFC 8707 §2.2)", async () => {
  const app = await publicApp(server);
  const { browser: person } = await signedUp(server);
  const { verifier, challenge } = pkce();
  const scope = "openid offline_access";
  const resources = ["https://a.example.test", "https://b.example.test"].map((uri) => ["resource", uri]);
  const url = new URL(authorizeUrl(server, app, { challenge, scope }));
  for (const [name, value] of resources) url.searchParams.append(name, value);
  let page = await person.open(url.href);
  page = await person.submit(page, { decision: "allow" }, "/consent");
  const { searchParams } = new URL(page.location);
  const tokens = await redeem(server, app, searchParams.get("code"), verifier);
  const requests = [...resources.map(([, resource]) => ({ resource })), {}, { scope }, { scope: "openid" }];
  const answers = await Promise.all(requests.map((more) => refresh(server, app, tokens.body.refresh_token, more)));
  assert.deepEqual(answers.map(({ status }) => status), requests.map(() => 200));
  assert.equal(new Set(answers.map(({ body }) => body.refresh_token)).size, 1, "one successor");
  const audiences = answers.slice(0, 2).map(({ body }) => [claimsOf(body.access_token).aud].flat());
  for (const [index, [, resource]] of resources.entries()) assert.ok(audiences[index].includes(resource));
  assert.equal(answers[4].body.scope, "openid");
  assert.equal((await refresh(server, app, answers[0].body.refresh_token)).status, 200);
});

test("an app whose code response was lost repeats the authorization request, and the user isn't asked again", async () => {
  const { client: app, browser: person, answer, verifier } = await signedIn(server);
  assert.equal((await redeem(server, app, answer.code, verifier)).body.error, "invalid_grant");
  const { challenge, verifier: next } = pkce();
  const again = await person.open(authorizeUrl(server, app, { challenge }));
  const { searchParams } = new URL(again.location);
  assert.equal((await redeem(server, app, searchParams.get("code"), next)).status, 200);
});

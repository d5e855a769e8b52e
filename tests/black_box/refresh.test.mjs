// RFC 6749 §6, RFC 9700 §4.14.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  authorize, basic, CALLBACK, pkce, post, publicApp, redeem, refresh, register, signedIn, signedUp, userinfo,
} from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => { server = await startServer({ vars: { REFRESH_WINDOW: "1" } }); });
after(() => server.stop());

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test("a public client's refresh token rotates", async () => {
  const { client, tokens } = await signedIn(server);
  const next = await refresh(server, client, tokens.refresh_token);
  assert.equal(next.status, 200);
  assert.notEqual(next.body.refresh_token, tokens.refresh_token);
  assert.match(next.body.refresh_token, /^vrt_/);
});

test("a lost response does not sign the user out, and the lost token ends the grant when it is used", async () => {
  const { client, tokens } = await signedIn(server);
  const lost = await refresh(server, client, tokens.refresh_token);
  await pause(1200);
  const replaced = await refresh(server, client, tokens.refresh_token);
  assert.equal(replaced.status, 200);
  assert.notEqual(replaced.body.refresh_token, lost.body.refresh_token);
  const thief = await refresh(server, client, lost.body.refresh_token);
  assert.equal(thief.body.error, "invalid_grant");
  assert.equal((await refresh(server, client, replaced.body.refresh_token)).status, 400);
  assert.equal((await userinfo(server, replaced.body.access_token)).status, 401);
});

test("a used token whose successor was used ends the whole grant (RFC 9700 §4.14.2)", async () => {
  const { client, tokens } = await signedIn(server);
  const second = await refresh(server, client, tokens.refresh_token);
  const third = await refresh(server, client, second.body.refresh_token);
  assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_grant");
  assert.equal((await refresh(server, client, third.body.refresh_token)).body.error, "invalid_grant");
});

test("a window of zero allows no second use", async () => {
  const strict = await startServer({ vars: { REFRESH_WINDOW: "0" } });
  try {
    const { client, tokens } = await signedIn(strict);
    assert.equal((await refresh(strict, client, tokens.refresh_token)).status, 200);
    assert.equal((await refresh(strict, client, tokens.refresh_token)).body.error, "invalid_grant");
  } finally {
    await strict.stop();
  }
});

test("a scope may be narrowed but never widened", async () => {
  const { client, tokens } = await signedIn(server);
  const narrow = await refresh(server, client, tokens.refresh_token, { scope: "openid" });
  assert.equal(narrow.body.scope, "openid");
  const wide = await refresh(server, client, narrow.body.refresh_token, { scope: "openid phone" });
  assert.equal(wide.body.error, "invalid_scope");
  assert.equal((await refresh(server, client, narrow.body.refresh_token)).status, 200);
});

test("another client's refresh token is refused and stays valid", async () => {
  const { client, tokens } = await signedIn(server);
  const other = await publicApp(server);
  assert.equal((await refresh(server, other, tokens.refresh_token)).body.error, "invalid_grant");
  assert.equal((await refresh(server, client, tokens.refresh_token)).status, 200);
});

test("a confidential client's refresh token stays, and needs the client's secret", async () => {
  const client = await register(server, { grant_types: ["authorization_code", "refresh_token"] });
  const { browser } = await signedUp(server);
  const { verifier, challenge } = pkce();
  const { code } = await authorize(server, client, browser, { challenge });
  const tokens = await post(
    `${server.url}/token`,
    { grant_type: "authorization_code", code, redirect_uri: CALLBACK, code_verifier: verifier },
    basic(client),
  );
  assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
  const { refresh_token } = tokens.body;
  const fields = { grant_type: "refresh_token", refresh_token };
  const next = await post(`${server.url}/token`, fields, basic(client));
  assert.equal(next.body.refresh_token, refresh_token);
  assert.equal((await refresh(server, client, refresh_token)).body.error, "invalid_client");
});

test("resources may be narrowed but never added (RFC 8707 §2.2)", async () => {
  const client = await publicApp(server);
  const { browser } = await signedUp(server);
  const { verifier, challenge } = pkce();
  const resource = "https://api.example.test/";
  const { code } = await authorize(server, client, browser, { challenge, resource, scope: "offline_access" });
  const tokens = await redeem(server, client, code, verifier);
  const audience = JSON.parse(Buffer.from(tokens.body.access_token.split(".")[1], "base64url")).aud;
  assert.equal(audience, resource);
  const other = await refresh(server, client, tokens.body.refresh_token, { resource: "https://other.example.test/" });
  assert.equal(other.body.error, "invalid_target");
});

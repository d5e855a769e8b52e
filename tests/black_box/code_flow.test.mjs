// RFC 6749 §4.1, OAuth 2.1 §4.1, RFC 7636, RFC 9207, OpenID Connect Core §3.1.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  CALLBACK, authorize, authorizeUrl, claimsOf, pkce, post, publicApp, redeem, refresh, signedIn, signedUp, userinfo,
} from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

test("a user who signs up is signed in, consents, and the app gets tokens", async () => {
  const { tokens, answer, client } = await signedIn(server, { parameters: { nonce: "n" } });
  assert.equal(answer.state, "a state");
  assert.equal(answer.iss, server.url);
  assert.equal(tokens.token_type, "Bearer");
  const id = claimsOf(tokens.id_token);
  assert.equal(id.iss, server.url);
  assert.equal(id.aud, client.client_id);
  assert.equal(id.nonce, "n");
  const me = await userinfo(server, tokens.access_token);
  assert.equal(me.status, 200, JSON.stringify(me.body));
  assert.equal(me.body.sub, id.sub);
});

test("a code redeemed twice ends its grant (RFC 6749 §4.1.2)", async () => {
  const { client, answer, verifier, tokens } = await signedIn(server);
  const again = await redeem(server, client, answer.code, verifier);
  assert.equal(again.status, 400);
  assert.equal(again.body.error, "invalid_grant");
  assert.equal((await userinfo(server, tokens.access_token)).status, 401);
  assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_grant");
});

// The attack: a code that was intercepted is sent after the user has signed out or the app has revoked its token.
test("a code whose grant was revoked or signed out can't start another grant (RFC 6749 §4.1.2)", async () => {
  const revoked = await signedIn(server);
  await post(`${server.url}/revoke`, { token: revoked.tokens.refresh_token, client_id: revoked.client.client_id });
  const { body } = await redeem(server, revoked.client, revoked.answer.code, revoked.verifier);
  assert.equal(body.error, "invalid_grant");

  const client = await publicApp(server, { first_party: true });
  const { browser } = await signedUp(server);
  const { verifier, challenge } = pkce();
  const { code } = await authorize(server, client, browser, { challenge, scope: "openid" });
  await browser.submit(await browser.open("/account"), {}, "/sign-out");
  assert.equal((await redeem(server, client, code, verifier)).body.error, "invalid_grant");
});

test("an altered code is refused, and the original still works", async () => {
  const client = await publicApp(server, { first_party: true });
  const { browser } = await signedUp(server);
  const { verifier, challenge } = pkce();
  const { code } = await authorize(server, client, browser, { challenge });
  const other = code.at(-2) === "A" ? "B" : "A";
  for (const changed of [`${code.slice(0, -2)}${other}${code.at(-1)}`, code.slice(0, -9), `${code}AAAA`, "vac_", code.slice(4)]) {
    assert.equal((await redeem(server, client, changed, verifier)).body.error, "invalid_grant", changed.slice(0, 12));
  }
  assert.equal((await redeem(server, client, code, verifier)).status, 200);
});

test("of 200 parallel redemptions of one code exactly one succeeds, and the rest end the grant", async () => {
  const client = await publicApp(server);
  const { browser } = await signedUp(server);
  const { verifier, challenge } = pkce();
  const { code } = await authorize(server, client, browser, { challenge });
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => redeem(server, client, code, verifier)),
  );
  const successes = answers.filter((answer) => answer.status === 200);
  assert.equal(successes.length, 1);
  assert.ok(answers.every(({ status, body }) => status === 200 || body.error === "invalid_grant"));
  assert.equal((await userinfo(server, successes[0].body.access_token)).status, 401);
});

test("50 parallel refreshes of one token leave the user signed in with one valid family", async () => {
  const { client, tokens } = await signedIn(server);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => refresh(server, client, tokens.refresh_token)),
  );
  assert.ok(answers.every(({ status }) => status === 200), JSON.stringify(answers.map((a) => a.body)));
  assert.equal(new Set(answers.map(({ body }) => body.refresh_token)).size, 1);
  const next = await refresh(server, client, answers[0].body.refresh_token);
  assert.equal(next.status, 200);
});

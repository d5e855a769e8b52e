// The authorization endpoint: OpenID Connect Core §3.1.2, RFC 6749 §4.1.2.1, RFC 9207, RFC 7636.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "../support/browser.mjs";
import {
  answerOf, authorize, authorizeUrl, basic, CALLBACK, claimsOf, pkce, post, publicApp, redeem, register, signedIn, signedUp,
} from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
let client;
const { verifier, challenge } = pkce();
before(async () => {
  server = await startServer();
  client = await publicApp(server, { redirect_uris: [CALLBACK, "http://127.0.0.1/cb"] });
});
after(() => server.stop());

const ask = (browser, parameters) =>
  browser.open(authorizeUrl(server, client, { challenge, ...parameters }));

test("prompt=none returns login_required and consent_required (Core §3.1.2.6)", async () => {
  const stranger = await ask(new Browser(server.url), { prompt: "none" });
  assert.deepEqual(answerOf(stranger), {
    error: "login_required",
    error_description: "the user must sign in",
    state: "a state",
    iss: server.url,
  });
  const { browser } = await signedUp(server);
  assert.equal(answerOf(await ask(browser, { prompt: "none" })).error, "consent_required");
  await authorize(server, client, browser, { challenge });
  assert.ok(answerOf(await ask(browser, { prompt: "none" })).code);
});

test("prompt=login asks for the password again, and auth_time grows", async () => {
  const { browser, person, tokens } = await signedIn(server, { client });
  const before = claimsOf(tokens.id_token).auth_time;
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const page = await ask(browser, { prompt: "login" });
  assert.equal(page.title, "Sign in");
  const { code } = answerOf(await browser.submit(page, person));
  const again = await redeem(server, client, code, verifier);
  assert.ok(claimsOf(again.body.id_token).auth_time > before);
});

test("max_age=0 asks for the password again", async () => {
  const { browser } = await signedIn(server, { client });
  assert.equal((await ask(browser, { max_age: "0" })).title, "Sign in");
  assert.equal(answerOf(await ask(browser, { max_age: "0", prompt: "none" })).error, "login_required");
  assert.ok(answerOf(await ask(browser, { max_age: "10000" })).code);
});

test("prompt=consent asks again, select_account asks for the account, create for a new one", async () => {
  const { browser } = await signedIn(server, { client });
  assert.match((await ask(browser, { prompt: "consent" })).title, /asks for access/);
  const select = await ask(browser, { prompt: "select_account" });
  assert.equal(select.title, "Choose an account");
  assert.ok(answerOf(await browser.submit(select, {})).code);
  assert.equal((await ask(browser, { prompt: "create" })).title, "Create your account");
});

test("an id_token_hint of another user never returns the signed-in user (Core §3.1.2.2)", async () => {
  const first = await signedIn(server, { client });
  const second = await signedIn(server, { client });
  const hint = { id_token_hint: first.tokens.id_token, prompt: "none" };
  assert.equal(answerOf(await ask(second.browser, hint)).error, "login_required");
  assert.ok(answerOf(await ask(first.browser, hint)).code);
  const sub = claimsOf(first.tokens.id_token).sub;
  const claims = JSON.stringify({ id_token: { sub: { value: sub } } });
  assert.equal(answerOf(await ask(second.browser, { claims, prompt: "none" })).error, "login_required");
  const forged = await ask(second.browser, { id_token_hint: "a.b.c" });
  assert.equal(answerOf(forged).error, "invalid_request");
});

test("individually requested claims are returned where they were requested (Core §5.5)", async () => {
  const claims = JSON.stringify({ id_token: { email: null }, userinfo: { updated_at: { essential: true } } });
  const { tokens, person } = await signedIn(server, { client, parameters: { claims, scope: "openid" } });
  assert.equal(claimsOf(tokens.id_token).email, person.email);
  const me = await (await fetch(`${server.url}/userinfo`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  })).json();
  assert.deepEqual(Object.keys(me).sort(), ["sub", "updated_at"]);
  const gold = JSON.stringify({ id_token: { acr: { essential: true, values: ["gold"] } } });
  const refused = await ask((await signedUp(server)).browser, { claims: gold });
  assert.equal(answerOf(refused).error, "unmet_authentication_requirements");
});

test("each unsupported parameter gets its own error (Core §3.1.2.6)", async () => {
  const { browser } = await signedUp(server);
  const error = async (parameters) => answerOf(await ask(browser, parameters)).error;
  assert.equal(await error({ request: "x" }), "request_not_supported");
  assert.equal(await error({ request_uri: "https://a.test" }), "request_uri_not_supported");
  assert.equal(await error({ registration: "{}" }), "registration_not_supported");
  assert.equal(await error({ response_type: "token" }), "unsupported_response_type");
  assert.equal(await error({ response_mode: "web_message" }), "invalid_request");
  assert.equal(await error({ prompt: "none login" }), "invalid_request");
  assert.equal(await error({ claims: "[]" }), "invalid_request");
  assert.equal(await error({ max_age: "soon" }), "invalid_request");
  assert.equal(await error({ resource: "relative" }), "invalid_target");
  assert.equal(await error({ scope: "unheard.of" }), "invalid_scope");
});

test("unknown hints are ignored", async () => {
  const { browser } = await signedIn(server, { client });
  const page = await ask(browser, { acr_values: "gold", ui_locales: "pt en", display: "touch", unknown: "x" });
  assert.ok(answerOf(page).code);
  const hinted = await ask(new Browser(server.url), { login_hint: "someone@example.test" });
  assert.match(hinted.text, /value="someone@example.test"/);
});

test("the response is sent as query, fragment or form_post, with iss and state (RFC 9207)", async () => {
  const { browser } = await signedIn(server, { client });
  const query = await ask(browser, { response_mode: "query" });
  assert.match(query.location, /\?code=.*&state=a\+state&iss=/);
  const fragment = await ask(browser, { response_mode: "fragment" });
  assert.match(fragment.location, /#code=.*&state=a\+state&iss=/);
  const posted = await ask(browser, { response_mode: "form_post" });
  assert.equal(posted.status, 200);
  assert.equal(posted.forms[0].action, CALLBACK);
  assert.deepEqual(Object.keys(posted.forms[0].fields), ["code", "state", "iss"]);
  const policy = posted.response.headers.get("content-security-policy");
  assert.match(policy, /form-action 'self' https:;/);
});

test("a request by POST is accepted like one by GET (Core §3.1.2.1)", async () => {
  const { browser } = await signedIn(server, { client });
  const url = new URL(authorizeUrl(server, client, { challenge }));
  const response = await browser.request("/authorize", { method: "POST", body: url.searchParams });
  assert.ok(answerOf(response).code);
});

test("an unknown client or redirect URI gets a page, never a redirect (RFC 9700 §4.11)", async () => {
  const browser = new Browser(server.url);
  const page = async (parameters, remove) => {
    const url = new URL(authorizeUrl(server, client, { challenge, ...parameters }));
    for (const name of remove ?? []) url.searchParams.delete(name);
    const answer = await browser.open(url.href);
    assert.equal(answer.status, 400);
    assert.equal(answer.location, null);
    return answer;
  };
  await page({ client_id: "nobody" });
  await page({}, ["client_id"]);
  await page({}, ["redirect_uri"]);
  for (const attack of [
    `${CALLBACK}/`, `${CALLBACK}?x=1`, `${CALLBACK}/../x`, `${CALLBACK}#`, "https://evil.test/",
    "https://app.example.test@evil.test/callback", "https://APP.example.test/callback", "javascript:alert(1)",
    "http://127.0.0.1:99/other", "http://127.0.0.1:99@evil.test/cb",
  ]) {
    await page({ redirect_uri: attack });
  }
  const twice = await browser.open(`${authorizeUrl(server, client, { challenge })}&client_id=x`);
  assert.equal(twice.status, 400);
  const loopback = await ask(browser, { redirect_uri: "http://127.0.0.1:51004/cb" });
  assert.equal(loopback.title, "Sign in", "the port of a loopback address may differ (RFC 8252 §7.3)");
});

test("a parameter that is sent twice is refused (RFC 6749 §3.1)", async () => {
  const { browser } = await signedUp(server);
  const page = await browser.open(`${authorizeUrl(server, client, { challenge })}&nonce=a&nonce=b`);
  assert.equal(answerOf(page).error, "invalid_request");
});

test("every client must use PKCE, with S256 only (OAuth 2.1 §7.5)", async () => {
  const { browser } = await signedUp(server);
  const error = async (app, parameters) =>
    answerOf(await browser.open(authorizeUrl(server, app, parameters))).error;
  const confidential = await register(server);
  assert.equal(await error(client, {}), "invalid_request");
  assert.equal(await error(confidential, {}), "invalid_request");
  assert.equal(await error(client, { code_challenge: challenge, code_challenge_method: "plain" }), "invalid_request");
  assert.equal(await error(client, { code_challenge: challenge }), "invalid_request");
});

test("a confidential client may be exempt from PKCE, and then its redirect URI binds the code", async () => {
  const excused = await register(server, { require_pkce: false });
  const { browser } = await signedUp(server);
  const { code } = await authorize(server, excused, browser, { nonce: "n" });
  const fields = { grant_type: "authorization_code", code };
  const verified = await post(`${server.url}/token`, { ...fields, redirect_uri: CALLBACK, code_verifier: verifier }, basic(excused));
  assert.equal(verified.body.error, "invalid_grant", "a verifier without a challenge points to a downgrade");
  const bare = await post(`${server.url}/token`, fields, basic(excused));
  assert.equal(bare.body.error, "invalid_grant");
  const answer = await post(`${server.url}/token`, { ...fields, redirect_uri: CALLBACK }, basic(excused));
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
});

test("an app that the user denies gets access_denied", async () => {
  const { browser } = await signedUp(server);
  const page = await ask(browser, {});
  const answer = answerOf(await browser.submit(page, { decision: "deny" }, "/consent"));
  assert.equal(answer.error, "access_denied");
  assert.equal(answer.iss, server.url);
});

test("a first-party client needs no consent; other clients need it again for anything new", async () => {
  const { browser } = await signedUp(server);
  const own = await publicApp(server, { first_party: true });
  assert.ok(answerOf(await browser.open(authorizeUrl(server, own, { challenge }))).code);
  await authorize(server, client, browser, { challenge, scope: "openid" });
  assert.ok(answerOf(await ask(browser, { scope: "openid" })).code);
  assert.match((await ask(browser, { scope: "openid phone" })).title, /asks for access/);
});

// Mode 5: a user connects an outside account, and apps get fresh tokens for it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newBrowser, settings } from "../support/federation.mjs";
import { CALLBACK, authorize, form, pkce, publicApp, redeem, signedUp } from "../support/oauth.mjs";
import { crash, startServer } from "../support/server.mjs";
import { startMalicious } from "../support/upstream/malicious.mjs";
import { logInUpstream } from "../support/upstream/http.mjs";

let upstream;
let server;
before(async () => {
  upstream = await startMalicious();
  const table = {
    id: "social",
    name: "Social",
    issuer: upstream.issuer,
    client_id: "vestibule",
    sign_in: false,
    connection_scope: "openid post read offline_access",
  };
  server = await startServer({ vars: settings([table]) });
});
after(async () => {
  await server.stop();
  await upstream.stop();
});

// An app that the user allows to use the connected account.
async function allowed(browser, metadata = {}) {
  const app = await publicApp(server, { scope: "openid offline_access connection:social", ...metadata });
  const { verifier, challenge } = pkce();
  const { code } = await authorize(server, app, browser, { challenge, scope: "openid connection:social" });
  const { body } = await redeem(server, app, code, verifier);
  return { app, access_token: body.access_token };
}

async function connected({ scope = "post" } = {}) {
  const { browser } = await signedUp(server);
  const { app, access_token } = await allowed(browser);
  const page = await connect(browser, app, { scope });
  assert.match(page.location ?? page.title, /connection=social/);
  return { app, browser, page, access_token };
}

// Connects on the account page, for every app that the user allows.
async function connectForEveryApp(browser) {
  const there = await browser.submit(await browser.open("/connect/social"), { decision: "connect" }, "/connect/social");
  const page = await browser.open(await logInUpstream(there.location, "anyone"));
  assert.match(page.text, /The account was connected/);
  return page;
}

async function connect(browser, app, { scope = "post", state = "a state" } = {}) {
  const query = form({ client_id: app.client_id, redirect_uri: CALLBACK, scope, state });
  const asked = await browser.open(`/connect/social?${query}`);
  const there = await browser.submit(asked, { decision: "connect" }, "/connect/social");
  return browser.open(await logInUpstream(there.location, "anyone"));
}

async function token(access_token) {
  const response = await fetch(`${server.url}/connections/social/token`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

// Short-lived tokens live for 2 seconds: the provider counts in whole seconds, and the profile is fetched with the
// token first, so 1 second could already be over.
const reset = () => {
  Object.assign(upstream.settings, { expires_in: 3600, delay: 0, refreshTokens: true, rotate: true, reuse: "refuse" });
  upstream.next({});
  upstream.counts.reset();
};

test("the user connects an account from the app, approves what it needs, and the app gets a token (steps 1 to 9)", async () => {
  reset();
  const { page, access_token } = await connected();
  const answer = Object.fromEntries(new URL(page.location).searchParams);
  assert.deepEqual(answer, { iss: server.url, connection: "social", state: "a state" });
  const { query } = upstream.last("/authorize");
  assert.equal(query.scope, "post openid");
  const { status, headers, body } = await token(access_token);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(body.token_type, "Bearer");
  assert.ok(body.access_token.startsWith("at-"));
  assert.ok(body.expires_in > 3500);
});

test("50 callers at once get the same fresh token by one refresh, counted at the provider", async () => {
  reset();
  upstream.settings.expires_in = 2;
  const { access_token } = await connected();
  await new Promise((resolve) => setTimeout(resolve, 2300));
  upstream.settings.expires_in = 3600;
  upstream.settings.delay = 300;
  const answers = await Promise.all(Array.from({ length: 50 }, () => token(access_token)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(new Set(answers.map(({ body }) => body.access_token)).size, 1);
  assert.equal(upstream.counts.refresh_token, 1);
  // The rotated token is used next.
  assert.equal(upstream.counts.reuse, 0);
});

test("a refused refresh marks the connection broken and tells the app and the user", async () => {
  reset();
  upstream.settings.expires_in = 2;
  const { access_token, browser, app } = await connected();
  await new Promise((resolve) => setTimeout(resolve, 2300));
  upstream.next({ tokenResponse: () => ({ error: "invalid_grant" }) });
  const refused = await token(access_token);
  assert.equal(refused.status, 409);
  assert.equal(refused.body.error, "interaction_required");
  assert.equal(refused.body.connect_uri, `${server.url}/connect/social`);
  assert.match((await browser.open("/account")).text, /Connect it again in <bdi>Test App<\/bdi>: the provider no longer grants access/);
  upstream.next({});
  upstream.settings.expires_in = 3600;
  await connect(browser, app);
  assert.equal((await token(access_token)).status, 200);
});

test("an unavailable provider is reported as such, and an expired token is never returned", async () => {
  reset();
  Object.assign(upstream.settings, { expires_in: 2, rotate: false });
  const { access_token } = await connected();
  await new Promise((resolve) => setTimeout(resolve, 2300));
  upstream.next({ answer: (answer, path) => (path === "/token" ? { status: 503, body: "" } : answer) });
  const down = await token(access_token);
  assert.equal(down.status, 503, JSON.stringify(down.body));
  assert.equal(down.body.error, "temporarily_unavailable");
  assert.ok(down.headers.get("retry-after"));
  upstream.next({});
  upstream.settings.expires_in = 3600;
  await new Promise((resolve) => setTimeout(resolve, 5200));
  assert.equal((await token(access_token)).status, 200);
});

test("a process that dies during a refresh loses nothing that can be kept, and reports what was lost", async () => {
  for (const [reuse, expected] of [["allow", 200], ["refuse", 409]]) {
    reset();
    Object.assign(upstream.settings, { expires_in: 2, rotate: reuse === "refuse" });
    const { access_token, browser } = await connected();
    await new Promise((resolve) => setTimeout(resolve, 2300));
    upstream.settings.expires_in = 3600;
    // The process dies after the provider has accepted the refresh and before its response arrives.
    const slowly = (answer) => new Promise((resolve) => setTimeout(resolve, 1500, answer));
    upstream.next({ answer: (answer, path) => (path === "/token" ? slowly(answer) : answer) });
    const waiting = token(access_token).catch((error) => error);
    while (upstream.counts.refresh_token === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await crash(server);
    await waiting;
    upstream.next({});
    // The alarm wakes the object, which sends the refresh again.
    let answer;
    for (let attempt = 0; attempt < 30; attempt += 1) {
      answer = await token(access_token).catch(() => undefined);
      if (answer && answer.status !== 503) break;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    assert.equal(answer.status, expected, JSON.stringify(answer.body));
    if (expected === 409) assert.match((await browser.open("/account")).text, /response to a refresh was lost/);
  }
});

test("without the scope, with a revoked grant or without a connection there is no token", async () => {
  reset();
  const { browser } = await signedUp(server);
  const app = await publicApp(server, { scope: "openid connection:social" });
  const get = async (scope) => {
    const { verifier, challenge } = pkce();
    const { code } = await authorize(server, app, browser, { challenge, scope });
    return (await redeem(server, app, code, verifier)).body.access_token;
  };
  const plain = await token(await get("openid"));
  assert.equal(plain.status, 403);
  assert.equal(plain.body.error, "insufficient_scope");
  const unconnected = await get("openid connection:social");
  assert.equal((await token(unconnected)).status, 409);
  await connect(browser, app);
  assert.equal((await token(unconnected)).status, 200);
  const page = await browser.open("/account");
  await browser.submit(page, { scope: "" }, "/account/apps");
  assert.equal((await token(unconnected)).status, 401);
  assert.equal((await fetch(`${server.url}/connections/social/token`)).status, 401);
});

test("an app never gets the scopes that were approved for another app (confused deputy)", async () => {
  reset();
  const { browser } = await signedUp(server);
  const reader = await allowed(browser, { client_name: "Reader" });
  const poster = await allowed(browser, { client_name: "Poster" });
  await connect(browser, reader.app, { scope: "read" });
  await connect(browser, poster.app, { scope: "post" });
  assert.equal(upstream.last("/authorize").query.scope, "post openid");
  const [read, post] = [await token(reader.access_token), await token(poster.access_token)];
  assert.deepEqual([read.body.scope, post.body.scope], ["read openid", "post openid"]);
  assert.notEqual(read.body.access_token, post.body.access_token);
  const { text } = await browser.open("/account");
  assert.match(text, /for Reader/);
  assert.match(text, /for Poster/);
});

test("an app without a connection of its own gets the account-wide one, and one that has its own never does", async () => {
  reset();
  const { browser } = await signedUp(server);
  const [own, other] = [await allowed(browser), await allowed(browser)];
  await connect(browser, own.app, { scope: "read" });
  assert.equal((await token(other.access_token)).body.error, "interaction_required");
  await connectForEveryApp(browser);
  const [narrow, wide] = [await token(own.access_token), await token(other.access_token)];
  assert.equal(narrow.body.scope, "read openid");
  assert.equal(wide.body.scope, "openid post read offline_access");
  // Each takes two calls to Durable Objects, as the table in ARCHITECTURE.md says.
  for (const { headers } of [narrow, wide]) {
    assert.match(headers.get("server-timing"), /(?<![a-z-])objects;desc="2"/);
  }
  // After the user has disconnected the app's own connection, the app doesn't get the wider one instead.
  const page = await browser.open("/account");
  await browser.submit(page, { client_id: own.app.client_id }, "/account/connections");
  assert.equal((await token(own.access_token)).body.error, "interaction_required");
  assert.equal((await token(other.access_token)).status, 200);
});

test("the tokens of a provider that grants more than was approved are revoked, and the app is told", async () => {
  reset();
  const { browser } = await signedUp(server);
  const { app, access_token } = await allowed(browser);
  let issued;
  const wider = (body) => (issued = { ...body, scope: "openid post read" });
  upstream.next({ tokenResponse: wider });
  const refused = await connect(browser, app, { scope: "read" });
  const answer = Object.fromEntries(new URL(refused.location).searchParams);
  assert.equal(answer.error, "invalid_scope");
  assert.equal(answer.state, "a state");
  assert.match(answer.error_description, /cannot grant less/);
  assert.equal((await token(access_token)).status, 409);
  assert.ok(await revoked(issued.refresh_token));
  // The same on refresh.
  upstream.next({});
  upstream.settings.expires_in = 2;
  await connect(browser, app, { scope: "read" });
  await new Promise((resolve) => setTimeout(resolve, 2300));
  upstream.next({ tokenResponse: wider });
  const { status, body } = await token(access_token);
  assert.deepEqual([status, body.error], [409, "invalid_scope"]);
  assert.equal(body.connect_uri, `${server.url}/connect/social`);
  assert.ok(await revoked(issued.refresh_token));
});

// Polls until the provider was asked to revoke the token, because effects are performed after the response.
async function revoked(token) {
  for (let attempt = 0; attempt < 50 && !upstream.revoked.includes(token); attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return upstream.revoked.includes(token);
}

test("removing an app's access revokes its tokens at the provider", async () => {
  reset();
  let issued;
  upstream.next({ tokenResponse: (body) => (issued = body) });
  const { browser } = await connected();
  const { refresh_token } = issued;
  await browser.submit(await browser.open("/account"), { scope: "" }, "/account/apps");
  assert.ok(await revoked(refresh_token));
  assert.doesNotMatch((await browser.open("/account")).text, /for Test App/);
});

test("connecting the same app again narrows its scopes to those approved then, and disconnecting revokes the tokens", async () => {
  reset();
  const { browser, app, access_token } = await connected({ scope: "post read" });
  await connect(browser, app, { scope: "read" });
  assert.equal(upstream.last("/authorize").query.scope, "read openid");
  assert.equal((await token(access_token)).body.scope, "read openid");
  const page = await browser.open("/account");
  const gone = await browser.submit(page, {}, "/account/connections");
  assert.match(gone.text, /The account was disconnected/);
  assert.equal((await token(access_token)).status, 409);
  assert.equal(upstream.revoked.length > 0, true);
});

test("the user may cancel here or deny at the provider, and the app is told", async () => {
  reset();
  const { browser, app } = await connected();
  const query = form({ client_id: app.client_id, redirect_uri: CALLBACK, state: "s" });
  const asked = await browser.open(`/connect/social?${query}`);
  const cancelled = await browser.submit(asked, { decision: "cancel" }, "/connect/social");
  assert.equal(new URL(cancelled.location).searchParams.get("error"), "access_denied");
  upstream.next({ authorizeResponse: ({ state, iss }) => ({ state, iss, error: "access_denied" }) });
  const denied = await connect(browser, app);
  assert.equal(new URL(denied.location).searchParams.get("error"), "access_denied");
  upstream.next({});
});

test("an unregistered app or redirect URI never gets a redirect", async () => {
  const { browser, app } = await connected();
  for (const query of [
    { client_id: "nobody", redirect_uri: CALLBACK },
    { client_id: app.client_id, redirect_uri: "https://evil.example.test/" },
    { client_id: app.client_id, redirect_uri: CALLBACK, scope: "admin" },
  ]) {
    const page = await browser.open(`/connect/social?${form(query)}`);
    assert.equal(page.status, 400);
    assert.equal(page.location, null);
  }
});

test("a connected account signs nobody in", async () => {
  assert.equal((await newBrowser(server).open("/sign-in/social")).status, 404);
});

// The deployment's secret changes while there is stored state. With the previous secret nothing is lost; without it, a
// new key signs at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLocalJWKSet, jwtVerify } from "jose";
import { Browser } from "../support/browser.mjs";
import { settings } from "../support/federation.mjs";
import {
  CALLBACK, authorize, authorizeUrl, basic, form, headerOf, pkce, post, publicApp, redeem, refresh, register, signedIn,
  signedUp, userinfo,
} from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";
import { logInUpstream } from "../support/upstream/http.mjs";
import { startMalicious } from "../support/upstream/malicious.mjs";

const A = { VESTIBULE_SECRET: "the first secret of the deployment, long enough" };
const B = { VESTIBULE_SECRET: "the second secret of the deployment, long enough" };
const B_AFTER_A = { ...B, VESTIBULE_SECRET_PREVIOUS: A.VESTIBULE_SECRET };

// The lines that the server logs from now on.
function listen(t) {
  const lines = [];
  const collect = (...words) => void lines.push(words.join(" "));
  for (const method of ["error", "log", "warn"]) t.mock.method(console, method, collect);
  return lines;
}

// Runs one deployment after the other with the same state. Each gets a server with its own secrets.
class Deployments {
  async start(secrets, more = {}) {
    const { state, port } = this.server ?? {};
    await this.server?.stop({ keep: true });
    this.server = await startServer({ vars: { ...secrets, ...more }, state, port });
    return this.server;
  }
  stop() {
    return this.server.stop();
  }
}

// A user's app and a service, with tokens that the server signed.
async function inhabitants(server) {
  const user = await signedIn(server);
  const machine = await register(server, { grant_types: ["client_credentials"], redirect_uris: [] });
  const spring = await publicApp(server, { id_token_signed_response_alg: "RS256" });
  return { user, machine, spring };
}

const token = (server, machine) => post(`${server.url}/token`, { grant_type: "client_credentials" }, basic(machine));
const jwks = async (server) => (await fetch(`${server.url}/jwks`)).json();
const kids = async (server) => (await jwks(server)).keys.map(({ kid }) => kid).sort();
const verify = async (server, jwt) => jwtVerify(jwt, createLocalJWKSet(await jwks(server)));

// The user's ID token for an app, signed with the app's algorithm.
async function idToken(server, browser, client) {
  const { verifier, challenge } = pkce();
  const { code } = await authorize(server, client, browser, { challenge });
  return (await redeem(server, client, code, verifier)).body.id_token;
}

test("after a change of the secret a new key signs at once, and earlier tokens still work", async (t) => {
  const deployments = new Deployments();
  try {
    let server = await deployments.start(A);
    const { user, machine, spring } = await inhabitants(server);
    const rs256 = await idToken(server, user.browser, spring);
    const before = await kids(server);
    const log = listen(t);
    server = await deployments.start(B);
    // Many simultaneous requests create only one key.
    const answers = await Promise.all(Array.from({ length: 20 }, () => token(server, machine)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]), JSON.stringify(answers[0].body));
    const signers = new Set(answers.map(({ body }) => headerOf(body.access_token).kid));
    assert.equal(signers.size, 1);
    const now = await kids(server);
    assert.equal(now.length, before.length + 2, "one for each algorithm");
    assert.ok(before.every((kid) => now.includes(kid)), "the old keys stay published");
    assert.ok(!before.includes([...signers][0]));
    for (const jwt of [user.tokens.access_token, user.tokens.id_token, rs256, answers[0].body.access_token]) {
      await verify(server, jwt);
    }
    assert.equal((await userinfo(server, user.tokens.access_token)).status, 200);
    const refreshed = await refresh(server, user.client, user.tokens.refresh_token);
    assert.equal(refreshed.status, 200, JSON.stringify(refreshed.body));
    await verify(server, refreshed.body.access_token);
    assert.equal((await user.browser.open("/account")).title, "Your account", "sessions survive");
    const next = await idToken(server, user.browser, spring);
    assert.equal(headerOf(next).alg, "RS256");
    await verify(server, next);
    const lines = log.filter((line) => line.includes("can be opened with this VESTIBULE_SECRET"));
    assert.equal(lines.length, 2, log.join("\n"));
    assert.deepEqual(lines.map((line) => line.match(/no (\w+) key/)[1]).sort(), ["ES256", "RS256"]);
    for (const { VESTIBULE_SECRET } of [A, B]) assert.ok(!log.join("\n").includes(VESTIBULE_SECRET));
    assert.match(answers[0].headers.get("server-timing"), /unreadable;desc="\d/, "it is counted");
    // Another start finds the new keys and creates none.
    server = await deployments.start(B);
    assert.equal(headerOf((await token(server, machine)).body.access_token).kid, [...signers][0]);
    assert.deepEqual(await kids(server), now);
  } finally {
    await deployments.stop();
  }
});

test("with the previous secret nothing changes for anyone, and later it is no longer needed", async (t) => {
  const log = listen(t);
  const deployments = new Deployments();
  try {
    let server = await deployments.start(A);
    const { user, machine, spring } = await inhabitants(server);
    const before = await kids(server);
    const kid = headerOf((await token(server, machine)).body.access_token).kid;
    // Unfinished work: a code that no app has redeemed, and a page that the user has open.
    const { verifier, challenge } = pkce();
    const { code } = await authorize(server, user.client, user.browser, { challenge });
    const other = await publicApp(server);
    const waiting = await user.browser.open(authorizeUrl(server, other, { challenge: pkce().challenge }));
    server = await deployments.start(B_AFTER_A);
    assert.equal((await redeem(server, user.client, code, verifier)).status, 200);
    const allowed = await user.browser.submit(waiting, { decision: "allow" }, "/consent");
    assert.match(allowed.location, /[?&]code=/);
    assert.equal(headerOf((await token(server, machine)).body.access_token).kid, kid);
    assert.deepEqual(await kids(server), before);
    server = await deployments.start(B);
    assert.equal(headerOf((await token(server, machine)).body.access_token).kid, kid, "it was sealed anew");
    assert.equal((await userinfo(server, user.tokens.access_token)).status, 200);
    assert.equal((await refresh(server, user.client, user.tokens.refresh_token)).status, 200);
    assert.equal((await user.browser.open("/account")).title, "Your account");
    assert.equal(headerOf(await idToken(server, user.browser, spring)).alg, "RS256");
    assert.deepEqual(await kids(server), before);
    assert.doesNotMatch(log.join("\n"), /VESTIBULE_SECRET|sealing/);
  } finally {
    await deployments.stop();
  }
});

test("tokens of an outside account survive a rotation, and without the old secret the app is told to connect again", async (t) => {
  const upstream = await startMalicious();
  const table = {
    id: "social", name: "Social", issuer: upstream.issuer, client_id: "vestibule", sign_in: false,
    connection_scope: "openid post offline_access",
  };
  const more = settings([table]);
  const deployments = new Deployments();
  try {
    Object.assign(upstream.settings, { expires_in: 3600, delay: 0, refreshTokens: true, rotate: true, reuse: "refuse" });
    let server = await deployments.start(A, more);
    const { browser } = await signedUp(server);
    const app = await publicApp(server, { scope: "openid offline_access connection:social" });
    const { verifier, challenge } = pkce();
    const { code } = await authorize(server, app, browser, { challenge, scope: "openid connection:social" });
    const { access_token } = (await redeem(server, app, code, verifier)).body;
    const connect = async () => {
      const query = form({ client_id: app.client_id, redirect_uri: CALLBACK, scope: "post", state: "s" });
      const page = await browser.open(`/connect/social?${query}`);
      const there = await browser.submit(page, { decision: "connect" }, "/connect/social");
      return browser.open(await logInUpstream(there.location, "anyone"));
    };
    const outside = async () => {
      const headers = { authorization: `Bearer ${access_token}` };
      const response = await fetch(`${server.url}/connections/social/token`, { headers });
      return { status: response.status, body: await response.json() };
    };
    await connect();
    const first = await outside();
    assert.equal(first.status, 200, JSON.stringify(first.body));
    server = await deployments.start(B_AFTER_A, more);
    assert.equal((await outside()).body.access_token, first.body.access_token);
    server = await deployments.start(B, more);
    assert.equal((await outside()).body.access_token, first.body.access_token, "it was sealed anew");
    const log = listen(t);
    server = await deployments.start(A, more);
    const lost = await outside();
    assert.equal(lost.status, 409, JSON.stringify(lost.body));
    assert.equal(lost.body.error, "interaction_required");
    assert.equal(lost.body.connect_uri, `${server.url}/connect/social`);
    assert.match(log.join("\n"), /a token of an outside account was sealed with another VESTIBULE_SECRET/);
    await connect();
    assert.equal((await outside()).status, 200);
  } finally {
    await deployments.stop();
    await upstream.stop();
  }
});

test("a code survives the loss of the secret, and a sealed page costs only a new request", async () => {
  const deployments = new Deployments();
  try {
    let server = await deployments.start(A);
    const { client, browser } = await signedIn(server);
    const { verifier, challenge } = pkce();
    const { code } = await authorize(server, client, browser, { challenge });
    const stranger = new Browser(server.url);
    const signIn = await stranger.open(authorizeUrl(server, client, { challenge: pkce().challenge }));
    server = await deployments.start(B);
    assert.equal((await redeem(server, client, code, verifier)).status, 200);
    const expired = await stranger.submit(signIn, { email: "nobody@example.test", password: "x" }, "/sign-in");
    assert.equal(expired.status, 400, expired.text);
    assert.equal(expired.title, "This page has expired");
  } finally {
    await deployments.stop();
  }
});

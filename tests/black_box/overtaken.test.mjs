// Pages and tokens that are out of date when they are used, on the real runtime.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { after, before, test } from "node:test";
import {
  answerOf, authorizeUrl, deviceCode, decideDevice, pkce, poll, publicApp, redeem, refresh, signedIn, signedUp,
  television, userinfo,
} from "../support/oauth.mjs";
import { newBrowser, startWithUpstream, through } from "../support/federation.mjs";
import { startServer } from "../support/server.mjs";

let world;
let server;
before(async () => {
  world = await startWithUpstream();
  ({ server } = world);
});
after(() => world.stop());

const SESSION = "__Host-session";

test("a consent page of one user never counts for another (OpenID Connect Core §3.1.2.4)", async () => {
  const app = await publicApp(server);
  const { browser, person } = await signedUp(server);
  const { browser: other, person: second } = await signedUp(server);
  const { challenge, verifier } = pkce();
  const asked = await browser.open(authorizeUrl(server, app, { challenge }));
  assert.match(asked.text, new RegExp(person.email));
  browser.cookies.set(SESSION, other.cookies.get(SESSION));
  const again = await browser.submit(asked, { decision: "allow" }, "/consent");
  assert.deepEqual([again.status, again.location], [409, null]);
  assert.match(again.text, new RegExp(second.email));
  const { code } = answerOf(await browser.submit(again, { decision: "allow" }, "/consent"));
  const tokens = await redeem(server, app, code, verifier);
  const { body } = await userinfo(server, tokens.body.access_token);
  assert.equal(body.email, second.email);
});

test("a device page of one user never approves the device for another", async () => {
  const tv = await television(server);
  const { browser } = await signedUp(server);
  const { browser: other } = await signedUp(server);
  const { device_code, user_code } = await deviceCode(server, tv);
  const asked = await browser.open(`/device?user_code=${user_code}`);
  browser.cookies.set(SESSION, other.cookies.get(SESSION));
  const again = await browser.submit(asked, { decision: "allow" }, "/device/decide");
  assert.equal(again.status, 409);
  assert.equal((await poll(server, tv, device_code)).body.error, "authorization_pending");
  assert.equal((await decideDevice(browser, user_code, "allow")).title, "Your device is signed in");
});

test("two tabs sign in at one provider, in either order", async () => {
  for (const order of [[0, 1], [1, 0]]) {
    const browser = newBrowser(server);
    const ways = [];
    for (let tab = 0; tab < 2; tab += 1) ways.push(await browser.open("/sign-in/up"));
    for (const tab of order) {
      const page = await through(browser, ways[tab], "dana");
      assert.equal(page.title, "Your account", page.text);
    }
    assert.ok([...browser.cookies.keys()].every((name) => !name.includes("upstream")), "nothing is left");
  }
});

test("a deleted client's tokens are refused, and its ID token signs nobody out without asking (RFC 7592 §2.3)", async () => {
  const { client, browser, tokens } = await signedIn(server);
  assert.equal((await userinfo(server, tokens.access_token)).status, 200);
  assert.match((await browser.open("/account")).text, new RegExp(client.client_id));
  const authorization = `Bearer ${client.registration_access_token}`;
  const deleted = await fetch(client.registration_client_uri, { method: "DELETE", headers: { authorization } });
  assert.equal(deleted.status, 204);
  const refused = await userinfo(server, tokens.access_token);
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("www-authenticate"), /invalid_token/);
  assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_client");
  assert.doesNotMatch((await browser.open("/account")).text, new RegExp(client.client_id));
  const asked = await browser.open(`/end_session?id_token_hint=${tokens.id_token}`);
  assert.equal(asked.title, "Sign out?");
});

// An ID token with the same claims, signed by another key.
function signedBy(key, kid, tokens) {
  const header = Buffer.from(JSON.stringify({ alg: "ES256", typ: "JWT", kid })).toString("base64url");
  const input = `${header}.${tokens.id_token.split(".")[1]}`;
  const signature = sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

test("an ID token whose key is no longer published still ends its session (RP-Initiated Logout §2)", async () => {
  const own = await startServer();
  try {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "old", alg: "ES256", use: "sig" };
    const recognized_until = Date.now() + 60_000;
    const { browser, tokens } = await signedIn(own);
    const kv = await own.mf.getKVNamespace("KV");
    const [{ name }] = (await kv.list({ prefix: "hint-keys/" })).keys;
    await kv.put(name, JSON.stringify([{ public: jwk, recognized_until }]));
    assert.doesNotMatch(await (await fetch(`${own.url}/jwks`)).text(), /"old"/);
    const forged = signedBy(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, "old", tokens);
    assert.equal((await browser.open(`/end_session?id_token_hint=${forged}`)).status, 400);
    const out = await browser.open(`/end_session?id_token_hint=${signedBy(privateKey, "old", tokens)}`);
    assert.equal(out.title, "You are signed out");
    assert.equal((await browser.open("/account")).title, "Sign in");
  } finally {
    await own.stop();
  }
});

test("a hint with an unknown key costs one read of KV in ten minutes", async () => {
  const { browser, tokens } = await signedIn(server);
  const [, payload, signature] = tokens.id_token.split(".");
  const reads = [];
  for (let index = 0; index < 5; index += 1) {
    const header = { alg: "ES256", typ: "JWT", kid: `unknown-${index}` };
    const hint = `${Buffer.from(JSON.stringify(header)).toString("base64url")}.${payload}.${signature}`;
    const answer = await browser.request(`/end_session?id_token_hint=${hint}`);
    assert.equal(answer.status, 400);
    reads.push(Number(answer.headers.get("server-timing").match(/kv-reads;desc="(\d+)"/)[1]));
  }
  assert.deepEqual(reads.slice(1), [0, 0, 0, 0]);
});

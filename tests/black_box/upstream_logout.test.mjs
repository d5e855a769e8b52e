// Logout that a provider starts, and logout that continues at the provider (OpenID Connect Back-Channel Logout 1.0,
// RP-Initiated Logout 1.0).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dana, newBrowser, settings, through } from "../support/federation.mjs";
import { startWithUpstream } from "../support/federation.mjs";
import { freePort, startServer } from "../support/server.mjs";
import { startMalicious } from "../support/upstream/malicious.mjs";
import { logInUpstream, logOutUpstream, newJar } from "../support/upstream/http.mjs";

let upstream;
let server;
before(async () => {
  upstream = await startMalicious();
  const table = { id: "up", issuer: upstream.issuer, client_id: "vestibule", trust_email: true };
  server = await startServer({ vars: settings([table]) });
});
after(async () => {
  await server.stop();
  await upstream.stop();
});

async function signedIn() {
  const browser = newBrowser(server);
  const there = await browser.open("/sign-in/up");
  const page = await browser.open(await logInUpstream(there.location, "anyone"));
  assert.equal(page.title, "Your account");
  return browser;
}

const isSignedIn = async (browser) => (await browser.open("/account")).title === "Your account";

async function logout(logout_token, path = "/backchannel_logout/up") {
  const response = await fetch(`${server.url}${path}`, { method: "POST", body: new URLSearchParams({ logout_token }) });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

test("a logout token by sub ends every session that came from the provider, in every browser (§2.7)", async () => {
  const browsers = [await signedIn(), await signedIn()];
  // The token is issued shortly after the sessions started.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const { status, headers } = await logout(upstream.logoutToken("vestibule"));
  assert.equal(status, 200);
  assert.equal(headers.get("cache-control"), "no-store");
  for (const browser of browsers) assert.equal(await isSignedIn(browser), false);
});

test("a logout token with only a sid ends that session and no other", async () => {
  const first = await signedIn();
  const { sid } = JSON.parse(Buffer.from(upstream.lastIdToken.split(".")[1], "base64url"));
  const second = await signedIn();
  const only = (claims) => ({ ...claims, sub: undefined, sid });
  assert.equal((await logout(upstream.logoutToken("vestibule", only))).status, 200);
  assert.equal(await isSignedIn(first), false);
  assert.equal(await isSignedIn(second), true);
});

test("a replayed logout token ends no session that started later", async () => {
  const token = upstream.logoutToken("vestibule", (claims) => ({ ...claims, iat: claims.iat - 60 }));
  const browser = await signedIn();
  assert.equal((await logout(token)).status, 200);
  assert.equal(await isSignedIn(browser), true);
});

const ID_TOKEN = { nonce: "n", exp: Math.floor(Date.now() / 1000) + 300 };
for (const [what, change, how] of [
  ["from another issuer", (c) => ({ ...c, iss: "https://evil.example.com" })],
  ["for another client", (c) => ({ ...c, aud: "another" })],
  ["that is old", (c) => ({ ...c, iat: c.iat - 4000 })],
  ["that has expired", (c) => ({ ...c, exp: c.iat - 100 })],
  ["that names nobody", (c) => ({ ...c, sub: undefined })],
  ["without the event", (c) => ({ ...c, events: {} })],
  ["with the event as a list", (c) => ({ ...c, events: { "http://schemas.openid.net/event/backchannel-logout": [] } })],
  ["that is an ID token", (c) => ({ ...c, events: undefined, ...ID_TOKEN })],
  ["with a nonce", (c) => ({ ...c, nonce: "n" })],
  ["that is not signed", undefined, { alg: "none" }],
  ["that is signed with the public key", undefined, { alg: "HS256" }],
  ["of another type", undefined, { header: (h) => ({ ...h, typ: "at+jwt" }) }],
]) {
  test(`a logout token ${what} is refused (§2.6)`, async () => {
    const browser = await signedIn();
    const { status, text } = await logout(upstream.logoutToken("vestibule", change, how));
    assert.equal(status, 400, text);
    assert.equal(JSON.parse(text).error, "invalid_request");
    assert.equal(await isSignedIn(browser), true);
  });
}

test("junk and unknown providers are refused", async () => {
  for (const token of ["", "a.b.c", "x".repeat(20_000)]) assert.equal((await logout(token)).status, 400);
  assert.equal((await logout("x", "/backchannel_logout/nobody")).status, 400);
});

test("signing out at oidc-provider signs out here, and signing out here signs out there too", async () => {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const world = await startWithUpstream({
    clientOf: {
      redirect_uris: [`${url}/callback/up`],
      backchannel_logout_uri: `${url}/backchannel_logout/up`,
      backchannel_logout_session_required: true,
      post_logout_redirect_uris: [`${url}/signed-out/up`],
    },
    provider: { upstream_logout: true },
    port,
  });
  try {
    const jar = newJar();
    const browser = newBrowser(world.server);
    assert.equal((await through(browser, "/sign-in/up", "dana", { jar })).title, "Your account");
    const other = newBrowser(world.server);
    await through(other, "/sign-in/up", "dana", { jar });
    // A sign-out here ends this browser's session and the provider's.
    const page = await browser.open("/account");
    const there = await browser.submit(page, {}, "/sign-out");
    assert.ok(there.location.startsWith(world.upstream.endSession), there.location);
    const back = await logOutUpstream(there.location, { jar });
    assert.equal((await browser.open(back)).title, "You are signed out");
    // A sign-out at the provider notifies this server, which also signs out the other browser.
    assert.deepEqual(world.upstream.logouts.map(({ sub, error }) => [sub, error]), [[dana.sub, undefined]]);
    assert.notEqual((await other.open("/account")).title, "Your account");
  } finally {
    await world.stop();
  }
});

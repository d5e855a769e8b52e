// Mode 3: first-party login. Developers register their own apps.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, decode } from "../support/browser.mjs";
import {
  authorizeUrl, basic, CALLBACK, decideDevice, deviceCode, newPerson, pkce, poll, post, refresh, signedUp,
} from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

const APP = { name: "Album", redirect_uris: CALLBACK, scope: "openid email" };
const shownSecret = (page) => page.text.match(/<code>(vcs_[^<]*)<\/code>/)?.[1];
const shownId = (page) => page.text.match(/<code>(vcl_[^<]*)<\/code>/)?.[1];
const alert = (page) => decode(page.text.match(/role="alert"[^>]*>([^<]*)</)?.[1] ?? "");

async function registered(fields = {}) {
  const { browser } = await signedUp(server);
  const page = await browser.submit(await browser.open("/developers"), { ...APP, kind: "confidential", ...fields });
  assert.equal(page.status, 200, page.text);
  return { browser, page, client: { client_id: shownId(page), client_secret: shownSecret(page) } };
}

const act = async (browser, page, action, fields) => {
  const response = await browser.request(`/developers/${shownId(page)}`, {
    method: "POST",
    headers: { origin: server.url },
    body: new URLSearchParams({ ...Object.assign({}, ...page.forms.map((form) => form.fields)), action, ...fields }),
  });
  return browser.page(await browser.follow(response));
};

// Whether the token endpoint accepts the client's secret: if so, it refuses the wrong code as a grant.
async function authenticates(client) {
  const { body } = await post(`${server.url}/token`, { grant_type: "authorization_code", code: "x" }, basic(client));
  return body.error === "invalid_grant";
}

test("a developer registers an app and sees its secret once, and users sign in to the app", async () => {
  const { browser, page, client } = await registered();
  assert.ok(await authenticates(client));
  const again = await browser.open(`/developers/${client.client_id}`);
  assert.equal(shownSecret(again), undefined);
  assert.match(page.text, /It won.t be shown again/);
  const { challenge } = pkce();
  const asked = await browser.open(authorizeUrl(server, client, { challenge, scope: "openid email" }));
  assert.equal(asked.title, "Album asks for access");
  assert.match(asked.text, /This app hasn't been verified/);
});

test("an app for a TV or a command line has no secret and no redirect URI, and gets tokens by the device grant", async () => {
  const { page, client } = await registered({ kind: "device", redirect_uris: "", scope: "openid offline_access" });
  assert.equal(client.client_secret, undefined);
  assert.match(page.text, /users enter a code on their phone or computer/);
  const { device_code, user_code } = await deviceCode(server, client);
  assert.equal((await poll(server, client, device_code)).body.error, "authorization_pending");
  const { browser: user } = await signedUp(server);
  assert.equal((await user.open(`/device?user_code=${user_code}`)).title, "Approve Album?");
  assert.equal((await decideDevice(user, user_code, "allow")).title, "Your device is signed in");
  const tokens = await poll(server, client, device_code, { prefer: "wait=5" });
  assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
  assert.equal((await refresh(server, client, tokens.body.refresh_token)).status, 200);
  // Apps of the other kinds can't use the device grant (RFC 8628 §3.1, RFC 6749 §5.2).
  const { client: other } = await registered({ kind: "public" });
  const refused = await post(`${server.url}/device_authorization`, { client_id: other.client_id });
  assert.deepEqual([refused.status, refused.body.error], [400, "unauthorized_client"]);
});

test("a secret rotates: the new one works at once, the old one until it is retired, and there are never three", async () => {
  const { browser, page, client } = await registered();
  assert.ok(await authenticates(client));
  const rotated = await act(browser, page, "rotate");
  const newer = { ...client, client_secret: shownSecret(rotated) };
  assert.ok(await authenticates(newer));
  assert.ok(await authenticates(client));
  assert.equal((await act(browser, rotated, "rotate")).status, 409);
  await act(browser, rotated, "retire");
  assert.ok(await authenticates(newer));
  // An isolate may have the client cached, so the old secret may work for up to a minute.
  assert.ok(!(await authenticates({ ...client, client_secret: "vcs_wrong" })));
});

test("a new secret whose page was lost can be discarded, and the app keeps the secret that it has", async () => {
  const { browser, page, client } = await registered();
  assert.equal((await act(browser, page, "discard")).status, 409, "the only secret stays");
  const rotated = await act(browser, page, "rotate");
  const discarded = await act(browser, rotated, "discard");
  assert.match(discarded.text, /The newest secret was discarded/);
  assert.ok(await authenticates(client));
  const again = await act(browser, discarded, "rotate");
  assert.equal(again.status, 200);
  assert.ok(await authenticates({ ...client, client_secret: shownSecret(again) }));
});

test("a tab that shows outdated secrets can't retire any", async () => {
  const { browser, page, client } = await registered();
  const stale = await act(browser, page, "rotate");
  const second = { ...client, client_secret: shownSecret(stale) };
  const retired = await act(browser, stale, "retire");
  const third = { ...client, client_secret: shownSecret(await act(browser, retired, "rotate")) };
  for (const action of ["retire", "discard", "rotate"]) {
    const refused = await act(browser, stale, action);
    assert.equal(refused.status, 409);
    assert.match(refused.text, /The secrets changed since you opened this page/);
  }
  assert.ok(await authenticates(second), "the secret in use stays");
  assert.ok(await authenticates(third));
});

test("a tab that shows outdated settings can't restore what another tab removed", async () => {
  const { browser, page } = await registered();
  const settings = (name, uri) => ({ name, redirect_uris: uri, scope: "openid" });
  const saved = await act(browser, page, "save", settings("Album", "https://album.example.test/new"));
  assert.match(saved.text, /The app was saved/);
  const stale = await act(browser, page, "save", settings("Renamed", "https://album.example.test/callback"));
  assert.equal(stale.status, 409);
  assert.match(stale.text, /The app was changed since you opened this page/);
  assert.match(stale.text, /value="Renamed"/, "what was typed is still there");
  const now = await browser.open(`/developers/${shownId(page)}`);
  assert.match(now.text, /album\.example\.test\/new/);
});

test("a saved redirect URI works at once; a bad one is refused with a clear message", async () => {
  const { browser, page, client } = await registered();
  const { challenge } = pkce();
  const ask = (redirect_uri) => browser.open(authorizeUrl(server, client, { challenge, redirect_uri, scope: "openid" }));
  const other = "https://album.example.test/other";
  assert.equal((await ask(other)).status, 400);
  const saved = await act(browser, page, "save", { ...APP, redirect_uris: `${CALLBACK}\n${other}` });
  assert.match(saved.text, /The app was saved/);
  assert.equal((await ask(other)).title, "Album asks for access");
  for (const [uri, words] of [
    ["javascript:alert(1)", /can't have this scheme/],
    ["http://album.example.test/", /Use https/],
    ["https://album.example.test/#x", /can't have a #/],
    ["", /Enter at least one redirect URI/],
    ["myapp:/callback", /a scheme with a period/],
    ["callback", /Enter the whole address/],
  ]) {
    const refused = await act(browser, saved, "save", { ...APP, redirect_uris: uri });
    assert.equal(refused.status, 422);
    assert.match(alert(refused), words);
  }
});

test("only its developer can manage an app, and deleting it ends it", async () => {
  const { browser, page, client } = await registered();
  const { browser: other } = await signedUp(server);
  assert.equal((await other.open(`/developers/${client.client_id}`)).status, 404);
  assert.equal((await act(other, { ...page, forms: (await other.open("/developers")).forms }, "delete")).status, 404);
  const asked = await act(browser, page, "ask-delete");
  assert.match(asked.text, /This can't be undone/);
  assert.equal((await browser.open(`/developers/${client.client_id}`)).status, 200, "asking deletes nothing");
  const gone = await act(browser, { ...page, forms: asked.forms }, "delete");
  assert.match(gone.text, /The app was deleted/);
  assert.equal((await browser.open(`/developers/${client.client_id}`)).status, 404);
});

test("an account with registered apps can't be deleted before them", async () => {
  const { browser } = await registered();
  const page = await browser.open("/account/delete");
  const kept = await browser.submit(page, { current_password: "a long enough passphrase" });
  assert.equal(kept.status, 409);
  assert.match(alert(kept), /Delete them first/);
});

test("only whom the operator allows registers apps, and a typed address counts in development alone", async () => {
  const listed = { DEVELOPERS: "@example.com", VESTIBULE_SECRET: "a secret of the deployment for the tests, long enough" };
  const demoPerson = { email: "demo@example.com", password: "vestibule-demo" };
  const development = await startServer({ vars: listed });
  const { port, state, url } = development;
  const { browser: typed } = await signedUp(development, { ...newPerson(), email: "eve@example.com" });
  const { browser: elsewhere } = await signedUp(development, { ...newPerson(), email: "eve@example.org" });
  try {
    assert.equal((await typed.open("/developers")).title, "Your apps");
    assert.equal((await elsewhere.open("/developers")).status, 403);
    await fetch(`${url}/demo`);
  } finally {
    await development.stop({ keep: true });
  }
  const production = await startServer({ vars: { ...listed, ENVIRONMENT: "production" }, state, port });
  try {
    assert.equal((await typed.open("/developers")).status, 403);
    const demo = new Browser(url);
    await demo.submit(await demo.open("/sign-in"), demoPerson);
    assert.equal((await demo.open("/developers")).title, "Your apps");
    assert.equal((await new Browser(url).open("/developers")).title, "Sign in");
  } finally {
    await production.stop();
  }
});

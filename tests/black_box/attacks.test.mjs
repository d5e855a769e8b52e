// Attacks on the running server. Each test is named after what the attacker wants, and shows that it fails;
// SECURITY.md maps attacks to rules and tests. Attacks that need to move the clock are in tests/native/attacks.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "../support/browser.mjs";
import { dana, client as upstreamClient, newBrowser, settings, startWithUpstream, through } from "../support/federation.mjs";
import {
  answerOf, authorizeInBrowser, authorizeUrl, claimsOf, newPerson, pkce, publicApp, redeem, refresh, register, signedIn, signedUp,
  userinfo,
} from "../support/oauth.mjs";
import { freePort, startServer } from "../support/server.mjs";
import { startUpstream } from "../support/upstream/oidc.mjs";

let world;
let server;
before(async () => {
  world = await startWithUpstream();
  server = world.server;
});
after(() => world.stop());

// A browser with a copy of another browser's session cookie.
function thiefOf(victim) {
  const thief = new Browser(victim.origin);
  thief.cookies.set("__Host-session", victim.cookies.get("__Host-session"));
  return thief;
}

async function postForm(browser, path, fields) {
  const { csrf } = (await browser.open("/account")).forms[0].fields;
  return browser.page(
    await browser.request(path, {
      method: "POST",
      body: new URLSearchParams({ csrf, ...fields }),
      headers: { origin: browser.origin },
    }),
  );
}

test("a stolen session links the thief's own identity, which signs in after the password was changed", async () => {
  const { browser: victim, person } = await signedUp(server);
  const thief = thiefOf(victim);
  for (const fields of [{ link: "up" }, { link: "up", current_password: "guess guess guess" }]) {
    const page = await postForm(thief, "/account/identities", fields);
    assert.equal(page.status, 403);
    assert.equal(page.title, "Confirm it's you");
  }
  const app = await publicApp(server, { first_party: true });
  const { verifier, challenge } = pkce();
  const { code } = answerOf({ location: await authorizeInBrowser(thief, authorizeUrl(server, app, { challenge })) });
  const stolen = await redeem(server, app, code, verifier);
  const changed = await postForm(victim, "/account/password", {
    current_password: person.password,
    new_password: "another long passphrase",
  });
  assert.match(changed.location, /done=password/);
  assert.equal((await thief.open("/account")).title, "Sign in", "the copied cookie opens no session");
  assert.equal((await refresh(server, app, stolen.body.refresh_token)).body.error, "invalid_grant");
  assert.equal((await userinfo(server, stolen.body.access_token)).status, 401);
  assert.equal((await victim.open("/account")).title, "Your account");
});

test("the user confirms with the password and links an identity", async () => {
  const { browser, person } = await signedUp(server);
  const asked = await postForm(browser, "/account/identities", { link: "up" });
  world.upstream.setAccount("owner", { sub: "owner", email: "owner@other.test", email_verified: true });
  const there = await browser.page(
    await browser.request("/account/identities", {
      method: "POST",
      body: new URLSearchParams({ ...asked.forms[0].fields, current_password: person.password }),
      headers: { origin: server.url },
    }),
  );
  assert.match((await through(browser, there, "owner")).text, /The account was linked/);
});

test("claims asked for by name outlive the access that was removed (OpenID Connect Core §5.5)", async () => {
  const claims = JSON.stringify({ userinfo: { email: null }, id_token: { email: null } });
  const parameters = { claims, scope: "openid profile offline_access" };
  const { browser, client, tokens } = await signedIn(server, { parameters });
  assert.ok((await userinfo(server, tokens.access_token)).body.email);
  assert.ok(claimsOf(tokens.id_token).email);
  await postForm(browser, "/account/apps", { client_id: client.client_id, scope: "email" });
  assert.equal((await userinfo(server, tokens.access_token)).body.email, undefined);
  const again = await refresh(server, client, tokens.refresh_token);
  assert.equal(claimsOf(again.body.id_token).email, undefined);
  assert.equal((await userinfo(server, again.body.access_token)).body.email, undefined);
});

test("one app pushes out every other app's grants with 505 silent requests", async () => {
  const { browser, client, tokens } = await signedIn(server, { client: await publicApp(server, { first_party: true }) });
  const greedy = await publicApp(server, { first_party: true });
  for (let time = 0; time < 505; time += 1) {
    const answer = await browser.request(authorizeUrl(server, greedy, { challenge: pkce().challenge, prompt: "none" }));
    assert.ok(answerOf(answer).code);
  }
  assert.equal((await userinfo(server, tokens.access_token)).status, 200);
  assert.equal((await refresh(server, client, tokens.refresh_token)).status, 200);
});

test("a used refresh token is revived once its answer can't have been lost any more", async () => {
  const strict = await startServer({ vars: { REFRESH_WINDOW: "1", REFRESH_LOST_ANSWER: "2" } });
  try {
    const { client, tokens } = await signedIn(strict);
    const next = await refresh(strict, client, tokens.refresh_token);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.equal((await refresh(strict, client, tokens.refresh_token)).body.error, "invalid_grant");
    assert.equal((await refresh(strict, client, next.body.refresh_token)).body.error, "invalid_grant", "the grant has ended");
  } finally {
    await strict.stop();
  }
});

test("the server leads a browser to an app that nobody vouches for (RFC 9700 §4.11.2)", async () => {
  const evil = "https://evil.example.test/landing";
  const app = await register(server, { redirect_uris: [evil], post_logout_redirect_uris: [evil], token_endpoint_auth_method: "none" });
  const base = { client_id: app.client_id, redirect_uri: evil };
  for (const path of [
    `/authorize?${new URLSearchParams({ ...base, response_type: "token" })}`,
    `/authorize?${new URLSearchParams({ ...base, response_type: "code", response_mode: "nonsense" })}`,
    `/authorize?${new URLSearchParams({ ...base, response_type: "code", scope: "no-such-scope" })}`,
    `/end_session?${new URLSearchParams({ client_id: app.client_id, post_logout_redirect_uri: evil })}`,
  ]) {
    const page = await new Browser(server.url).page(await fetch(`${server.url}${path}`, { redirect: "manual" }));
    assert.equal(page.location, null, path);
    assert.match(page.text, /evil\.example\.test/);
  }
  // prompt=none is exempt, because OpenID Connect Core §3.1.2.6 requires the redirect.
  const silent = `/authorize?${new URLSearchParams({ ...base, response_type: "token", prompt: "none" })}`;
  assert.equal(answerOf(await fetch(`${server.url}${silent}`, { redirect: "manual" })).error, "unsupported_response_type");
});

test("an ID token alone ends a session without its cookie", async () => {
  const { browser, tokens } = await signedIn(server);
  const url = `${server.url}/end_session?${new URLSearchParams({ id_token_hint: tokens.id_token })}`;
  await fetch(url, { redirect: "manual" });
  assert.equal((await browser.open("/account")).title, "Your account");
  await browser.open(url);
  assert.equal((await browser.open("/account")).title, "Sign in");
});

test("a social provider makes its user an admin, and one source of groups replaces another's", async () => {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const accounts = { dana: { ...dana, email: undefined, groups: ["staff"] } };
  const evil = { dana: { ...dana, email: undefined, groups: ["admin", "acme-owners"], roles: ["root"] } };
  const company = await startUpstream({ clients: [upstreamClient(url, "corp")], accounts, options: {} });
  const social = await startUpstream({ clients: [upstreamClient(url, "social")], accounts: evil, options: {} });
  const table = { client_id: "vestibule", scope: "openid profile email groups roles" };
  const providers = [
    { id: "corp", issuer: company.issuer, domains: ["acme.example"], ...table },
    { id: "social", issuer: social.issuer, ...table },
  ];
  const own = await startServer({ port, vars: settings(providers) });
  try {
    const app = await publicApp(own, { first_party: true, scope: "openid groups roles" });
    const browser = newBrowser(own);
    await through(browser, "/sign-in/corp?prompt=login", "dana");
    const there = await postForm(browser, "/account/identities", { link: "social" });
    assert.match((await through(browser, there, "dana")).text, /The account was linked/);
    await through(browser, "/sign-in/social", "dana");
    const { verifier, challenge } = pkce();
    const scope = "openid groups roles";
    const { code } = answerOf({ location: await authorizeInBrowser(browser, authorizeUrl(own, app, { challenge, scope })) });
    const { body } = await redeem(own, app, code, verifier);
    const profile = await userinfo(own, body.access_token);
    assert.deepEqual(profile.body.groups, ["staff"]);
    assert.equal(profile.body.roles, undefined);
  } finally {
    await own.stop();
    await company.stop();
    await social.stop();
  }
});

test("a company is served by an issuer of many tenants", async () => {
  const table = { id: "corp", preset: "microsoft", client_id: "vestibule", domains: ["acme.example"] };
  const own = await startServer({
    vars: { ...settings([table]), ENVIRONMENT: "production", VESTIBULE_SECRET: "a secret of more than 32 characters" },
  });
  try {
    const answer = await fetch(`${own.url}/sign-in`);
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /tenants of many companies/);
  } finally {
    await own.stop();
  }
});

test("a sign-in whose time the provider doesn't tell has a fresh auth_time", async () => {
  const app = await publicApp(server, { first_party: true });
  const browser = newBrowser(server);
  await through(browser, "/sign-in/up", "dana");
  const { verifier, challenge } = pkce();
  const { code } = answerOf({ location: await authorizeInBrowser(browser, authorizeUrl(server, app, { challenge })) });
  const { body } = await redeem(server, app, code, verifier);
  assert.equal(claimsOf(body.id_token).auth_time, undefined);
  assert.equal(claimsOf(body.access_token).auth_time, undefined);
  for (const asked of [{ prompt: "login" }, { max_age: "3600" }]) {
    const page = await browser.open(authorizeUrl(server, app, { challenge, ...asked }));
    assert.equal(page.location, null, JSON.stringify(asked));
    assert.equal(page.title, "Sign in");
  }
  const password = await postForm(browser, "/account/password", { new_password: "a long enough passphrase" });
  assert.equal(password.status, 422);
});

test("a sign-up that proves nothing keeps an address from its owner", async () => {
  const email = `squatted-${Date.now()}@example.test`;
  const squatter = await signedUp(server, { email, password: "a long enough passphrase" });
  world.upstream.setAccount("proven", { sub: "proven", email, email_verified: true });
  const owner = newBrowser(server);
  const page = await through(owner, "/sign-in/up", "proven");
  const asked = await owner.submit(page, { decision: "not-mine" });
  assert.equal(asked.title, "Start a new account?");
  const taken = await owner.submit(asked, { decision: "start-over" });
  assert.equal(taken.title, "Your account", taken.text);
  assert.match(taken.text, new RegExp(email));
  assert.match((await squatter.browser.open("/account")).text, /someone else has proven/);
  const again = new Browser(server.url);
  assert.equal((await again.submit(await again.open("/sign-in"), { email, password: "a long enough passphrase" })).status, 422);
});

test("right passwords without end, and sign-ups beyond the limit, keep the server hashing", async () => {
  const strict = await startServer({ vars: { SIGN_INS_PER_HOUR: "3", SIGN_UPS_PER_HOUR: "1" } });
  try {
    const { person } = await signedUp(strict);
    const signIn = async () => {
      const browser = new Browser(strict.url);
      return (await browser.submit(await browser.open("/sign-in"), person)).status;
    };
    assert.deepEqual([await signIn(), await signIn(), await signIn(), await signIn()], [200, 200, 200, 429]);
    const refused = new Browser(strict.url);
    assert.equal((await refused.submit(await refused.open("/sign-up"), newPerson())).status, 422);
  } finally {
    await strict.stop();
  }
});

test("the operator's own app at loopback gets a code without consent (RFC 8252 §8.6)", async () => {
  const app = await publicApp(server, { first_party: true, redirect_uris: ["http://127.0.0.1/callback"] });
  const { browser } = await signedUp(server);
  const url = authorizeUrl(server, app, { challenge: pkce().challenge, redirect_uri: "http://127.0.0.1:4567/callback", scope: "openid" });
  assert.match((await browser.open(url)).title, /asks for access|wants/);
});

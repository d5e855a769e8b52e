// Sign-up, sign-in, the account page, and logout.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "../support/browser.mjs";
import { authorizeUrl, newPerson, pkce, publicApp, refresh, signedIn, signedUp, userinfo } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

const signIn = async (at, person, browser = new Browser(at.url)) =>
  browser.submit(await browser.open("/sign-in"), person);
const signUp = async (at, person, browser = new Browser(at.url)) =>
  browser.submit(await browser.open("/sign-up"), person);
const alert = (page) => page.text.match(/role="alert"[^>]*>([^<]*)</)?.[1];

test("a sign-up for an existing address creates nothing and gets the same response as a network over its limit", async () => {
  const { person } = await signedUp(server);
  const taken = await signUp(server, { email: person.email.toUpperCase(), password: "another long passphrase" });
  assert.equal(taken.status, 422);
  assert.equal((await signIn(server, { ...person, password: "another long passphrase" })).status, 422);
  const strict = await startServer({ vars: { SIGN_UPS_PER_HOUR: "1" } });
  try {
    await signedUp(strict);
    const limited = await signUp(strict, newPerson());
    assert.deepEqual([limited.status, alert(limited)], [taken.status, alert(taken)]);
  } finally {
    await strict.stop();
  }
});

test("of many simultaneous sign-ups for one address exactly one succeeds", async () => {
  const person = newPerson();
  const pages = await Promise.all(Array.from({ length: 8 }, () => signUp(server, person)));
  assert.equal(pages.filter(({ title }) => title === "Your account").length, 1);
  assert.equal((await signIn(server, person)).title, "Your account");
});

test("a wrong password and an address without an account get the same responses and the same delays", async () => {
  const { person } = await signedUp(server);
  const nobody = newPerson();
  // The response to a failed sign-in comes a second after the request, so shorter delays have passed by then.
  const statuses = [];
  while (statuses.at(-1) !== 429 && statuses.length < 10) {
    const password = "wrong wrong wrong";
    const [wrong, unknown] = await Promise.all([person, nobody].map((who) => signIn(server, { ...who, password })));
    assert.equal(wrong.status, unknown.status, `attempt ${statuses.length}`);
    if (wrong.status === 422) assert.equal(alert(wrong), alert(unknown));
    statuses.push(wrong.status);
  }
  assert.deepEqual(statuses, [422, 422, 422, 422, 422, 422, 429]);
});

test("weak passwords are refused with a message that says what to do", async () => {
  const page = await signUp(server, { ...newPerson(), password: "short" });
  assert.equal(page.status, 422);
  assert.match(alert(page), /at least 10 characters/);
});

test("every cookie is bound to the host, secure and hidden from scripts; pages have a strict policy", async () => {
  const response = await fetch(`${server.url}/sign-in`);
  for (const cookie of response.headers.getSetCookie()) {
    assert.match(cookie, /^__Host-[a-z]+=/);
    for (const attribute of ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]) assert.ok(cookie.includes(attribute));
  }
  const policy = response.headers.get("content-security-policy");
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.ok(response.headers.get("x-request-id"));
});

test("signing in replaces the session's cookie (session fixation)", async () => {
  const { browser, person } = await signedUp(server);
  const before = browser.cookies.get("__Host-session");
  await signIn(server, person, browser);
  assert.notEqual(browser.cookies.get("__Host-session"), before);
  const old = new Browser(server.url);
  old.cookies.set("__Host-session", before);
  assert.equal((await old.open("/account")).title, "Sign in");
});

test("a new password signs every other browser out", async () => {
  const { browser, person } = await signedUp(server);
  const other = new Browser(server.url);
  await signIn(server, person, other);
  const fields = { current_password: person.password, new_password: "a new long passphrase" };
  const wrong = await browser.submit(await browser.open("/account"), { ...fields, current_password: "no" }, "/account/password");
  assert.equal(wrong.status, 422);
  const done = await browser.submit(await browser.open("/account"), fields, "/account/password");
  assert.match(done.text, /Password changed/);
  assert.equal((await other.open("/account")).title, "Sign in");
  assert.equal((await signIn(server, person)).status, 422);
  assert.equal((await signIn(server, { ...person, password: fields.new_password })).title, "Your account");
});

test("a user sees the other browsers and signs one out", async () => {
  const { browser, person } = await signedUp(server);
  const other = new Browser(server.url);
  await signIn(server, person, other);
  const page = await browser.open("/account");
  const done = await browser.submit(page, {}, "/account/sessions");
  assert.match(done.text, /That browser was signed out/);
  assert.equal((await other.open("/account")).title, "Sign in");
});

test("a user removes an app's access: its tokens end and it must ask again", async () => {
  const { browser, client, tokens } = await signedIn(server);
  const done = await browser.submit(await browser.open("/account"), { scope: "" }, "/account/apps");
  assert.match(done.text, /The app can no longer use your account/);
  assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_grant");
  assert.equal((await userinfo(server, tokens.access_token)).status, 401);
  const again = await browser.open(authorizeUrl(server, client, { challenge: pkce().challenge }));
  assert.match(again.title, /asks for access/);
});

test("the profile can be changed, and errors say what is wrong", async () => {
  const { browser } = await signedUp(server);
  const done = await browser.submit(await browser.open("/account"), { name: "<b>Ann</b>" }, "/account/profile");
  assert.match(done.text, /Your profile was saved/);
  assert.doesNotMatch(done.text, /<b>Ann/, "what people write is escaped");
  const wrong = await browser.submit(await browser.open("/account"), { birthdate: "soon" }, "/account/profile");
  assert.equal(wrong.status, 422);
});

test("deleting the account ends its tokens and sessions and frees the address", async () => {
  const { browser, person, client, tokens } = await signedIn(server);
  const wrong = await browser.submit(await browser.open("/account/delete"), { current_password: "no" });
  assert.equal(wrong.status, 422);
  const done = await browser.submit(await browser.open("/account/delete"), { current_password: person.password });
  assert.equal(done.title, "Your account was deleted");
  assert.equal((await userinfo(server, tokens.access_token)).status, 401);
  assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_grant");
  assert.equal((await signIn(server, person)).status, 422);
  assert.equal((await signUp(server, person)).title, "Your account");
});

test("an app signs the user out with the ID token, and the browser returns to it (RP-Initiated Logout)", async () => {
  const post_logout_redirect_uris = ["https://app.example.test/bye"];
  const client = await publicApp(server, { post_logout_redirect_uris });
  const { browser, tokens } = await signedIn(server, { client });
  const logout = (fields) => browser.open(`/end_session?${new URLSearchParams(fields)}`);
  const hint = { id_token_hint: tokens.id_token };
  const refused = await logout({ ...hint, post_logout_redirect_uri: "https://app.example.test/bye/" });
  assert.equal(refused.status, 400);
  const asked = await logout({});
  assert.equal(asked.title, "Sign out?", "anyone can send a browser here, so it asks");
  const out = await logout({ ...hint, post_logout_redirect_uri: post_logout_redirect_uris[0], state: "s" });
  assert.equal(out.location, "https://app.example.test/bye?state=s");
  assert.equal((await browser.open("/account")).title, "Sign in");
});

test("an interaction that another deployment sealed is refused", async () => {
  const client = await publicApp(server);
  const first = await new Browser(server.url).open(authorizeUrl(server, client, { challenge: pkce().challenge }));
  const { flow } = first.forms[0].fields;
  const other = await startServer({ vars: { VESTIBULE_SECRET: "another secret of another deployment" } });
  try {
    assert.equal((await new Browser(other.url).open(`/sign-in?flow=${flow}`)).status, 400);
  } finally {
    await other.stop();
  }
  assert.equal(first.status, 200);
});

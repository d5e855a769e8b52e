// RFC 8628, and its extension with `Prefer: wait` (RFC 7240 §4.3).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "../support/browser.mjs";
import { decideDevice, deviceCode, newPerson, poll, refresh, signedUp, television } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
let client;
let browser;
before(async () => {
  server = await startServer();
  client = await television(server);
  ({ browser } = await signedUp(server));
});
after(() => server.stop());

test("the device authorization response has the members of §3.2", async () => {
  const answer = await deviceCode(server, client);
  assert.match(answer.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  assert.equal(answer.verification_uri, `${server.url}/device`);
  assert.equal(answer.verification_uri_complete, `${server.url}/device?user_code=${answer.user_code}`);
  assert.deepEqual([answer.expires_in, answer.interval], [600, 5]);
});

test("a scope that the device's client did not register is left out, and the response and the page say so", async () => {
  const tv = await television(server, { scope: "openid" });
  const answer = await deviceCode(server, tv, { scope: "openid photos.print" });
  assert.equal(answer.scope, "openid");
  const page = await browser.open(`/device?user_code=${answer.user_code}`);
  assert.match(page.text, /the app also requested <code>photos\.print<\/code>/);
});

test("a waiting device gets authorization_pending, and slow_down if it polls too often (§3.5)", async () => {
  const { device_code } = await deviceCode(server, client);
  const first = await poll(server, client, device_code);
  assert.deepEqual([first.status, first.body.error], [400, "authorization_pending"]);
  const second = await poll(server, client, device_code);
  assert.deepEqual([second.status, second.body.error], [400, "slow_down"]);
});

test("a code is accepted in any spelling, and the approved device gets its tokens once", async () => {
  for (const typed of [(code) => code.toLowerCase(), (code) => code.replace("-", ""), (code) => code.replace("-", " ")]) {
    const { device_code, user_code } = await deviceCode(server, client);
    const done = await decideDevice(browser, typed(user_code), "allow");
    assert.equal(done.title, "Your device is signed in", done.text);
    const tokens = await poll(server, client, device_code);
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
    assert.ok(tokens.body.id_token);
    assert.equal((await refresh(server, client, tokens.body.refresh_token)).status, 200);
    const again = await poll(server, client, device_code);
    assert.equal(again.body.error, "invalid_grant");
  }
});

test("a denied device gets access_denied with status 400 (§3.5)", async () => {
  const { device_code, user_code } = await deviceCode(server, client);
  const done = await decideDevice(browser, user_code, "deny");
  assert.equal(done.title, "The device was denied");
  const answer = await poll(server, client, device_code);
  assert.deepEqual([answer.status, answer.body.error], [400, "access_denied"]);
});

test("a held poll gets its response the moment the user decides", async () => {
  for (const [decision, expected] of [["allow", undefined], ["deny", "access_denied"]]) {
    const { device_code, user_code } = await deviceCode(server, client);
    let answered = false;
    const held = poll(server, client, device_code, { prefer: "wait=30" }).then((answer) => {
      answered = true;
      return answer;
    });
    const page = await browser.submit(await browser.open("/device"), { user_code });
    assert.equal(answered, false, "the poll is held while nobody has decided");
    await browser.submit(page, { decision }, "/device/decide");
    assert.equal((await held).body.error, expected);
  }
});

test("a held poll without a decision gets authorization_pending", async () => {
  const { device_code } = await deviceCode(server, client);
  const answer = await poll(server, client, device_code, { prefer: "wait=1" });
  assert.equal(answer.body.error, "authorization_pending");
});

test("a client can't poll with another client's code", async () => {
  const { device_code } = await deviceCode(server, client);
  const other = await television(server);
  assert.equal((await poll(server, other, device_code)).body.error, "invalid_grant");
});

test("a user who opens verification_uri_complete signs up and is asked", async () => {
  const { verification_uri_complete, device_code } = await deviceCode(server, client);
  const visitor = new Browser(server.url);
  const signIn = await visitor.open(verification_uri_complete);
  assert.equal(signIn.title, "Sign in");
  const signUp = await visitor.open(signIn.text.match(/href="([^"]*\/sign-up[^"]*)"/)[1].replaceAll("&#38;", "&"));
  const approve = await visitor.submit(signUp, newPerson());
  assert.match(approve.title, /Approve Test TV/);
  assert.match(approve.text, /This app hasn't been verified/);
  await visitor.submit(approve, { decision: "allow" }, "/device/decide");
  assert.equal((await poll(server, client, device_code)).status, 200);
});

test("the QR code contains verification_uri_complete (§3.3.1)", async () => {
  const { verification_qr_uri } = await deviceCode(server, client);
  const answer = await fetch(verification_qr_uri);
  assert.equal(answer.headers.get("content-type"), "image/svg+xml");
  assert.match(await answer.text(), /^<svg [^>]*viewBox/);
  assert.equal((await fetch(`${server.url}/device/qr.svg?user_code=x`)).status, 400);
});

test("guesses of user codes are limited, per network and per account (§5.1)", async () => {
  const strict = await startServer({ vars: { WRONG_USER_CODES_PER_HOUR: "3" } });
  try {
    const { browser: guesser } = await signedUp(strict);
    const statuses = [];
    for (const code of ["BBBBBBBB", "CCCCCCCC", "DDDDDDDD", "FFFFFFFF"]) {
      statuses.push((await decideDevice(guesser, code, "allow")).status);
    }
    assert.deepEqual(statuses, [404, 404, 404, 429]);
  } finally {
    await strict.stop();
  }
});

test("the page shows where the device is, and warns if that is far away (§5.4)", async () => {
  const lisbon = { country: "PT", city: "Lisbon", asOrganization: "Home Net", latitude: "38.72", longitude: "-9.14" };
  const tokyo = { country: "JP", region: "Tokyo", city: "Tokyo", asOrganization: "Far Net", latitude: "35.68", longitude: "139.69" };
  const far = await startServer({ cf: lisbon });
  try {
    const { browser: person } = await signedUp(far);
    const tv = await television(far);
    const near = await deviceCode(far, tv);
    const page = await person.open(`/device?user_code=${near.user_code}`);
    assert.match(page.text, /Lisbon, PT, near you/);
    assert.doesNotMatch(page.text, /far away from you/);
    const asked = await far.mf.dispatchFetch(`${far.url}/device_authorization`, {
      method: "POST",
      cf: tokyo,
      body: new URLSearchParams({ client_id: tv.client_id }).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    const { user_code } = await asked.json();
    const warned = await person.open(`/device?user_code=${user_code}`);
    assert.match(warned.text, /Tokyo, JP, about 11\d\d\d km from you/);
    assert.match(warned.text, /This device is far away from you/);
  } finally {
    await far.stop();
  }
});

test("the page has no line for what the network doesn't know", async () => {
  const austin = { country: "US", city: "Austin", region: "", asOrganization: "", latitude: "", longitude: "" };
  const server = await startServer({ cf: austin });
  try {
    const { browser: person } = await signedUp(server);
    const { user_code } = await deviceCode(server, await television(server));
    const page = await person.open(`/device?user_code=${user_code}`);
    assert.match(page.text, /Austin, US/);
    assert.doesNotMatch(page.text, /<dt>Network<\/dt>/);
  } finally {
    await server.stop();
  }
});

// Modes 2 and 3: sign-in through an independent OpenID provider, through a second Vestibule, and through both.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startWithUpstream, client, dana, newBrowser, SECRET, settings, through } from "../support/federation.mjs";
import { authorizeUrl, answerOf, claimsOf, pkce, publicApp, redeem, register, signedUp, userinfo } from "../support/oauth.mjs";
import { freePort, startServer } from "../support/server.mjs";
import { startUpstream } from "../support/upstream/oidc.mjs";
import { newJar } from "../support/upstream/http.mjs";

let world;
before(async () => {
  const eve = { sub: "eve", email: "eve@example.test", email_verified: false, name: "Eve" };
  world = await startWithUpstream({
    accounts: { dana, eve },
    clientOf: { backchannel_logout_session_required: true },
    options: { scopes: {} },
  });
});
after(() => world.stop());

test("an app's request goes through the provider and back to the app (nested federation, steps 1 to 11)", async () => {
  const { server } = world;
  const app = await publicApp(server, { first_party: undefined });
  const { verifier, challenge } = pkce();
  const browser = newBrowser(server);
  const page = await browser.open(authorizeUrl(server, app, { challenge }));
  const [, button] = page.text.match(/href="([^"]*\/sign-in\/up[^"]*)"/);
  let back = await through(browser, button.replaceAll("&#38;", "&"), "dana");
  if (back.forms.some(({ action }) => action === "/consent")) back = await browser.submit(back, { decision: "allow" }, "/consent");
  const { code } = answerOf(back);
  const { body } = await redeem(server, app, code, verifier);
  const claims = claimsOf(body.id_token);
  assert.notEqual(claims.sub, dana.sub);
  assert.deepEqual(claims.amr, ["pwd"]);
  const profile = await userinfo(server, body.access_token);
  assert.equal(profile.body.email, dana.email);
  assert.equal(profile.body.email_verified, true);
  assert.equal(profile.body.name, dana.name);
});

test("updated_at is when something changed, not when the user signed in (OpenID Connect Core §5.1)", async () => {
  const { server } = world;
  const app = await publicApp(server, { first_party: true });
  const seen = [];
  for (let time = 0; time < 2; time += 1) {
    const { verifier, challenge } = pkce();
    const browser = newBrowser(server);
    const page = await browser.open(authorizeUrl(server, app, { challenge }));
    const [, button] = page.text.match(/href="([^"]*\/sign-in\/up[^"]*)"/);
    const { code } = answerOf(await through(browser, button.replaceAll("&#38;", "&"), "dana"));
    const { body } = await redeem(server, app, code, verifier);
    seen.push((await userinfo(server, body.access_token)).body.updated_at);
    await new Promise((resolve) => setTimeout(resolve, 1100));
  }
  assert.ok(seen[0] > 0);
  assert.equal(seen[1], seen[0]);
});

test("the second sign-in finds the same account, with only one sign-in at the provider", async () => {
  const jar = newJar();
  const { server } = world;
  for (const expected of [2, 2]) {
    const page = await through(newBrowser(server), "/sign-in/up", "dana", { jar });
    assert.equal(page.title, "Your account");
    assert.equal(jar.shown.length, expected);
  }
});

test("prompt=login and max_age are passed to the provider, and its auth_time to the app", async () => {
  const { server } = world;
  const app = await publicApp(server);
  const { verifier, challenge } = pkce();
  const browser = newBrowser(server);
  const page = await browser.open(
    authorizeUrl(server, app, { challenge, prompt: "login consent", max_age: "0", ui_locales: "de", acr_values: "2", login_hint: "dana@example.test" }),
  );
  const [, button] = page.text.match(/href="([^"]*\/sign-in\/up[^"]*)"/);
  const there = await browser.open(button.replaceAll("&#38;", "&"));
  const asked = Object.fromEntries(new URL(there.location).searchParams);
  assert.equal(asked.prompt, "login");
  assert.equal(asked.max_age, "0");
  assert.equal(asked.ui_locales, "de");
  assert.equal(asked.acr_values, "2");
  assert.equal(asked.login_hint, "dana@example.test");
  let back = await through(browser, there, "dana");
  back = await browser.submit(back, { decision: "allow" }, "/consent");
  const { body } = await redeem(server, app, answerOf(back).code, verifier);
  assert.ok(Date.now() / 1000 - claimsOf(body.id_token).auth_time < 60);
});

test("a user who denies at the provider returns to a page with other ways to sign in", async () => {
  const page = await through(newBrowser(world.server), "/sign-in/up", "dana", { deny: true });
  assert.equal(page.status, 403);
  assert.match(page.text, /access was denied at/);
  assert.match(page.text, /Continue with Upstream/);
});

test("an address that the provider did not verify opens no account (account takeover)", async () => {
  const { server } = world;
  await signedUp(server, { email: "eve@example.test", password: "a long enough passphrase" });
  const page = await through(newBrowser(server), "/sign-in/up", "eve");
  assert.equal(page.title, "Your account");
  assert.doesNotMatch(page.text, /Change password/);
});

test("identities can be linked and unlinked on the account page, except for the last way to sign in", async () => {
  const { server, upstream } = world;
  upstream.setAccount("frank", { sub: "frank", email: "frank@other.test", email_verified: true });
  const { browser, person } = await signedUp(server);
  const current_password = person.password;
  const page = await browser.open("/account");
  const form = page.forms.find(({ fields }) => fields.link === "up");
  const there = await browser.page(await browser.request("/account/identities", {
    method: "POST",
    body: new URLSearchParams({ ...form.fields, current_password }),
    headers: { origin: server.url },
  }));
  const linked = await through(browser, there, "frank");
  assert.match(linked.text, /The account was linked/);
  assert.equal((await through(newBrowser(server), "/sign-in/up", "frank")).title, "Your account");
  const unlink = linked.forms.find(({ fields }) => fields.unlink);
  const post = async (at, fields) =>
    at.page(await at.follow(await at.request("/account/identities", {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { origin: server.url },
    })));
  assert.match((await post(browser, { ...unlink.fields, current_password })).text, /The account was unlinked/);
  // From now on the identity belongs to another account, where it is the only way to sign in.
  const alone = newBrowser(server);
  const own = await through(alone, "/sign-in/up?prompt=login", "frank");
  const last = own.forms.find(({ fields }) => fields.unlink);
  const refused = await post(alone, last.fields);
  assert.equal(refused.status, 409);
  assert.match(refused.text, /only way you can sign in/);
});

for (const mode of ["down", "nonsense", "huge", "redirect", "error500"]) {
  test(`a provider that fails (${mode}) ends on a page with a way on, and recovers`, async () => {
    const { server, upstream } = world;
    const browser = newBrowser(server);
    const there = await browser.open("/sign-in/up");
    upstream.fail(mode, "/token");
    try {
      const page = await through(browser, there, "dana");
      assert.ok([502, 503].includes(page.status), String(page.status));
      assert.match(page.text, /Continue with Upstream/);
    } finally {
      upstream.fail(null);
    }
    assert.equal((await through(newBrowser(server), "/sign-in/up", "dana")).title, "Your account");
  });
}

test("nobody can make the server fetch keys at will, but new keys are found", async () => {
  const { server, upstream } = await startWithUpstream();
  try {
    await through(newBrowser(server), "/sign-in/up", "dana");
    const fetched = upstream.counts["/jwks"];
    upstream.setKeys();
    // Within a minute of the last fetch, the keys aren't fetched again, and the sign-in is refused.
    const pages = [];
    for (let attempt = 0; attempt < 5; attempt += 1) pages.push(await through(newBrowser(server), "/sign-in/up", "dana"));
    assert.ok(pages.every(({ status }) => status === 502));
    assert.ok(upstream.counts["/jwks"] - fetched <= 1);
  } finally {
    await server.stop();
    await upstream.stop();
  }
});

for (const alg of ["RS256", "PS256", "ES256", "EdDSA"]) {
  test(`an ID token that is signed by ${alg} is taken, with private_key_jwt towards the provider`, async () => {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const registered = client(url, "up", {
      id_token_signed_response_alg: alg,
      client_secret: undefined,
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "ES256",
      jwks_uri: `${url}/jwks`,
    });
    const upstream = await startUpstream({ clients: [registered], accounts: { dana } });
    const table = { id: "up", issuer: upstream.issuer, client_id: "vestibule", token_endpoint_auth_method: "private_key_jwt" };
    const server = await startServer({ port, vars: settings([table]) });
    try {
      const page = await through(newBrowser(server), "/sign-in/up", "dana");
      assert.equal(page.title, "Your account", page.text);
    } finally {
      await server.stop();
      await upstream.stop();
    }
  });
}

test("a form_post response from another site is accepted", async () => {
  const form = await startWithUpstream({ provider: { authorization_parameters: { response_mode: "form_post" } } });
  try {
    const page = await through(newBrowser(form.server), "/sign-in/up", "dana");
    assert.equal(page.title, "Your account");
  } finally {
    await form.stop();
  }
});

test("a Vestibule behind a Vestibule behind a provider signs the user in to the app (three levels)", async () => {
  const outerPort = await freePort();
  const outerUrl = `http://localhost:${outerPort}`;
  const inner = await startWithUpstream();
  const registered = await register(inner.server, {
    client_name: "The outer Vestibule",
    redirect_uris: [`${outerUrl}/callback/inner`],
  });
  const table = {
    id: "inner",
    name: "Inner",
    issuer: inner.server.url,
    client_id: registered.client_id,
    secret: registered.client_secret,
    trust_email: true,
  };
  const outer = await startServer({ port: outerPort, vars: settings([table]) });
  try {
    const app = await publicApp(outer);
    const { verifier, challenge } = pkce();
    const [atOuter, atInner] = [newBrowser(outer), newBrowser(inner.server)];
    const page = await atOuter.open(authorizeUrl(outer, app, { challenge }));
    const [, button] = page.text.match(/href="([^"]*\/sign-in\/inner[^"]*)"/);
    const toInner = await atOuter.open(button.replaceAll("&#38;", "&"));
    const innerPage = await atInner.open(toInner.location);
    const [, deeper] = innerPage.text.match(/href="([^"]*\/sign-in\/up[^"]*)"/);
    const consent = await through(atInner, deeper.replaceAll("&#38;", "&"), "dana");
    const toOuter = await atInner.submit(consent, { decision: "allow" }, "/consent");
    let back = await atOuter.open(toOuter.location);
    back = await atOuter.submit(back, { decision: "allow" }, "/consent");
    const { body } = await redeem(outer, app, answerOf(back).code, verifier);
    const profile = await userinfo(outer, body.access_token);
    assert.equal(profile.body.email, dana.email);
    assert.equal(profile.body.name, dana.name);
  } finally {
    await outer.stop();
    await inner.stop();
  }
});

test("a missing secret or a wrong provider setting stops the start with a line that names it", async () => {
  const table = { id: "up", issuer: "https://id.example.com", client_id: "vestibule" };
  for (const [vars, expected] of [
    [{ PROVIDERS: [table] }, /PROVIDER_UP_SECRET is missing/],
    [settings([{ ...table, issuer: undefined }]), /needs an issuer/],
    [settings([{ ...table, colour: "red" }]), /colour/],
    [settings([table, table]), /stands there twice/],
    [settings([{ ...table, domains: ["not a domain"] }]), /among its domains/],
    [
      { ...settings([{ ...table, issuer: "https://10.0.0.1" }]), ENVIRONMENT: "production", VESTIBULE_SECRET: SECRET.repeat(2) },
      /private or numeric host/,
    ],
  ]) {
    const server = await startServer({ vars });
    try {
      const answer = await fetch(`${server.url}/sign-in`);
      assert.equal(answer.status, 503);
      assert.match(await answer.text(), expected);
    } finally {
      await server.stop();
    }
  }
});

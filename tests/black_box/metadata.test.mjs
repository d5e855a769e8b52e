// Every member of the metadata is true (RFC 8414, OpenID Connect Discovery). Also registration (RFC 7591, RFC 7592),
// and the claims in tokens (OpenID Connect Core §2, RFC 9068 §2.2).
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import {
  answerOf, authorizeUrl, basic, CALLBACK, DEVICE, pkce, post, publicApp, register, signedIn, signedUp, userinfo,
} from "../support/oauth.mjs";
import { Browser } from "../support/browser.mjs";
import { startServer } from "../support/server.mjs";

let server;
let metadata;
before(async () => {
  server = await startServer();
  metadata = await (await fetch(`${server.url}/.well-known/openid-configuration`)).json();
});
after(() => server.stop());

test("both well-known URLs serve the same document, to any origin", async () => {
  const other = await fetch(`${server.url}/.well-known/oauth-authorization-server`);
  assert.deepEqual(await other.json(), metadata);
  assert.equal(other.headers.get("access-control-allow-origin"), "*");
  assert.equal(metadata.issuer, server.url);
});

test("a cached document is identical to the original, with its headers (RFC 9111 §5.2.2.9)", async () => {
  for (const path of ["/jwks", "/.well-known/openid-configuration", "/assets/vestibule.css"]) {
    const read = async (method) => {
      const response = await fetch(`${server.url}${path}`, { method });
      const headers = Object.fromEntries([...response.headers].filter(([name]) => !["date", "server-timing", "x-request-id"].includes(name)));
      return { status: response.status, headers, body: await response.text() };
    };
    const made = await read("GET");
    assert.equal(made.status, 200);
    assert.deepEqual(await read("GET"), made);
    assert.equal((await read("HEAD")).body, "");
    assert.equal((await read("POST")).status, 405);
    assert.deepEqual(await read("GET"), made);
  }
});

test("scripts of any site may read responses and errors (Fetch §3.2)", async () => {
  const fields = { method: "POST", body: new URLSearchParams({ grant_type: "refresh_token" }) };
  const refused = await fetch(metadata.token_endpoint, { ...fields, headers: { origin: "https://app.example.test" } });
  assert.equal(refused.headers.get("access-control-allow-origin"), "*");
  assert.match(refused.headers.get("access-control-expose-headers"), /www-authenticate/);
  const userinfo = await fetch(metadata.userinfo_endpoint);
  assert.equal(userinfo.status, 401);
  assert.equal(userinfo.headers.get("access-control-allow-origin"), "*");
});

test("every endpoint in the metadata exists", async () => {
  for (const [name, url] of Object.entries(metadata).filter(([key]) => /_endpoint$|_uri$/.test(key))) {
    assert.ok(url.startsWith(server.url), name);
    assert.notEqual((await fetch(url, { redirect: "manual" })).status, 404, name);
  }
});

test("every authentication method, grant type, response mode and prompt in the metadata works", async () => {
  assert.deepEqual([...metadata.token_endpoint_auth_methods_supported].sort(), ["client_secret_basic", "client_secret_post", "none"]);
  for (const method of metadata.token_endpoint_auth_methods_supported) {
    const client = await register(server, { token_endpoint_auth_method: method, grant_types: metadata.grant_types_supported.filter((type) => method !== "none" || type !== "client_credentials") });
    for (const grant_type of metadata.grant_types_supported) {
      const body = method === "client_secret_basic" ? {} : { client_id: client.client_id, ...(client.client_secret ? { client_secret: client.client_secret } : {}) };
      const answer = await post(`${server.url}/token`, { grant_type, ...body }, method === "client_secret_basic" ? basic(client) : {});
      const expected = grant_type !== "client_credentials" ? "invalid_request" : method === "none" ? "unauthorized_client" : undefined;
      assert.equal(answer.body.error, expected, `${method} ${grant_type}`);
    }
  }
  const client = await publicApp(server);
  const { challenge } = pkce();
  for (const prompt of metadata.prompt_values_supported) {
    const page = await new Browser(server.url).open(authorizeUrl(server, client, { challenge, prompt }));
    assert.notEqual(page.location && answerOf(page).error, "invalid_request", prompt);
  }
  for (const response_mode of metadata.response_modes_supported) {
    const page = await new Browser(server.url).open(authorizeUrl(server, client, { challenge, prompt: "none", response_mode }));
    const error = page.forms[0]?.fields.error ?? answerOf(page).error;
    assert.equal(error, "login_required", response_mode);
  }
});

test("the demo user has every claim in the metadata (Core §5.1)", async () => {
  await fetch(`${server.url}/demo`);
  const browser = new Browser(server.url);
  await browser.submit(await browser.open("/sign-in"), { email: "demo@example.com", password: "vestibule-demo" });
  const scope = metadata.scopes_supported.join(" ");
  const client = await publicApp(server, { first_party: true, scope });
  const { verifier, challenge } = pkce();
  const { code } = answerOf(await browser.open(authorizeUrl(server, client, { challenge, scope })));
  const tokens = await post(`${server.url}/token`, { grant_type: "authorization_code", code, redirect_uri: CALLBACK, client_id: client.client_id, code_verifier: verifier });
  const me = await userinfo(server, tokens.body.access_token);
  const about = metadata.claims_supported.filter((claim) => !["iss", "auth_time", "acr", "amr"].includes(claim));
  assert.deepEqual(Object.keys(me.body).sort(), about.sort());
});

test("ID tokens verify with the published keys in both algorithms, with every claim (Core §2)", async () => {
  const jwks = createRemoteJWKSet(new URL(metadata.jwks_uri), { cooldownDuration: 0 });
  for (const alg of metadata.id_token_signing_alg_values_supported) {
    const client = await publicApp(server, { id_token_signed_response_alg: alg });
    const { tokens } = await signedIn(server, { client, parameters: { nonce: "n-0S6" } });
    const { payload, protectedHeader } = await jwtVerify(tokens.id_token, jwks, { issuer: server.url, audience: client.client_id });
    assert.equal(protectedHeader.alg, alg);
    assert.deepEqual(
      Object.keys(payload).sort(),
      ["acr", "amr", "at_hash", "aud", "auth_time", "azp", "exp", "iat", "iss", "nonce", "sid", "sub"],
    );
    const half = createHash("sha256").update(tokens.access_token).digest().subarray(0, 16);
    assert.equal(payload.at_hash, half.toString("base64url"));
    const access = await jwtVerify(tokens.access_token, jwks, { issuer: server.url, audience: server.url, typ: "at+jwt" });
    for (const claim of ["iss", "exp", "aud", "sub", "client_id", "iat", "jti", "auth_time", "acr", "amr", "scope"]) {
      assert.ok(access.payload[claim], claim);
    }
  }
});

test("a client works the moment it is registered, and can be read, changed and deleted (RFC 7592)", async () => {
  const client = await register(server, { client_name: "Before", grant_types: ["client_credentials"], redirect_uris: [] });
  const token = () => post(`${server.url}/token`, { grant_type: "client_credentials" }, basic(client));
  assert.equal((await token()).status, 200);
  const authorization = `Bearer ${client.registration_access_token}`;
  const manage = (method, body) => fetch(client.registration_client_uri, {
    method, headers: { authorization, "content-type": "application/json" }, body: body && JSON.stringify(body),
  });
  assert.equal((await (await manage("GET")).json()).client_name, "Before");
  const changed = await manage("PUT", { client_id: client.client_id, client_name: "After", grant_types: ["client_credentials"] });
  assert.equal((await changed.json()).client_name, "After");
  assert.equal((await fetch(client.registration_client_uri, { headers: { authorization: "Bearer wrong" } })).status, 401);
  assert.equal((await manage("DELETE")).status, 204);
  assert.equal((await manage("GET")).status, 401);
  assert.equal((await token()).body.error, "invalid_client");
});

const SECRET = "a secret of this deployment, long enough";

test("in production registration is off, and with a token the operator controls it", async () => {
  const off = await startServer({ vars: { ENVIRONMENT: "production", VESTIBULE_SECRET: SECRET } });
  const behind = await startServer({ vars: { ENVIRONMENT: "production", VESTIBULE_SECRET: SECRET, REGISTRATION: "token", REGISTRATION_TOKEN: "t".repeat(40) } });
  try {
    const said = await (await fetch(`${off.url}/.well-known/openid-configuration`)).json();
    assert.equal(said.registration_endpoint, undefined);
    const body = JSON.stringify({ redirect_uris: [CALLBACK], first_party: true });
    const ask = (url, headers) => fetch(`${url}/register`, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
    assert.equal((await ask(off.url)).status, 400);
    assert.equal((await ask(behind.url)).status, 401);
    assert.equal((await ask(behind.url, { authorization: "Bearer wrong" })).status, 401);
    assert.equal((await ask(behind.url, { authorization: `Bearer ${"t".repeat(40)}` })).status, 201);
    assert.equal((await fetch(`${off.url}/demo`)).status, 404, "the demo is for development alone");
  } finally {
    await off.stop();
    await behind.stop();
  }
});

test("without its secret or with a wrong setting, the server reports that and serves nothing", async () => {
  for (const [vars, words] of [
    [{ ENVIRONMENT: "production" }, /VESTIBULE_SECRET is missing/],
    [{ ENVIRONMENT: "production", VESTIBULE_SECRET: "short" }, /at least 32 characters/],
    [{ PKCE: "never" }, /PKCE is "never" but must be all or public-clients/],
  ]) {
    const broken = await startServer({ vars });
    try {
      for (const path of ["/", "/token", "/jwks", "/sign-in"]) {
        const answer = await fetch(`${broken.url}${path}`);
        assert.equal(answer.status, 503);
        assert.match(await answer.text(), words);
      }
    } finally {
      await broken.stop();
    }
  }
});

test("behind a proxy every URL follows the issuer", async () => {
  const issuer = "https://id.example.test";
  const proxied = await startServer({ vars: { ISSUER: issuer } });
  try {
    const answer = await fetch(`${proxied.url}/.well-known/openid-configuration`);
    assert.match(answer.headers.get("strict-transport-security"), /max-age/);
    for (const [name, url] of Object.entries(await answer.json()).filter(([key]) => /_endpoint$|_uri$/.test(key))) {
      assert.ok(url.startsWith(issuer), name);
    }
    const home = await fetch(`${proxied.url}/account`, { redirect: "manual" });
    assert.equal(home.headers.get("location"), `${issuer}/sign-in`);
  } finally {
    await proxied.stop();
  }
});

test(`the grant type of the device flow is spelled as RFC 8628 §3.4 spells it`, () => {
  assert.ok(metadata.grant_types_supported.includes(DEVICE));
});

// npm's openid-client, unmodified, against the built worker.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as client from "openid-client";
import { authorizeInBrowser, CALLBACK, decideDevice, DEVICE, register, signedUp } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

const insecure = { execute: [client.allowInsecureRequests] };

test("openid-client goes through every flow", async () => {
  const issuer = new URL(server.url);
  const config = await client.dynamicClientRegistration(issuer, {
    redirect_uris: [CALLBACK],
    post_logout_redirect_uris: ["https://app.example.test/bye"],
    grant_types: ["authorization_code", "refresh_token", "client_credentials", DEVICE],
    token_endpoint_auth_method: "client_secret_post",
    scope: "openid email offline_access jobs",
  }, undefined, insecure);
  const { browser, person } = await signedUp(server);

  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedNonce = client.randomNonce();
  const expectedState = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: "openid email offline_access",
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    nonce: expectedNonce,
    state: expectedState,
    max_age: "3600",
  });
  const location = new URL(await authorizeInBrowser(browser, url.href));
  const tokens = await client.authorizationCodeGrant(config, location, { pkceCodeVerifier, expectedNonce, expectedState, idTokenExpected: true, maxAge: 3600 });
  const { sub } = tokens.claims();

  const me = await client.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal(me.email, person.email);
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.ok(refreshed.access_token && refreshed.id_token);
  assert.equal((await client.tokenIntrospection(config, refreshed.access_token)).active, true);

  const machine = await client.clientCredentialsGrant(config, { scope: "jobs" });
  assert.equal(machine.scope, "jobs");

  const device = await client.initiateDeviceAuthorization(config, { scope: "openid" });
  const polling = client.pollDeviceAuthorizationGrant(config, device);
  await decideDevice(browser, device.user_code, "allow");
  assert.ok((await polling).id_token);

  const out = client.buildEndSessionUrl(config, { post_logout_redirect_uri: "https://app.example.test/bye", id_token_hint: tokens.id_token });
  const left = await browser.open(out.href);
  assert.equal(left.location, "https://app.example.test/bye");

  await client.tokenRevocation(config, refreshed.refresh_token);
  await assert.rejects(client.refreshTokenGrant(config, refreshed.refresh_token), { error: "invalid_grant" });
});

test("openid-client accepts form_post responses and RS256 ID tokens", async () => {
  const { client_id } = await register(server, { token_endpoint_auth_method: "none", id_token_signed_response_alg: "RS256" });
  const config = await client.discovery(new URL(server.url), client_id, { id_token_signed_response_alg: "RS256" }, client.None(), insecure);
  const { browser } = await signedUp(server);
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: "openid",
    response_mode: "form_post",
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  let page = await browser.open(url.href);
  page = await browser.submit(page, { decision: "allow" }, "/consent");
  assert.equal(page.forms[0].action, CALLBACK);
  const posted = new Request(CALLBACK, { method: "POST", body: new URLSearchParams(page.forms[0].fields) });
  const tokens = await client.authorizationCodeGrant(config, posted, { pkceCodeVerifier });
  assert.ok(tokens.claims().sub);
});

// npm's oauth4webapi, unmodified, with all its checks; and npm's jose as an API.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import { authorizeInBrowser, basic, CALLBACK, decideDevice, DEVICE, post, register, signedUp } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

const insecure = { [oauth.allowInsecureRequests]: true };

test("oauth4webapi goes through every flow", async () => {
  const issuer = new URL(server.url);
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...insecure, algorithm: "oauth2" }));
  const registered = await register(server, {
    grant_types: ["authorization_code", "refresh_token", "client_credentials", DEVICE],
    scope: "openid profile offline_access jobs",
  });
  const client = { client_id: registered.client_id };
  const secret = oauth.ClientSecretBasic(registered.client_secret);
  const { browser } = await signedUp(server);

  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.client_id, redirect_uri: CALLBACK, response_type: "code", state, nonce,
    scope: "openid profile offline_access", code_challenge_method: "S256",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  });
  const location = new URL(await authorizeInBrowser(browser, url.href));
  const parameters = oauth.validateAuthResponse(as, client, location, state);
  const answer = await oauth.authorizationCodeGrantRequest(as, client, secret, parameters, CALLBACK, verifier, insecure);
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true });
  await oauth.validateApplicationLevelSignature(as, answer, insecure);
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);

  const me = await oauth.userInfoRequest(as, client, tokens.access_token, insecure);
  assert.equal((await oauth.processUserInfoResponse(as, client, sub, me)).sub, sub);
  const again = await oauth.refreshTokenGrantRequest(as, client, secret, tokens.refresh_token, insecure);
  const refreshed = await oauth.processRefreshTokenResponse(as, client, again);
  const told = await oauth.introspectionRequest(as, client, secret, refreshed.access_token, insecure);
  assert.equal((await oauth.processIntrospectionResponse(as, client, told)).active, true);

  const machine = await oauth.clientCredentialsGrantRequest(as, client, secret, { scope: "jobs" }, insecure);
  assert.equal((await oauth.processClientCredentialsResponse(as, client, machine)).scope, "jobs");

  const asked = await oauth.deviceAuthorizationRequest(as, client, secret, { scope: "openid" }, insecure);
  const device = await oauth.processDeviceAuthorizationResponse(as, client, asked);
  const poll = async () => oauth.processDeviceCodeResponse(as, client, await oauth.deviceCodeGrantRequest(as, client, secret, device.device_code, insecure));
  await assert.rejects(poll(), { error: "authorization_pending" });
  await decideDevice(browser, device.user_code, "allow");
  assert.ok((await poll()).id_token);

  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, secret, refreshed.refresh_token, insecure));
  const dead = await oauth.refreshTokenGrantRequest(as, client, secret, refreshed.refresh_token, insecure);
  await assert.rejects(oauth.processRefreshTokenResponse(as, client, dead), { error: "invalid_grant" });
});

test("an API verifies access tokens itself with jose (RFC 9068 §4)", async () => {
  const audience = "https://api.example.test/";
  const machine = await register(server, { grant_types: ["client_credentials"], redirect_uris: [], scope: "jobs" });
  const fields = { grant_type: "client_credentials", resource: audience };
  const { body } = await post(`${server.url}/token`, fields, basic(machine));
  const keys = createRemoteJWKSet(new URL(`${server.url}/jwks`));
  const verify = (options) => jwtVerify(body.access_token, keys, { issuer: server.url, audience, typ: "at+jwt", ...options });
  assert.equal((await verify()).payload.scope, "jobs");
  await assert.rejects(verify({ audience: "https://other.example.test/" }));
  await assert.rejects(verify({ typ: "JWT" }));
});

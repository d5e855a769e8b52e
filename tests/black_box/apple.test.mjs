// Sign in with Apple: a signed client secret, a response by POST, and the name only in the first response.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, test } from "node:test";
import { jwtVerify } from "jose";
import { newBrowser, through } from "../support/federation.mjs";
import { startServer } from "../support/server.mjs";
import { startMalicious } from "../support/upstream/malicious.mjs";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
let upstream;
let server;
before(async () => {
  upstream = await startMalicious();
  const table = { id: "apple", preset: "apple", issuer: upstream.issuer, client_id: "com.example.web", team_id: "TEAM", key_id: "KEY" };
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  server = await startServer({ vars: { PROVIDERS: [table], PROVIDER_APPLE_PRIVATE_KEY: pem } });
});
after(async () => {
  await server.stop();
  await upstream.stop();
});

const named = JSON.stringify({ name: { firstName: "Dana", lastName: "Lee" }, email: "victim@example.test" });

test("the client secret is a JWT that Apple's rules allow, and the name in the first response is kept", async () => {
  upstream.user = { sub: "001", email: "dana@example.test", email_verified: "true" };
  upstream.settings.idTokenClaims = true;
  upstream.next({ authorizeResponse: (answer) => ({ ...answer, user: named }) });
  const page = await through(newBrowser(server), "/sign-in/apple", "dana");
  assert.equal(page.title, "Your account", page.text);
  assert.match(page.text, /value="Dana Lee"/);
  // The parameters besides the code aren't signed: they contain the user's name but prove no address.
  assert.match(page.text, /dana@example\.test/);
  assert.doesNotMatch(page.text, /victim@example\.test/);
  const { client_secret: secret } = upstream.last("/token").auth;
  const { payload, protectedHeader } = await jwtVerify(secret, publicKey, { audience: "https://appleid.apple.com" });
  assert.deepEqual([protectedHeader.alg, protectedHeader.kid], ["ES256", "KEY"]);
  assert.deepEqual([payload.iss, payload.sub], ["TEAM", "com.example.web"]);
  assert.ok(payload.exp - payload.iat <= 15777000);
  // The next response has no name, and the stored one stays.
  upstream.next({});
  assert.match((await through(newBrowser(server), "/sign-in/apple", "dana")).text, /value="Dana Lee"/);
});

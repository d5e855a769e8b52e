// Client authentication (RFC 6749 §2.3), client credentials (§4.4), introspection (RFC 7662),
// revocation (RFC 7009).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { basic, claimsOf, headerOf, post, publicApp, refresh, register, signedIn, userinfo } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
let machine;
const service = { redirect_uris: [], grant_types: ["client_credentials"], scope: "jobs.read jobs.write" };
before(async () => {
  server = await startServer();
  machine = await register(server, service);
});
after(() => server.stop());

const token = (fields, headers) =>
  post(`${server.url}/token`, { grant_type: "client_credentials", ...fields }, headers);

test("a service gets a token for its scopes and a resource, and no refresh token", async () => {
  const resource = "https://jobs.example.test/";
  const answer = await token({ scope: "jobs.read", resource }, basic(machine));
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.equal(answer.body.refresh_token, undefined);
  assert.equal(headerOf(answer.body.access_token).typ, "at+jwt");
  const claims = claimsOf(answer.body.access_token);
  assert.deepEqual(
    [claims.iss, claims.sub, claims.client_id, claims.aud, claims.scope],
    [server.url, machine.client_id, machine.client_id, resource, "jobs.read"],
  );
  assert.ok(claims.jti && claims.exp - claims.iat === 600);
});

test("a scope that the service did not register is refused", async () => {
  assert.equal((await token({ scope: "jobs.delete" }, basic(machine))).body.error, "invalid_scope");
  assert.equal((await token({ scope: "openid" }, basic(machine))).body.error, "invalid_scope");
});

test("an unknown client and a wrong secret get the same error (RFC 6749 §5.2)", async () => {
  const wrong = await token({}, basic({ ...machine, client_secret: "wrong" }));
  const unknown = await token({}, basic({ client_id: "nobody", client_secret: "wrong" }));
  assert.deepEqual([wrong.status, wrong.body], [unknown.status, unknown.body]);
  assert.equal(wrong.status, 401);
  assert.match(wrong.headers.get("www-authenticate"), /^Basic /);
});

test("only the registered authentication method is accepted, and never two at once (§2.3)", async () => {
  const { client_id, client_secret } = machine;
  assert.equal((await token({ client_id, client_secret })).body.error, "invalid_client");
  assert.equal((await token({ client_id, client_secret }, basic(machine))).body.error, "invalid_request");
  assert.equal((await token({ client_id })).body.error, "invalid_client");
  const poster = await register(server, { ...service, token_endpoint_auth_method: "client_secret_post" });
  const fields = { client_id: poster.client_id, client_secret: poster.client_secret };
  assert.equal((await token(fields)).status, 200);
  assert.equal((await token({}, basic(poster))).body.error, "invalid_client");
});

test("a grant type that the client did not register is unauthorized_client", async () => {
  const answer = await refresh(server, await publicApp(server, { grant_types: ["authorization_code"] }), "x");
  assert.equal(answer.body.error, "unauthorized_client");
  const unknown = await token({ grant_type: "password" }, basic(machine));
  assert.equal(unknown.body.error, "unsupported_grant_type");
});

test("only its own client can introspect a token (RFC 7662 §4)", async () => {
  const { body } = await token({}, basic(machine));
  const introspect = (value, client) => post(`${server.url}/introspect`, { token: value }, basic(client));
  const own = await introspect(body.access_token, machine);
  assert.equal(own.body.active, true);
  assert.equal(own.body.client_id, machine.client_id);
  const other = await introspect(body.access_token, await register(server, service));
  assert.deepEqual(other.body, { active: false });
  for (const junk of ["x", "vrt_x", `${body.access_token}x`]) {
    assert.deepEqual((await introspect(junk, machine)).body, { active: false });
  }
  const anonymous = await publicApp(server);
  const refused = await post(`${server.url}/introspect`, { token: "x", client_id: anonymous.client_id });
  assert.equal(refused.body.error, "invalid_client");
});

test("revoking a refresh token ends its grant (RFC 7009 §2.1)", async () => {
  const { client, tokens } = await signedIn(server);
  const revoke = (value, client_id) => post(`${server.url}/revoke`, { token: value, client_id });
  const other = await publicApp(server);
  assert.equal((await revoke(tokens.refresh_token, other.client_id)).body.error, "invalid_grant");
  assert.equal((await userinfo(server, tokens.access_token)).status, 200, "another client's token is not touched");
  assert.equal((await revoke(tokens.refresh_token, client.client_id)).status, 200);
  assert.equal((await userinfo(server, tokens.access_token)).status, 401);
  assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_grant");
  assert.equal((await revoke(tokens.refresh_token, client.client_id)).status, 200, "a token that is gone is no error");
});

test("revoking an access token leaves the refresh token", async () => {
  const { client, tokens } = await signedIn(server);
  const revoked = await post(`${server.url}/revoke`, { token: tokens.access_token, client_id: client.client_id });
  assert.equal(revoked.status, 200);
  const refused = await userinfo(server, tokens.access_token);
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("www-authenticate"), /error="invalid_token"/);
  const next = await refresh(server, client, tokens.refresh_token);
  assert.equal((await userinfo(server, next.body.access_token)).status, 200);
});

test("a client_credentials token can't be revoked, and the error says so (RFC 7009 §2.2.1)", async () => {
  const { body } = await token({}, basic(machine));
  const answer = await post(`${server.url}/revoke`, { token: body.access_token }, basic(machine));
  assert.equal(answer.body.error, "unsupported_token_type");
});

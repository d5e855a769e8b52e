// A server with upstream providers, and a user who signs in at them.
import assert from "node:assert/strict";
import { Browser } from "./browser.mjs";
import { freePort, startServer } from "./server.mjs";
import { startUpstream } from "./upstream/oidc.mjs";
import { logInUpstream } from "./upstream/http.mjs";

export const SECRET = "the secret that the upstream knows";

export const dana = {
  sub: "dana-at-upstream",
  email: "dana@example.test",
  email_verified: true,
  name: "Dana Lee",
  given_name: "Dana",
};

export const client = (url, id, more = {}) => ({
  client_id: "vestibule",
  client_secret: SECRET,
  redirect_uris: [`${url}/callback/${id}`],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: "client_secret_basic",
  ...more,
});

// The settings for providers: each `{ id, client_id, ..., secret }`.
export function settings(providers) {
  const secrets = providers.map(({ id, secret = SECRET }) => [
    `PROVIDER_${id.toUpperCase().replaceAll("-", "_")}_SECRET`,
    secret,
  ]);
  const tables = providers.map(({ secret, ...table }) => table);
  // Members that are undefined are left out.
  return { PROVIDERS: JSON.parse(JSON.stringify(tables)), ...Object.fromEntries(secrets) };
}

// Starts oidc-provider, and a server that knows it as `up`. `clientOf` changes its client at oidc-provider, `provider`
// the server's setting.
export async function startWithUpstream({ accounts = { dana }, clientOf = {}, provider = {}, options, vars = {}, port } = {}) {
  port ??= await freePort();
  const url = `http://localhost:${port}`;
  const upstream = await startUpstream({ clients: [client(url, "up", clientOf)], accounts, options });
  const table = { id: "up", name: "Upstream", issuer: upstream.issuer, client_id: "vestibule", trust_email: true, ...provider };
  const server = await startServer({ port, vars: { ...settings([table]), ...vars } });
  return {
    upstream,
    server,
    async stop() {
      await server.stop();
      await upstream.stop();
    },
  };
}

// Goes from a page of the server to the upstream provider, signs in there, and returns.
export async function through(browser, way, login, options = {}) {
  const there = typeof way === "string" ? await browser.open(way) : way;
  assert.ok(there.location, `no way to the upstream: ${there.status} ${there.title}`);
  const back = await logInUpstream(there.location, login, options);
  if (typeof back === "string") return browser.open(back);
  // The upstream posts its response through the browser. Lax cookies aren't sent with another site's form.
  const { action, fields } = back;
  const posted = await fetch(action, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
  assert.equal(posted.status, 303);
  return browser.open(posted.headers.get("location"));
}

export const newBrowser = (server) => new Browser(server.url);

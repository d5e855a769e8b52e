// oidc-provider on Node, with a store in memory.
import { DEVICE, basic } from "../../tests/support/oauth.mjs";
import { flows, singleSignOn } from "../flows.mjs";
import { always, document, formBody, inTurn, polls, succeeds } from "../operations.mjs";
import { startOnNode } from "./on_node.mjs";

export const name = "oidc-provider";

export const start = startOnNode("oidc_provider/server.mjs");

async function client_credentials() {
  const headers = basic({ client_id: "machine", client_secret: "a secret of the machine" });
  const request = { path: "/token", ...formBody({ grant_type: "client_credentials", scope: "read" }, headers) };
  return always(request, succeeds('"access_token":"ey'));
}

async function device_poll(server, { count }) {
  const authorization = { path: "/device/auth", ...formBody({ client_id: "tv", scope: "openid" }) };
  const requests = await polls(server, { count, authorization, poll: { grant_type: DEVICE, client_id: "tv" } });
  return inTurn(requests, ({ status, body }) => status === 400 && body.includes("authorization_pending"));
}

// Signs in: opens the page, submits it, and returns with a code. If the `cookies` contain a session, the code comes at
// once.
async function codeOf(send, asked, cookies = new Map()) {
  let path = `/auth?${asked}`;
  for (;;) {
    const answer = await send({ path, headers: { cookie: [...cookies].map((pair) => pair.join("=")).join("; ") } });
    for (const line of answer.headers("set-cookie")) {
      const [name, value] = line.split(";")[0].split(/=(.*)/);
      cookies.set(name, value);
    }
    const location = new URL(answer.headers("location"), "http://localhost");
    if (location.searchParams.has("code")) return location.searchParams.get("code");
    path = location.pathname + location.search;
  }
}

const app = async () => ({ client_id: "app", scope: "openid profile email" });
const { code, refresh, tokens } = flows({ clientOf: app, codeOf });

async function userinfo(server) {
  const held = await tokens(server, 64);
  return inTurn(held.map(({ access_token }) => ({ path: "/me", headers: { authorization: `Bearer ${access_token}` } })), succeeds('"email"'));
}

async function introspect(server) {
  const [{ access_token: token }] = await tokens(server, 1);
  return always({ path: "/token/introspection", ...formBody({ token, client_id: "app" }) }, succeeds('"active":true'));
}

export const works = {
  client_credentials,
  code,
  single_sign_on: singleSignOn({ clientOf: app, codeOf }),
  refresh,
  device_poll,
  introspect,
  userinfo,
  jwks: document("/jwks", '"P-256"'),
  discovery: document("/.well-known/openid-configuration", '"token_endpoint"'),
};

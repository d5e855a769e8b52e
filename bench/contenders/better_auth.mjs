// better-auth on Node with SQLite on disk.
import { document, inTurn, succeeds } from "../operations.mjs";
import { TELEVISIONS, times } from "../load.mjs";
import { startOnNode } from "./on_node.mjs";

export const name = "better-auth";

export const start = startOnNode("../peers/better_auth.mjs");

const json = (path, fields, port) => ({
  method: "POST", path, headers: { "content-type": "application/json", origin: `http://localhost:${port}` }, body: JSON.stringify(fields),
});

// Exchanges a password for a session: there is no code and no token.
async function login({ port }, { count }) {
  const password = "a long enough passphrase";
  const people = Array.from({ length: Math.min(count, 100) }, (_, index) => ({ email: `person-${index}@example.test`, password }));
  await times(people.length, port, (send, index) => send(json("/api/auth/sign-up/email", { name: "Somebody", ...people[index] }, port)));
  return inTurn(people.map((person) => json("/api/auth/sign-in/email", person, port)), succeeds('"token"'));
}

async function device_poll({ port }, { count }) {
  const ask = json("/api/auth/device/code", { client_id: "tv", scope: "openid" }, port);
  const held = await times(Math.min(count, TELEVISIONS), port, async (send) => JSON.parse((await send(ask)).body).device_code);
  const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
  const requests = held.map((device_code) => json("/api/auth/device/token", { grant_type, device_code, client_id: "tv" }, port));
  return inTurn(requests, ({ status, body }) => status === 400 && /"(authorization_pending|slow_down)"/.test(body));
}

async function jwks(server) {
  // The key is created when it is first requested.
  await fetch(`http://localhost:${server.port}/api/auth/jwks`);
  return document("/api/auth/jwks", '"P-256"')();
}

export const works = { login, device_poll, jwks };

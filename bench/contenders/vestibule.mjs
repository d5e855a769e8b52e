// Vestibule, as `make serve` runs it, with its production settings; only the limits per network are
// lifted, since all the load comes from one.
import { randomBytes } from "node:crypto";
import { start as startRuntime } from "../../tools/workerd/runtime.mjs";
import { CALLBACK, DEVICE, authorizeUrl, basic, pkce, signedUp } from "../../tests/support/oauth.mjs";
import { formBody } from "../http.mjs";
import { TELEVISIONS, times } from "../load.mjs";

export const name = "vestibule";
const TOKEN = randomBytes(32).toString("hex");
const SCOPE = "openid profile email offline_access";

export async function start({ port, folder, settings = {}, ...more }) {
  const unlimited = { SIGN_UPS_PER_HOUR: "1000000", FAILED_SIGN_INS_PER_HOUR: "1000000", DEVICE_CODES_PER_HOUR: "1000000" };
  const own = { REGISTRATION: "token", REGISTRATION_TOKEN: TOKEN, AUTHORIZATION_CODE_LIFETIME: "600", DEVICE_INTERVAL: "1" };
  const { child, ready, exited, url } = startRuntime({ settings: { ...own, ...unlimited, ...settings }, state: folder, port, ...more });
  await ready;
  const stop = () => {
    child.kill("SIGTERM");
    return exited;
  };
  return { url, port, pid: child.pid, stop };
}

export async function register(server, metadata) {
  const answer = await fetch(`${server.url}/register`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ redirect_uris: [CALLBACK], first_party: true, ...metadata }),
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  return answer.json();
}
const app = (server, more = {}) =>
  register(server, { token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"], ...more });

export const cookiesOf = (browser) => [...browser.cookies].map(([key, value]) => `${key}=${value}`).join("; ");
const pathOf = (server, url) => url.slice(server.url.length);

// So many codes for an app, over enough people that nobody has more grants than are kept.
async function codes(server, client, count) {
  const people = await Promise.all(
    Array.from({ length: Math.ceil(count / 400) }, async () => cookiesOf((await signedUp(server)).browser)),
  );
  const { verifier, challenge } = pkce();
  const path = pathOf(server, authorizeUrl(server, client, { challenge, scope: SCOPE }));
  const made = await times(count, server.port, async (send, index) => {
    const answer = await send({ path, headers: { cookie: people[index % people.length] } });
    return new URL(answer.headers("location")).searchParams.get("code");
  });
  return { verifier, made };
}

const redemption = (client, code, verifier) => ({
  path: "/token",
  ...formBody({
    grant_type: "authorization_code", code, redirect_uri: CALLBACK, client_id: client.client_id, code_verifier: verifier,
  }),
});

async function tokens(server, client, count) {
  const { verifier, made } = await codes(server, client, count);
  return times(count, server.port, async (send, index) =>
    JSON.parse((await send(redemption(client, made[index], verifier))).body));
}

async function client_credentials(server) {
  const client = await register(server, { redirect_uris: [], response_types: [], grant_types: ["client_credentials"] });
  const request = { path: "/token", ...formBody({ grant_type: "client_credentials" }) };
  Object.assign(request.headers, basic(client));
  return async (send) => {
    const answer = await send(request);
    return answer.status === 200 && answer.body.includes('"access_token":"ey');
  };
}

async function code(server, { count }) {
  const client = await app(server);
  const { verifier, made } = await codes(server, client, count);
  return async (send) => {
    if (made.length === 0) throw new Error("out of codes");
    const answer = await send(redemption(client, made.pop(), verifier));
    return answer.status === 200 && answer.body.includes('"id_token"') && answer.body.includes('"refresh_token"');
  };
}

async function refresh(server) {
  const client = await app(server);
  const held = (await tokens(server, client, 64)).map(({ refresh_token }) => refresh_token);
  return async (send, user) => {
    const answer = await send({
      path: "/token",
      ...formBody({ grant_type: "refresh_token", refresh_token: held[user], client_id: client.client_id }),
    });
    if (answer.status !== 200) return false;
    const next = JSON.parse(answer.body).refresh_token;
    const isNew = next !== held[user];
    held[user] = next;
    return isNew;
  };
}

async function device_poll(server, { count }) {
  const client = await register(server, {
    redirect_uris: [], response_types: [], token_endpoint_auth_method: "none", grant_types: [DEVICE],
  });
  const request = { path: "/device_authorization", ...formBody({ client_id: client.client_id, scope: "openid" }) };
  // A television polls every few seconds, so that its object stays in memory.
  const televisions = Math.min(count, TELEVISIONS);
  const held = await times(televisions, server.port, async (send) => JSON.parse((await send(request)).body).device_code);
  const polls = held.map((device_code) => ({
    path: "/token",
    ...formBody({ grant_type: DEVICE, client_id: client.client_id, device_code }),
  }));
  let next = 0;
  return async (send) => {
    next = (next + 1) % polls.length;
    const answer = await send(polls[next]);
    // Who polls too fast is told so by one of the two.
    return answer.status === 400 && /"(authorization_pending|slow_down)"/.test(answer.body);
  };
}

async function introspect(server) {
  const client = await app(server, { token_endpoint_auth_method: "client_secret_basic" });
  const { verifier, made } = await codes(server, client, 1);
  const redeemed = redemption(client, made[0], verifier);
  Object.assign(redeemed.headers, basic(client));
  const [{ access_token: token }] = await times(1, server.port, async (send) => JSON.parse((await send(redeemed)).body));
  const request = { path: "/introspect", ...formBody({ token }) };
  Object.assign(request.headers, basic(client));
  return async (send) => {
    const answer = await send(request);
    return answer.status === 200 && answer.body.includes('"active":true');
  };
}

async function userinfo(server) {
  const held = await tokens(server, await app(server), 64);
  const requests = held.map(({ access_token }) => ({ path: "/userinfo", headers: { authorization: `Bearer ${access_token}` } }));
  return async (send, user) => {
    const answer = await send(requests[user]);
    return answer.status === 200 && answer.body.includes('"email"');
  };
}

const document = (path, has) => async () => async (send) => {
  const answer = await send({ path });
  return answer.status === 200 && answer.body.includes(has);
};

// A browser that has never been here: from the app to the page, the password, and back with a code.
async function login(server, { count }) {
  const client = await app(server);
  const people = await Promise.all(Array.from({ length: Math.min(count, 100) }, async () => (await signedUp(server)).person));
  let next = 0;
  return async (send) => {
    next = (next + 1) % people.length;
    const { email, password } = people[next];
    const { verifier, challenge } = pkce();
    let path = pathOf(server, authorizeUrl(server, client, { challenge, scope: SCOPE }));
    const cookies = new Map();
    const visit = async (request) => {
      const cookie = [...cookies].map(([key, value]) => `${key}=${value}`).join("; ");
      const answer = await send({ ...request, headers: { ...request.headers, ...(cookie && { cookie }) } });
      for (const line of answer.headers("set-cookie")) {
        const [, key, value] = line.match(/^([^=]+)=([^;]*)/);
        cookies.set(key, value);
      }
      return answer;
    };
    let answer = await visit({ path });
    while (answer.status === 303) {
      path = pathOf(server, answer.headers("location"));
      answer = await visit({ path });
    }
    const action = answer.body.match(/<form[^>]*action="(\/sign-in[^"]*)"/)[1].replaceAll("&amp;", "&");
    const hidden = [...answer.body.matchAll(/<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)];
    const fields = Object.fromEntries(hidden.map(([, key, value]) => [key, value]));
    answer = await visit({ path: action, ...formBody({ ...fields, email, password }) });
    while (answer.status === 303 && answer.headers("location").startsWith(server.url)) {
      answer = await visit({ path: pathOf(server, answer.headers("location")) });
    }
    const code = new URL(answer.headers("location")).searchParams.get("code");
    const redeemed = await send(redemption(client, code, verifier));
    return redeemed.status === 200 && redeemed.body.includes('"id_token"');
  };
}

export const works = {
  client_credentials, code, refresh, device_poll, introspect, userinfo, login,
  jwks: document("/jwks", '"ES256"'),
  discovery: document("/.well-known/openid-configuration", '"token_endpoint"'),
};

// Vestibule as `make serve` runs it, with its production settings. Only the limits per network are off, because all
// load comes from one network.
import { randomBytes } from "node:crypto";
import { start as startRuntime } from "../../tools/workerd/runtime.mjs";
import { Browser } from "../../tests/support/browser.mjs";
import {
  CALLBACK, DEVICE, answerOf, authorizeInBrowser, authorizeUrl, basic, pkce, publicApp, register, signedUp, television,
} from "../../tests/support/oauth.mjs";
import { asFetch } from "../http.mjs";
import { CODES, PEOPLE, times, using } from "../load.mjs";
import { always, codeIn, document, formBody, inTurn, polls, signOns, succeeds } from "../operations.mjs";

export const name = "vestibule";
const TOKEN = randomBytes(32).toString("hex");
export const SCOPE = "openid profile email offline_access";

// `more` are settings of docs/configuration.md; `bundle` is the folder of another build.
export async function start({ port, folder, more, bundle }) {
  const unlimited = { SIGN_UPS_PER_HOUR: "1000000", FAILED_SIGN_INS_PER_HOUR: "1000000", SIGN_INS_PER_HOUR: "1000000", DEVICE_CODES_PER_HOUR: "1000000" };
  const own = { REGISTRATION: "token", REGISTRATION_TOKEN: TOKEN, AUTHORIZATION_CODE_LIFETIME: "600", DEVICE_INTERVAL: "1" };
  const settings = { ...own, ...unlimited, ...more };
  // It writes its events as lines to standard output (docs/events.md).
  const { child, ready, stop, url } = startRuntime({ settings, state: folder, port, stdout: "ignore", bundle });
  await ready;
  return { url, port, registrationToken: TOKEN, pid: child.pid, stop };
}

export const app = (server, more) => publicApp(server, { first_party: true, ...more });

// Gets a number of codes for an app, spread over users: by default over few, but enough that no account exceeds its
// maximum of grants.
async function codes(server, client, count, crowd = Math.ceil(count / 400)) {
  const people = await Promise.all(
    Array.from({ length: crowd }, async () => (await signedUp(server)).browser.cookieHeader()),
  );
  const { verifier, challenge } = pkce();
  const path = authorizeUrl(server, client, { challenge, scope: SCOPE }).slice(server.url.length);
  const made = await times(count, server.port, async (send, index) => {
    const answer = await send({ path, headers: { cookie: people[index % people.length] } });
    return answerOf({ location: answer.headers("location") }).code;
  });
  return { verifier, made };
}

export const redemption = (client, code, verifier, headers) => ({
  path: "/token",
  ...formBody(
    { grant_type: "authorization_code", code, redirect_uri: CALLBACK, client_id: client.client_id, code_verifier: verifier },
    headers,
  ),
});

async function tokens(server, client, count, crowd) {
  const { verifier, made } = await codes(server, client, count, crowd);
  return times(count, server.port, async (send, index) =>
    JSON.parse((await send(redemption(client, made[index], verifier))).body));
}

async function client_credentials(server) {
  const client = await register(server, { redirect_uris: [], response_types: [], grant_types: ["client_credentials"] });
  const request = { path: "/token", ...formBody({ grant_type: "client_credentials" }, basic(client)) };
  return always(request, succeeds('"access_token":"ey'));
}

async function code(server) {
  const client = await app(server);
  const isRight = succeeds('"id_token"', '"refresh_token"');
  const make = async () => {
    const { verifier, made } = await codes(server, client, CODES);
    return made.map((code) => redemption(client, code, verifier));
  };
  return using(make, async (send, request) => isRight(await send(request)));
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

// Users who have a session and have already allowed the app request another code.
async function single_sign_on(server, { count }) {
  const client = await publicApp(server);
  const { verifier, challenge } = pkce();
  const url = authorizeUrl(server, client, { challenge, scope: SCOPE });
  const sessions = await Promise.all(Array.from({ length: Math.min(count, PEOPLE) }, async () => {
    const { browser } = await signedUp(server);
    await authorizeInBrowser(browser, url);
    return browser.cookieHeader();
  }));
  const path = url.slice(server.url.length);
  const codeOf = async (send, cookie) => codeIn(await send({ path, headers: { cookie } }));
  const redeem = (code) => redemption(client, code, verifier);
  return signOns(sessions, { codeOf, redeem }, succeeds('"id_token"', '"refresh_token"'));
}

async function device_poll(server, { count }) {
  const { client_id } = await television(server);
  const authorization = { path: "/device_authorization", ...formBody({ client_id, scope: "openid" }) };
  const requests = await polls(server, { count, authorization, poll: { grant_type: DEVICE, client_id } });
  // A client that polls too fast gets `slow_down`.
  return inTurn(requests, ({ status, body }) => status === 400 && /"(authorization_pending|slow_down)"/.test(body));
}

async function introspect(server) {
  const client = await app(server, { token_endpoint_auth_method: "client_secret_basic" });
  const { verifier, made } = await codes(server, client, 1);
  const redeemed = redemption(client, made[0], verifier, basic(client));
  const [{ access_token: token }] = await times(1, server.port, async (send) => JSON.parse((await send(redeemed)).body));
  return always({ path: "/introspect", ...formBody({ token }, basic(client)) }, succeeds('"active":true'));
}

// Uses as many objects as the floor.
async function userinfo(server, { count }) {
  const people = Math.min(count, PEOPLE);
  const held = await tokens(server, await app(server), people, people);
  const requests = held.map(({ access_token }) => ({ path: "/userinfo", headers: { authorization: `Bearer ${access_token}` } }));
  return inTurn(requests, succeeds('"email"'));
}

// A new browser: goes from the app to the sign-in page, sends the password, and returns with a code.
async function login(server, { count }) {
  const client = await app(server);
  const people = await Promise.all(Array.from({ length: Math.min(count, 100) }, async () => (await signedUp(server)).person));
  let next = 0;
  return async (send) => {
    next = (next + 1) % people.length;
    const person = people[next];
    const { verifier, challenge } = pkce();
    const browser = new Browser(server.url, asFetch(send));
    const page = await browser.open(authorizeUrl(server, client, { challenge, scope: SCOPE }));
    const { code } = answerOf(await browser.submit(page, person, "/sign-in"));
    return succeeds('"id_token"')(await send(redemption(client, code, verifier)));
  };
}

export const works = {
  client_credentials, code, single_sign_on, refresh, device_poll, introspect, userinfo, login,
  jwks: document("/jwks", '"ES256"'),
  discovery: document("/.well-known/openid-configuration", '"token_endpoint"'),
};

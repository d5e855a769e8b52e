// The steps of the protocol that all tests share.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { Browser } from "./browser.mjs";

export const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
export const CALLBACK = "https://app.example.test/callback";

export const form = (fields) =>
  Array.isArray(fields) ? new URLSearchParams(fields) : new URLSearchParams(Object.entries(fields));

export async function post(url, fields, headers = {}) {
  const response = await fetch(url, { method: "POST", body: form(fields), headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

export const basic = ({ client_id, client_secret }) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(client_id)}:${encodeURIComponent(client_secret)}`).toString("base64")}`,
});

// Registers a client, with the server's `registrationToken` if it has one (RFC 7591 §3).
export async function register(server, metadata = {}) {
  const { registrationToken: token } = server;
  const response = await fetch(`${server.url}/register`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ redirect_uris: [CALLBACK], ...metadata }),
  });
  const body = await response.json();
  assert.equal(response.status, 201, JSON.stringify(body));
  return body;
}

// A public client with all grant types and scopes of a user's app.
export const publicApp = (server, metadata = {}) =>
  register(server, {
    client_name: "Test App",
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    ...metadata,
  });

export function pkce() {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

export const authorizeUrl = (server, client, { challenge, ...parameters } = {}) =>
  `${server.url}/authorize?${form({
    response_type: "code",
    client_id: client.client_id,
    redirect_uri: CALLBACK,
    scope: "openid profile email offline_access",
    state: "a state",
    ...(challenge ? { code_challenge: challenge, code_challenge_method: "S256" } : {}),
    ...parameters,
  })}`;

let people = 0;
export const newPerson = () => ({
  email: `person-${process.pid}-${Date.now()}-${(people += 1)}@example.test`,
  password: "a long enough passphrase",
});

// A browser in which a new user has just signed up.
export async function signedUp(server, person = newPerson()) {
  const browser = new Browser(server.url);
  const page = await browser.submit(await browser.open("/sign-up"), person);
  assert.equal(page.title, "Your account", page.text);
  return { browser, person };
}

// The authorization response, from the URL to which the browser is redirected.
export function answerOf(page) {
  const location = page.location ?? page.headers?.get("location");
  assert.ok(location, `no redirect: ${page.status} ${page.title ?? ""}`);
  const url = new URL(location);
  return Object.fromEntries(url.hash ? new URLSearchParams(url.hash.slice(1)) : url.searchParams);
}

// Goes through authorization and consent, and returns the authorization response.
export const authorize = async (server, client, browser, parameters = {}) =>
  answerOf({ location: await authorizeInBrowser(browser, authorizeUrl(server, client, parameters)) });

export const redeem = (server, client, code, verifier, more = {}) =>
  post(`${server.url}/token`, {
    grant_type: "authorization_code",
    code,
    redirect_uri: CALLBACK,
    client_id: client.client_id,
    ...(verifier ? { code_verifier: verifier } : {}),
    ...more,
  });

export const refresh = (server, client, refresh_token, more = {}) =>
  post(`${server.url}/token`, {
    grant_type: "refresh_token",
    refresh_token,
    client_id: client.client_id,
    ...more,
  });

// All in one: a user, a client, and the tokens that the user gave the client.
export async function signedIn(server, { client, parameters = {} } = {}) {
  client ??= await publicApp(server);
  const { browser, person } = await signedUp(server);
  const { verifier, challenge } = pkce();
  const answer = await authorize(server, client, browser, { challenge, ...parameters });
  const tokens = await redeem(server, client, answer.code, verifier);
  assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
  return { client, browser, person, answer, verifier, tokens: tokens.body };
}

export const claimsOf = (jwt) => JSON.parse(Buffer.from(jwt.split(".")[1], "base64url"));
export const headerOf = (jwt) => JSON.parse(Buffer.from(jwt.split(".")[0], "base64url"));

export async function userinfo(server, access_token, init = {}) {
  const response = await fetch(`${server.url}/userinfo`, {
    headers: { authorization: `Bearer ${access_token}` },
    ...init,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

// A television: a public client with the device code and refresh token grants.
export const television = (server, metadata = {}) =>
  register(server, {
    redirect_uris: [],
    client_name: "Test TV",
    token_endpoint_auth_method: "none",
    grant_types: [DEVICE, "refresh_token"],
    response_types: [],
    ...metadata,
  });

export async function deviceCode(server, client, more = {}) {
  const answer = await post(`${server.url}/device_authorization`, {
    client_id: client.client_id,
    scope: "openid offline_access",
    ...more,
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

export const poll = (server, client, device_code, headers = {}) =>
  post(
    `${server.url}/token`,
    { grant_type: DEVICE, client_id: client.client_id, device_code },
    headers,
  );

// Types the user code and decides.
export async function decideDevice(browser, typed, decision) {
  const page = await browser.submit(await browser.open("/device"), { user_code: typed });
  if (!page.forms.some((candidate) => candidate.action === "/device/decide")) return page;
  return browser.submit(page, { decision }, "/device/decide");
}

// What a user does when an app redirects the browser: consents, and returns to the app.
export async function authorizeInBrowser(browser, url) {
  let page = await browser.open(url);
  if (page.forms.some((candidate) => candidate.action === "/consent")) {
    page = await browser.submit(page, { decision: "allow" }, "/consent");
  }
  assert.ok(page.location, `no redirect: ${page.status} ${page.title}`);
  return page.location;
}

// A value with the right prefix and checksum around any bytes that an attacker chooses. The format is public; only the
// secret in it isn't.
export const forge = (prefix, bytes) => {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(Buffer.concat([Buffer.from(prefix), bytes])));
  return prefix + Buffer.concat([bytes, sum]).toString("base64url");
};

// A forged code, refresh token, device code or session cookie.
export const forgeToken = (prefix, parts = {}) => {
  const { object = randomBytes(32), number = 0, secret = randomBytes(32) } = parts;
  const digits = Buffer.alloc(4);
  digits.writeUInt32BE(number);
  return forge(prefix, Buffer.concat([Buffer.from(object, "hex"), digits, secret]));
};

// The minimum that the protocol requires of any server with this storage, without any checks: read the request, call a
// Durable Object by RPC with a command, write a row if something must be stored, sign, and respond with the required
// headers. Requests, rows and responses are about as long as Vestibule's.
import { DurableObject } from "cloudflare:workers";

const ISSUER = "http://localhost:18787";
const ACCOUNT = "a".repeat(64);
const SCOPE = "openid profile email offline_access";
const base64url = (bytes) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });
const random = (size) => base64url(crypto.getRandomValues(new Uint8Array(size)));

const AUTHORIZATION = JSON.stringify({
  grant_id: "9".repeat(64), account: ACCOUNT, client_id: "vcl_".padEnd(31, "c"), scope: SCOPE, claims: {},
  auth_time: 1795591108102, amr: ["pwd"], sid: "s".repeat(22),
});
const SESSION = JSON.stringify({
  account: ACCOUNT, auth_time: 1795591108102, amr: ["pwd"], sid: "s".repeat(22), scope: SCOPE, not_after: null,
});
const PENDING = JSON.stringify({ error: "authorization_pending", error_description: "the person has not decided yet" });
const ACTIVE = JSON.stringify({
  active: true, scope: SCOPE, client_id: "vcl_".padEnd(31, "c"), token_type: "Bearer", exp: 1795591585, iat: 1795590985,
  sub: ACCOUNT, aud: ISSUER, iss: ISSUER, jti: "j".repeat(22), auth_time: 1795590985, acr: "1",
});
const PERSON = JSON.stringify({
  email: "person-12253-1795591118588-7@example.test", email_verified: false, sub: ACCOUNT, updated_at: 1795591118,
});
const FAMILY = "f".repeat(360);

export class Floor extends DurableObject {
  #number = 0;
  #session = SESSION;
  #pending = PENDING;
  #active = ACTIVE;
  #person = PERSON;
  poll() {
    return this.#pending;
  }
  inspect() {
    return this.#active;
  }
  person() {
    return this.#person;
  }
  authorize() {
    return this.#session;
  }
  expect(command) {
    this.ctx.storage.kv.put("state", command);
  }
  // Unchanged rows aren't written at all, so each row is different.
  issue() {
    this.#number += 1;
    const secret = random(24);
    const family = `{"newest":${this.#number},"secret":"${secret}","more":"${FAMILY}"}`;
    this.ctx.storage.kv.put("state", `{"authorization":${AUTHORIZATION},"family":${family}}`);
    return `{"authorization":${AUTHORIZATION},"secret":"${secret}"}`;
  }
}

// Token responses have the headers of RFC 6749 §5.1.
const headers = new Headers({ "content-type": "application/json", "cache-control": "no-store" });
const answers = { headers };
const refuses = { status: 400, headers };
const issues = { headers: new Headers([...headers, ["pragma", "no-cache"]]) };

const text = new TextEncoder();
const encoded = (value) => base64url(text.encode(JSON.stringify(value)));
const ES256 = { name: "ECDSA", hash: "SHA-256" };
const kid = "k".repeat(43);
const ACCESS = encoded({ alg: "ES256", typ: "at+jwt", kid });
const ID = encoded({ alg: "ES256", typ: "JWT", kid });
let key;

async function signed(header, claims) {
  const input = `${header}.${encoded(claims)}`;
  key ??= (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"])).privateKey;
  return `${input}.${base64url(new Uint8Array(await crypto.subtle.sign(ES256, key, text.encode(input))))}`;
}

// The response to a client that sent `token`, from the reply of the token's object.
async function issued(token, said) {
  const { authorization, secret } = JSON.parse(said);
  const { grant_id, account: sub, client_id, scope, amr, sid } = authorization;
  const auth_time = Math.floor(authorization.auth_time / 1000);
  const iat = Math.floor(Date.now() / 1000);
  const both = { iss: ISSUER, sub, iat, auth_time, acr: "1", amr };
  const access_token = await signed(ACCESS, {
    ...both, aud: ISSUER, client_id, scope, exp: iat + 600, jti: random(16), grant_id,
  });
  const half = new Uint8Array(await crypto.subtle.digest("SHA-256", text.encode(access_token)), 0, 16);
  const id_token = await signed(ID, {
    ...both, aud: client_id, azp: client_id, exp: iat + 3600, sid, at_hash: base64url(half),
  });
  const refresh_token = `${token.slice(0, 68)}${secret}`;
  const response = { access_token, token_type: "Bearer", expires_in: 600, refresh_token, id_token, scope };
  return new Response(JSON.stringify(response), issues);
}

// The format of the tokens: a prefix of four letters, then the ID of the object.
const objectOf = ({ FLOORS }, token) => FLOORS.get(FLOORS.idFromString(token.slice(4, 68)));
const secretOf = (token) => token.slice(68);
const formOf = async (request) => new URLSearchParams(await request.text());
const terms = { access_token: 600, refresh_idle: 2592000, grant: 31536000 };

async function atToken(form, env) {
  const client_id = form.get("client_id");
  const grant = form.get("grant_type");
  if (grant === "refresh_token") {
    const token = form.get("refresh_token");
    const Refresh = { number: 1, secret: secretOf(token), client_id, scope: null, resources: [], policy: terms };
    return issued(token, await objectOf(env, token).issue(JSON.stringify({ Refresh })));
  }
  if (grant === "authorization_code") {
    const code = form.get("code");
    const [redirect_uri, code_verifier] = [form.get("redirect_uri"), form.get("code_verifier")];
    const Redeem = { secret: secretOf(code), client_id, redirect_uri, code_verifier, resources: [], terms };
    return issued(code, await objectOf(env, code).issue(JSON.stringify({ Redeem })));
  }
  const code = form.get("device_code");
  const Poll = { secret: secretOf(code), client_id, terms };
  return new Response(await objectOf(env, code).poll(JSON.stringify({ Poll })), refuses);
}

// The account's object checks the session of the cookie, and a new object stores the hash of the code.
async function authorize(request, env) {
  const query = new URL(request.url).searchParams;
  const session = request.headers.get("cookie").split("__Host-session=")[1];
  const [client_id, redirect_uri] = [query.get("client_id"), query.get("redirect_uri")];
  const id = env.FLOORS.newUniqueId();
  const Authorize = {
    session: secretOf(session), client_id, scope: query.get("scope"), resources: [], claims: {}, grant_id: id.toString(),
    offline: true, expires_at: 1827127108102, tokens: 600,
  };
  const authorized = await objectOf(env, session).authorize(JSON.stringify({ Authorize }));
  const secret = random(24);
  const Expect = {
    ...JSON.parse(authorized), secret: base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", text.encode(secret)))),
    client_id, redirect_uri, code_challenge: query.get("code_challenge"), expires_at: 1795591168102,
  };
  await env.FLOORS.get(id).expect(JSON.stringify({ Expect }));
  const answered = new URLSearchParams({ code: `any_${id}${secret}`, state: query.get("state"), iss: ISSUER });
  return new Response(null, { status: 303, headers: { "cache-control": "no-store", location: `${redirect_uri}?${answered}` } });
}

async function introspect(request, env) {
  const token = (await formOf(request)).get("token");
  const [client_id] = atob(request.headers.get("authorization").slice("Basic ".length)).split(":");
  const Inspect = { jti: token.slice(68, 90), expires_at: 1795591717000, client_id };
  return new Response(await objectOf(env, token).inspect(JSON.stringify({ Inspect })), answers);
}

async function userinfo(request, env) {
  const token = request.headers.get("authorization").slice("Bearer ".length);
  const UserInfo = { grant_id: token.slice(4, 68), jti: token.slice(68, 90) };
  return new Response(await objectOf(env, token).person(JSON.stringify({ UserInfo })), answers);
}

// Creates an object that has its row.
async function object({ FLOORS }) {
  const id = FLOORS.newUniqueId();
  await FLOORS.get(id).issue();
  return new Response(id.toString());
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/token") return atToken(await formOf(request), env);
    if (pathname === "/authorize") return authorize(request, env);
    if (pathname === "/introspect") return introspect(request, env);
    return pathname === "/userinfo" ? userinfo(request, env) : object(env);
  },
};

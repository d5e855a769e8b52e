// An OpenID provider whose responses a test can change in any way. Without changes, it is a correct provider.
import { createHash, createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { bodyOf, counter, formPost, listen, redirect, send, withQuery } from "./http.mjs";

const DISCOVERY = "/.well-known/openid-configuration";
const COUNTED = [DISCOVERY, "/authorize", "/token", "/jwks", "/userinfo", "/revoke", "/logout"];
const LOGOUT = "http://schemas.openid.net/event/backchannel-logout";

const seconds = () => Math.floor(Date.now() / 1000);
const random = (prefix) => prefix + randomBytes(24).toString("base64url");
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const same = (value) => value;

function newPairs() {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    RS256: rsa,
    PS256: rsa,
    ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
    EdDSA: generateKeyPairSync("ed25519"),
  };
}

// node:crypto instead of jose, because jose can't forge `alg`, and this server must.
function signature(alg, key, input) {
  const data = Buffer.from(input);
  if (alg === "none") return "";
  if (alg.startsWith("HS")) return createHmac(`sha${alg.slice(2)}`, key).update(data).digest("base64url");
  if (alg === "EdDSA" || alg === "Ed25519") return sign(null, data, key).toString("base64url");
  const hash = `sha${alg.slice(2)}`;
  if (alg.startsWith("ES")) return sign(hash, data, { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
  // RSA_PKCS1_PSS_PADDING is 6. A salt length of -1 means that of the hash.
  const padding = alg.startsWith("PS") ? { padding: 6, saltLength: -1 } : {};
  return sign(hash, data, { key, ...padding }).toString("base64url");
}

// OpenID Connect Core 1.0 §3.1.3.6: the left half of the hash that `alg` implies.
export function atHash(alg, token) {
  const hash = alg === "EdDSA" || alg === "Ed25519" ? "sha512" : "sha256";
  const digest = createHash(hash).update(token).digest();
  return digest.subarray(0, digest.length / 2).toString("base64url");
}

// The client's ID and how it authenticated (OpenID Connect Core 1.0 §9).
function authenticationOf(request, form) {
  const [scheme, credentials] = (request.headers.authorization ?? "").split(" ");
  if (/^basic$/i.test(scheme)) {
    const decoded = Buffer.from(credentials, "base64").toString();
    const at = decoded.indexOf(":");
    const [client_id, client_secret] = [decoded.slice(0, at), decoded.slice(at + 1)].map(decodeURIComponent);
    return { method: "client_secret_basic", client_id, client_secret };
  }
  if (form.client_assertion) {
    const claims = JSON.parse(Buffer.from(form.client_assertion.split(".")[1], "base64url"));
    return { method: "private_key_jwt", client_id: claims.sub, assertion: form.client_assertion, claims };
  }
  const { client_id, client_secret } = form;
  return client_secret
    ? { method: "client_secret_post", client_id, client_secret }
    : { method: "none", client_id };
}

// `server.next(bends)` holds until the next call of it; `server.next({})` is correct again. Bends:
//   idToken, header            claims => claims, header => header; `undefined` members are left out
//   alg, key                   "none", "HS256", "ES256", ...; a private key, or the secret of an HMAC.
//                              HS256 without a key is keyed with the PEM of the public RS256 key
//   signature                  text => text
//   tokenResponse, userinfo    object => object; a string is sent as it is; `error` makes the status 400
//   metadata, jwks             likewise
//   authorizeResponse          params => params; `undefined` members are left out
//   answer                     (answer, path) => answer: { status, headers, body }, applied last
// All but `header` and `signature` may be async, and most get what is known of the login or of the request
// as second argument. A bend that throws makes a 500 and is kept in `server.errors`.
//
// `server.settings`: expires_in; delay (milliseconds, or by path); refreshTokens (whether any are given);
// rotate (replaces them); reuse ("refuse" the old one, or "revoke" all of the login); idTokenOnRefresh;
// idTokenClaims (whether the user's claims are in the ID token too).
export async function startMalicious({ port } = {}) {
  const { server: http, url, stop } = await listen(port);
  const issuer = url;
  const counts = counter([...COUNTED, "authorization_code", "refresh_token", "reuse"]);
  const pairs = newPairs();
  const codes = new Map();
  const accessTokens = new Map();
  const refreshTokens = new Map();
  let bends = {};
  const bend = (name, value, context) => (bends[name] ?? same)(value, context);

  const server = {
    issuer,
    url,
    counts,
    requests: [],
    errors: [],
    revoked: [],
    keys: pairs,
    // Keys that are not published.
    otherKeys: newPairs(),
    user: { sub: "subject-1", email: "person@example.test", email_verified: true, name: "A Person" },
    settings: {
      expires_in: 3600,
      delay: 0,
      refreshTokens: true,
      rotate: true,
      reuse: "refuse",
      idTokenOnRefresh: true,
      idTokenClaims: false,
    },
    next: (changes) => (bends = changes ?? {}),
    sign: signed,
    logoutToken,
    // The last request to a path, which most tests check.
    last: (path) => server.requests.findLast((request) => request.path === path),
    stop,
  };

  function signed(claims, { header = same, alg = "RS256", key, signature: spoil = same } = {}) {
    const pem = () => pairs.RS256.publicKey.export({ type: "spki", format: "pem" });
    const used = key ?? (alg.startsWith("HS") ? pem() : pairs[alg]?.privateKey);
    const kid = pairs[alg] ? `key-${alg}` : "key-RS256";
    const input = `${encode(header({ alg, kid, typ: "JWT" }))}.${encode(claims)}`;
    return `${input}.${spoil(signature(alg, used, input))}`;
  }

  // A logout token (OpenID Connect Back-Channel Logout 1.0 §2.4), which the test sends itself.
  function logoutToken(client_id, change = same, { header = same, ...how } = {}) {
    const claims = {
      iss: issuer,
      sub: server.user.sub,
      aud: client_id,
      iat: seconds(),
      exp: seconds() + 120,
      jti: random("jti-"),
      events: { [LOGOUT]: {} },
    };
    return signed(change(claims), { header: (h) => header({ ...h, typ: "logout+jwt" }), ...how });
  }

  async function idTokenFor(login, access_token, nonce) {
    const alg = bends.alg ?? "RS256";
    const claims = {
      ...(server.settings.idTokenClaims ? login.user : {}),
      iss: issuer,
      sub: login.user.sub,
      aud: login.client_id,
      exp: seconds() + 300,
      iat: seconds(),
      auth_time: login.auth_time,
      nonce,
      sid: login.sid,
      at_hash: atHash(alg, access_token),
    };
    const { header, key, signature: spoil } = bends;
    server.lastIdToken = signed(await bend("idToken", claims, login), { alg, header, key, signature: spoil });
    return server.lastIdToken;
  }

  async function tokensFor(login, { withIdToken = true, nonce, refresh_token } = {}) {
    const { settings } = server;
    const access_token = random("at-");
    accessTokens.set(access_token, { login, exp: seconds() + settings.expires_in });
    if (settings.refreshTokens && !refresh_token) {
      refresh_token = random("rt-");
      refreshTokens.set(refresh_token, { login, used: false });
    }
    return {
      access_token,
      token_type: "Bearer",
      expires_in: settings.expires_in,
      scope: login.scope,
      refresh_token,
      id_token: withIdToken ? await idTokenFor(login, access_token, nonce) : undefined,
    };
  }

  function redeem({ code }) {
    const login = codes.get(code);
    codes.delete(code);
    return login ? tokensFor(login, { nonce: login.nonce }) : { error: "invalid_grant" };
  }

  function refresh({ refresh_token }) {
    const { rotate, reuse, idTokenOnRefresh } = server.settings;
    const kept = refreshTokens.get(refresh_token);
    if (kept?.used) {
      counts.add("reuse");
      if (reuse === "revoke") kept.login.revoked = true;
    }
    if (!kept || kept.used || kept.login.revoked) return { error: "invalid_grant" };
    kept.used = rotate;
    const more = rotate ? {} : { refresh_token };
    return tokensFor(kept.login, { withIdToken: idTokenOnRefresh, ...more });
  }

  const endpoints = {
    [DISCOVERY]: async () => ({
      body: await bend("metadata", {
        issuer,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        userinfo_endpoint: `${url}/userinfo`,
        jwks_uri: `${url}/jwks`,
        revocation_endpoint: `${url}/revoke`,
        end_session_endpoint: `${url}/logout`,
        scopes_supported: ["openid", "profile", "email", "offline_access"],
        response_types_supported: ["code"],
        response_modes_supported: ["query", "form_post"],
        grant_types_supported: ["authorization_code", "refresh_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: Object.keys(pairs),
        token_endpoint_auth_methods_supported: [
          "client_secret_basic",
          "client_secret_post",
          "private_key_jwt",
          "none",
        ],
        token_endpoint_auth_signing_alg_values_supported: Object.keys(pairs),
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
      }),
    }),

    "/jwks": async () => {
      const keys = Object.entries(pairs).map(([alg, { publicKey }]) => ({
        ...createPublicKey(publicKey.export({ type: "spki", format: "pem" })).export({ format: "jwk" }),
        alg,
        use: "sig",
        kid: `key-${alg}`,
      }));
      return { body: await bend("jwks", { keys }) };
    },

    // There are no pages: every visitor is `server.user` and consents.
    "/authorize": async ({ query }) => {
      const { client_id, redirect_uri, nonce, state, scope, response_mode } = query;
      const code = random("code-");
      const known = { auth_time: seconds(), sid: random("sid-"), user: { ...server.user } };
      codes.set(code, { client_id, nonce, scope, ...known });
      const params = await bend("authorizeResponse", { code, state, iss: issuer }, query);
      return response_mode === "form_post"
        ? formPost(redirect_uri, params)
        : redirect(withQuery(redirect_uri, params));
    },

    "/token": async ({ form }) => {
      counts.add(form.grant_type);
      const grants = { authorization_code: redeem, refresh_token: refresh };
      const grant = grants[form.grant_type] ?? (() => ({ error: "unsupported_grant_type" }));
      const body = await bend("tokenResponse", await grant(form), form);
      return { status: body?.error ? 400 : 200, body };
    },

    "/userinfo": async ({ headers }) => {
      const kept = accessTokens.get(headers.authorization?.replace(/^Bearer /i, ""));
      if (!kept || kept.exp <= seconds() || kept.login.revoked) {
        return { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } };
      }
      return { body: await bend("userinfo", { ...kept.login.user }, kept.login) };
    },

    // RFC 7009: revoking a refresh token ends its whole login. An unknown token is no error.
    "/revoke": ({ form }) => {
      server.revoked.push(form.token);
      const refreshed = refreshTokens.get(form.token);
      if (refreshed) refreshed.login.revoked = true;
      accessTokens.delete(form.token);
      return {};
    },

    "/logout": ({ query: { post_logout_redirect_uri, state } }) =>
      post_logout_redirect_uri
        ? redirect(withQuery(post_logout_redirect_uri, { state }))
        : { body: "signed out" },
  };

  async function serve(request, response) {
    const { pathname: path, searchParams } = new URL(request.url, url);
    counts.add(path);
    const form = Object.fromEntries(new URLSearchParams(await bodyOf(request)));
    const seen = {
      path,
      method: request.method,
      headers: request.headers,
      query: Object.fromEntries(searchParams),
      form,
      auth: path === "/token" || path === "/revoke" ? authenticationOf(request, form) : undefined,
    };
    server.requests.push(seen);
    const { delay } = server.settings;
    const wait = typeof delay === "number" ? delay : (delay[path] ?? 0);
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    const answer = (await endpoints[path]?.(seen)) ?? { status: 404 };
    // A string from a bend is sent as if it were JSON.
    if (typeof answer.body === "string" && !answer.headers) {
      answer.headers = { "content-type": "application/json" };
    }
    send(response, await (bends.answer ?? same)(answer, path));
  }

  // A failed assertion in a bend must reach the test instead of ending the process.
  http.on("request", (request, response) =>
    serve(request, response).catch((error) => {
      server.errors.push(error);
      send(response, { status: 500 });
    }));

  return server;
}

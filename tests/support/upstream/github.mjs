// GitHub's web application flow and the little of its API that a login needs, as its documentation says:
// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
import { createHash, randomBytes } from "node:crypto";
import { bodyOf, counter, listen, redirect, send, withQuery } from "./http.mjs";

const AUTHORIZE = "/login/oauth/authorize";
const TOKEN = "/login/oauth/access_token";
const COUNTED = [AUTHORIZE, TOKEN, "/api/user", "/api/user/emails"];

const REFUSED_TOKEN = "/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/";
const REFUSED_AUTHORIZATION = "/apps/managing-oauth-apps/troubleshooting-authorization-request-errors/";

// The documented errors: description and help page.
const ERRORS = {
  incorrect_client_credentials: [
    "The client_id and/or client_secret passed are incorrect.",
    `${REFUSED_TOKEN}#incorrect-client-credentials`,
  ],
  redirect_uri_mismatch: [
    "The redirect_uri MUST match the registered callback URL for this application.",
    `${REFUSED_AUTHORIZATION}#redirect-uri-mismatch2`,
  ],
  bad_verification_code: [
    "The code passed is incorrect or expired.",
    `${REFUSED_TOKEN}#bad-verification-code`,
  ],
  unverified_user_email: [
    "The user must have a verified primary email.",
    `${REFUSED_TOKEN}#unverified_user_email`,
  ],
  bad_refresh_token: [
    "The refresh token passed is incorrect or expired.",
    `${REFUSED_TOKEN}#bad-refresh-token`,
  ],
  access_denied: ["The user has denied your application access.", `${REFUSED_AUTHORIZATION}#access-denied`],
};

const failure = (error) => {
  const [error_description, error_uri] = ERRORS[error];
  return { error, error_description, error_uri };
};

function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const random = (prefix) => prefix + randomBytes(18).toString("hex");
const refusal = (status, message) => ({
  status,
  body: { message, documentation_url: "https://docs.github.com/rest", status: String(status) },
});

// A scope contains others:
// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
const allows = (scopes, wanted) => scopes.includes(wanted) || scopes.includes("user");
// GitHub drops what a wider scope contains.
function normalized(scope = "") {
  const scopes = [...new Set(scope.split(/[\s,]+/).filter(Boolean))];
  return scopes.includes("user") ? scopes.filter((name) => !/^(read:user|user:.+)$/.test(name)) : scopes;
}

export async function startGitHub({ port } = {}) {
  const { server: http, url, stop } = await listen(port);
  const counts = counter(COUNTED);
  const codes = new Map();
  const tokens = new Map();
  const refreshTokens = new Map();

  const server = {
    url,
    api: `${url}/api`,
    counts,
    requests: [],
    // The registered app. Without a callback, any redirect_uri is accepted.
    client: { client_id: "Iv1.0123456789abcdef", client_secret: "github's secret", callback: undefined },
    // The user who is signed in at GitHub, and whether they deny.
    user: { id: 583231, login: "octocat", name: "The Octocat", email: null },
    emails: [
      { email: "octocat@example.test", primary: true, verified: true, visibility: "private" },
      { email: "octocat@users.noreply.github.com", primary: false, verified: true, visibility: null },
    ],
    deny: false,
    // Whether tokens expire and come with a refresh token, which an app can choose.
    expiring: false,
    // The error that every token request gets, such as "unverified_user_email".
    refuse: undefined,
    tokens: () => [...tokens.keys()],
    revokeAll: () => tokens.clear(),
    last: (path) => server.requests.findLast((request) => request.path === path),
    stop,
  };

  // The host must be that of the callback, and the path must be within its path. Loopback addresses may have any port.
  function matches(redirect_uri) {
    const { callback } = server.client;
    if (!callback || !redirect_uri) return true;
    const [given, registered] = [new URL(redirect_uri), new URL(callback)];
    const loopback = ["127.0.0.1", "[::1]"].includes(registered.hostname);
    return (
      given.protocol === registered.protocol &&
      given.hostname === registered.hostname &&
      (loopback || given.port === registered.port) &&
      `${given.pathname}/`.startsWith(registered.pathname.replace(/\/?$/, "/"))
    );
  }

  function authorize({ query }) {
    const { client_id, redirect_uri, scope, state, code_challenge, code_challenge_method } = query;
    if (client_id !== server.client.client_id) return { status: 404, body: "Not Found" };
    const back = redirect_uri ?? server.client.callback;
    if (!matches(redirect_uri)) {
      return redirect(withQuery(server.client.callback, { ...failure("redirect_uri_mismatch"), state }));
    }
    if (server.deny) return redirect(withQuery(back, { ...failure("access_denied"), state }));
    // Only S256 exists. What GitHub returns for another method isn't documented.
    if (code_challenge && code_challenge_method !== "S256") {
      return { status: 400, body: "code_challenge_method must be S256" };
    }
    const code = randomBytes(10).toString("hex");
    const { user, emails } = server;
    const scopes = normalized(scope);
    codes.set(code, { redirect_uri, scopes, user, emails, code_challenge, exp: Date.now() + 600_000 });
    return redirect(withQuery(back, { code, state }));
  }

  function issue({ user, emails, scopes }) {
    const access_token = random(server.expiring ? "ghu_" : "gho_");
    tokens.set(access_token, { user, emails, scopes });
    const answer = { access_token, scope: scopes.join(","), token_type: "bearer" };
    if (!server.expiring) return answer;
    const refresh_token = random("ghr_");
    refreshTokens.set(refresh_token, { user, emails, scopes, access_token });
    return { ...answer, expires_in: 28_800, refresh_token, refresh_token_expires_in: 15_811_200 };
  }

  function redeem({ code, redirect_uri, code_verifier }) {
    const kept = codes.get(code);
    if (!kept || kept.exp <= Date.now()) return failure("bad_verification_code");
    if (redirect_uri && kept.redirect_uri && redirect_uri !== kept.redirect_uri) {
      return failure("redirect_uri_mismatch");
    }
    const challenge = createHash("sha256").update(code_verifier ?? "").digest("base64url");
    if (kept.code_challenge && kept.code_challenge !== challenge) return failure("bad_verification_code");
    codes.delete(code);
    return issue(kept);
  }

  // Using a refresh token ends it and the access token that was issued with it.
  function refresh({ refresh_token }) {
    const kept = refreshTokens.get(refresh_token);
    if (!kept) return failure("bad_refresh_token");
    refreshTokens.delete(refresh_token);
    tokens.delete(kept.access_token);
    return issue(kept);
  }

  // Errors also have status 200, and JSON is only for clients that ask for it.
  function token({ form, headers }) {
    const { client_id, client_secret } = server.client;
    const right = form.client_id === client_id && form.client_secret === client_secret;
    const answer = () => {
      if (!right) return failure("incorrect_client_credentials");
      if (server.refuse) return failure(server.refuse);
      return form.grant_type === "refresh_token" ? refresh(form) : redeem(form);
    };
    const body = answer();
    if (/application\/json/.test(headers.accept)) {
      return { headers: { "content-type": "application/json; charset=utf-8" }, body };
    }
    const type = "application/x-www-form-urlencoded; charset=utf-8";
    return { headers: { "content-type": type }, body: new URLSearchParams(body).toString() };
  }

  function asUser({ headers }, answer) {
    const kept = tokens.get(headers.authorization?.match(/^(?:bearer|token) (.+)$/i)?.[1]);
    if (!headers.authorization) return refusal(401, "Requires authentication");
    if (!kept) return refusal(401, "Bad credentials");
    const { status = 200, body } = answer(kept);
    return { status, body, headers: { "x-oauth-scopes": kept.scopes.join(", ") } };
  }

  const profile = ({ user }) => ({
    node_id: "MDQ6VXNlcjU4MzIzMQ==",
    avatar_url: `https://avatars.githubusercontent.com/u/${user.id}?v=4`,
    gravatar_id: "",
    url: `${url}/api/users/${user.login}`,
    html_url: `${url}/${user.login}`,
    type: "User",
    site_admin: false,
    company: null,
    blog: "",
    location: null,
    hireable: null,
    bio: null,
    public_repos: 8,
    followers: 0,
    following: 0,
    created_at: "2011-01-25T18:44:36Z",
    updated_at: "2026-01-22T12:13:51Z",
    ...user,
  });

  // DELETE /applications/{client_id}/token revokes only this token.
  // DELETE /applications/{client_id}/grant revokes every token of this user for this app.
  function deleteAuthorization({ headers, body }, isWhole) {
    const { client_id, client_secret } = server.client;
    const expected = Buffer.from(`${client_id}:${client_secret}`).toString("base64");
    if (headers.authorization !== `Basic ${expected}`) return refusal(401, "Requires authentication");
    const { access_token } = jsonOf(body);
    if (!access_token) return refusal(422, "Validation Failed");
    const kept = tokens.get(access_token);
    if (!kept) return refusal(404, "Not Found");
    tokens.delete(access_token);
    for (const all of isWhole ? [tokens, refreshTokens] : []) {
      for (const [value, { user }] of all) if (user.id === kept.user.id) all.delete(value);
    }
    return { status: 204 };
  }

  function api(seen) {
    if (!seen.headers["user-agent"]) {
      const rule = "Please make sure your request has a User-Agent header";
      return { status: 403, body: `Request forbidden by administrative rules. ${rule}.\n` };
    }
    switch (`${seen.method} ${seen.path}`) {
      case "GET /api/user":
        return asUser(seen, (kept) => ({ body: profile(kept) }));
      case "GET /api/user/emails":
        return asUser(seen, ({ scopes, emails }) =>
          allows(scopes, "user:email") ? { body: emails } : refusal(404, "Not Found"));
      case `DELETE /api/applications/${server.client.client_id}/grant`:
        return deleteAuthorization(seen, true);
      case `DELETE /api/applications/${server.client.client_id}/token`:
        return deleteAuthorization(seen, false);
      default:
        return refusal(404, "Not Found");
    }
  }

  http.on("request", async (request, response) => {
    const { pathname: path, searchParams } = new URL(request.url, url);
    counts.add(path);
    const body = await bodyOf(request);
    const seen = {
      path,
      method: request.method,
      headers: request.headers,
      query: Object.fromEntries(searchParams),
      form: Object.fromEntries(new URLSearchParams(body)),
      body,
    };
    server.requests.push(seen);
    if (path.startsWith("/api/")) send(response, api(seen));
    else if (path === AUTHORIZE && request.method === "GET") send(response, authorize(seen));
    else if (path === TOKEN && request.method === "POST") send(response, token(seen));
    else send(response, { status: 404, body: "Not Found" });
  });

  return server;
}

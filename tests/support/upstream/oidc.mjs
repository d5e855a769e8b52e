// A real OpenID provider for tests: the unmodified oidc-provider from npm, with users from a map.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import Provider from "oidc-provider";
import { createMemoryAdapter } from "oidc-provider/lib/adapters/memory_adapter.js";
import { bodyOf, counter, listen, send } from "./http.mjs";

export { logInUpstream, logOutUpstream, newJar } from "./http.mjs";

const DISCOVERY = "/.well-known/openid-configuration";
const COUNTED = [DISCOVERY, "/jwks", "/token", "/me", "/auth", "/token/revocation", "/token/introspection"];
// The paths that a mode breaks if none is given.
const BROKEN = {
  nonsense: ["/token", "/jwks", "/me"],
  huge: ["/token", "/jwks", "/me", DISCOVERY],
  redirect: ["/token", "/jwks", DISCOVERY],
  redirect307: ["/token", "/jwks", DISCOVERY],
};
const MODES = ["down", "slow", "nonsense", "huge", "redirect", "redirect307", "error500"];

quiet();

// oidc-provider logs every default that it uses, which is noise in a test.
function quiet() {
  for (const method of ["info", "warn"]) {
    const say = console[method].bind(console);
    console[method] = (...words) => {
      if (!/oidc-provider (NOTICE|WARNING)/.test(String(words[0]))) say(...words);
    };
  }
}

// Private keys for every algorithm of ID tokens. Real providers often use one RSA key for RS256 and PS256. Separate
// keys make a wrong choice by `kid` visible.
export function newKeys(prefix = "upstream") {
  const rsa = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pairs = {
    RS256: rsa(),
    PS256: rsa(),
    ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
    EdDSA: generateKeyPairSync("ed25519"),
  };
  return Object.entries(pairs).map(([alg, { privateKey }]) => ({
    ...privateKey.export({ format: "jwk" }),
    alg,
    use: "sig",
    kid: `${prefix}-${alg}`,
  }));
}

// `options`:
//   refresh        "offline_access" (default: only with that scope and prompt=consent) or "always"
//   rotate         whether a refresh token is replaced at each use (default true)
//   idTokenClaims  whether profile, email, ... are in the ID token too (default false: userinfo only)
//   ttl            seconds by model: { AccessToken, IdToken, RefreshToken, AuthorizationCode, Session }
//   acr            the acr values that it knows; a login gets the first requested one of them, unless the
//                  account has an `acr` of its own
//   scopes         more scopes and their claims: { tenant: ["tid"] }
//   configuration  anything else of oidc-provider's configuration; wins over all the above
function configurationOf({ clients, find, keys, adapter, options }) {
  const { refresh = "offline_access", rotate = true, idTokenClaims = false } = options;
  const { features, ...configuration } = options.configuration ?? {};
  return {
    adapter,
    clients: clients.map((client) => ({ grant_types: ["authorization_code", "refresh_token"], ...client })),
    jwks: { keys },
    findAccount: (_ctx, id) => {
      const claims = find(id);
      return claims && { accountId: claims.sub, claims: () => claims };
    },
    claims: {
      openid: ["sub", "amr"],
      profile: ["name", "given_name", "family_name", "preferred_username", "picture", "locale", "updated_at"],
      email: ["email", "email_verified"],
      groups: ["groups"],
      roles: ["roles"],
      ...options.scopes,
    },
    acrValues: options.acr ?? ["urn:example:bronze", "urn:example:silver", "urn:example:gold"],
    conformIdTokenClaims: !idTokenClaims,
    cookies: { keys: ["a secret of the tests"] },
    issueRefreshToken: (_ctx, client, source) =>
      client.grantTypeAllowed("refresh_token") &&
      (refresh === "always" || source.scopes.has("offline_access")),
    rotateRefreshToken: rotate,
    // A login at the client outlives the browser's session here, as at most providers.
    expiresWithSession: () => false,
    pkce: { required: () => true },
    ttl: {
      AccessToken: 60,
      AuthorizationCode: 60,
      Grant: 86_400,
      IdToken: 300,
      Interaction: 600,
      RefreshToken: 3600,
      Session: 86_400,
      ...options.ttl,
    },
    // The library refuses requests to loopback addresses, but the clients of a test run there.
    fetch: (url, { dispatcher: _, ...init }) => fetch(url, init),
    clientBasedCORS: () => false,
    renderError: (ctx, out) => {
      ctx.type = "text/plain";
      ctx.body = Object.entries(out).map(([name, value]) => `${name}: ${value}`).join("\n");
    },
    features: {
      backchannelLogout: { enabled: true },
      claimsParameter: { enabled: true },
      devInteractions: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      userinfo: { enabled: true },
      ...features,
    },
    ...configuration,
  };
}

// The built-in form uses what was typed as the subject. Here it is looked up, so that the login name and `sub` may
// differ. Unknown login names are refused.
const signIn = (find, acrValues) => async (ctx, next) => {
  if (ctx.method !== "POST" || !/^\/interaction\/[^/]+$/.test(ctx.path)) return next();
  const body = Object.fromEntries(new URLSearchParams(await bodyOf(ctx.req)));
  ctx.req.body = body;
  if (body.prompt !== "login") return next();
  const account = find(body.login);
  if (!account) return Object.assign(ctx, { status: 400, body: `no account has the login ${body.login}` });
  const { params } = await ctx.app.interactionDetails(ctx.req, ctx.res);
  const wanted = requestedAcr(params).find((value) => acrValues.includes(value));
  const login = { accountId: account.sub, acr: account.acr ?? wanted, amr: account.amr ?? ["pwd"] };
  ctx.respond = false;
  return ctx.app.interactionFinished(ctx.req, ctx.res, { login }, { mergeWithLastSubmission: false });
};

function requestedAcr({ acr_values = "", claims }) {
  const { value, values = [] } = (claims && JSON.parse(claims).id_token?.acr) || {};
  return [...acr_values.split(" "), ...values, value];
}

// A valid response that is too large. A client that accepts it has no limit.
function pad(response) {
  const end = response.end.bind(response);
  response.end = (body) => {
    if (typeof body !== "string" || !body.startsWith("{")) return end(body);
    const padded = JSON.stringify({ ...JSON.parse(body), padding: "x".repeat(5 * 1024 * 1024) });
    response.setHeader("content-length", Buffer.byteLength(padded));
    return end(padded);
  };
}

export async function startUpstream({ clients, accounts, port, keys = newKeys(), options = {} }) {
  const { server, url, stop } = await listen(port);
  const issuer = url;
  const people = new Map(Object.entries(accounts));
  // Sessions and tokens identify a user by `sub`, the login form by login name.
  const find = (id) => people.get(id) ?? [...people.values()].find(({ sub }) => sub === id);
  const counts = counter(COUNTED);
  const errors = [];
  const logouts = [];
  const timers = new Set();
  // Not changed with the keys, so that users stay signed in.
  const adapter = createMemoryAdapter();
  let failing = null;
  let provider;
  let handle;

  const build = (signingKeys) => {
    const configuration = configurationOf({ clients, find, keys: signingKeys, adapter, options });
    provider = new Provider(issuer, configuration);
    provider.use(signIn(find, configuration.acrValues));
    provider.silent = true;
    for (const event of ["authorization.error", "grant.error", "server_error", "userinfo.error"]) {
      provider.on(event, (_ctx, error) =>
        errors.push({ event, error: error.error ?? error.message, detail: error.error_detail, cause: error }),
      );
    }
    provider.on("backchannel.success", (_ctx, client, sub, sid) =>
      logouts.push({ client_id: client.clientId, sub, sid }));
    provider.on("backchannel.error", (_ctx, error, client, sub, sid) =>
      logouts.push({ client_id: client.clientId, sub, sid, error: error.message }));
    handle = provider.callback();
  };
  build(keys);

  const broken = (path) => {
    if (!failing) return undefined;
    const paths = failing.path ? [failing.path] : BROKEN[failing.mode];
    return !paths || paths.includes(path) ? failing.mode : undefined;
  };

  server.on("request", (request, response) => {
    const { pathname, search } = new URL(request.url, url);
    counts.add(pathname);
    // The target of "redirect": another origin that would respond correctly. `counts` shows whether it was visited.
    if (pathname.startsWith("/elsewhere/")) {
      request.url = pathname.slice("/elsewhere".length) + search;
      request.headers.host = new URL(url).host;
      return handle(request, response);
    }
    const elsewhere = `http://127.0.0.1:${server.address().port}/elsewhere${pathname}${search}`;
    switch (broken(pathname)) {
      case "down":
        return request.socket.destroy();
      case "slow": {
        const timer = setTimeout(() => timers.delete(timer) && handle(request, response), 20_000);
        return timers.add(timer);
      }
      case "nonsense":
        return send(response, { headers: { "content-type": "application/json" }, body: "<not json>" });
      case "huge":
        pad(response);
        return handle(request, response);
      case "redirect":
        return send(response, { status: 302, headers: { location: elsewhere } });
      case "redirect307":
        return send(response, { status: 307, headers: { location: elsewhere } });
      case "error500":
        return send(response, { status: 500, body: "Internal Server Error" });
      default:
        return handle(request, response);
    }
  });

  return {
    issuer,
    url,
    get provider() {
      return provider;
    },
    counts,
    // What it refused and why, and which clients it notified of a logout (OpenID Connect Back-Channel Logout 1.0).
    errors,
    logouts,
    // Null claims delete the account, and its refresh tokens stop working.
    setAccount: (login, claims) => (claims ? people.set(login, claims) : people.delete(login)),
    fail(mode, path) {
      if (mode && !MODES.includes(mode)) throw new Error(`expected one of ${MODES.join(", ")}, not ${mode}`);
      failing = mode ? { mode, path } : null;
    },
    // Signs with other keys from now on, and removes the old ones from the JWKS.
    setKeys: (other = newKeys(randomUUID())) => build(other),
    endSession: `${url}/session/end`,
    async stop() {
      for (const timer of timers) clearTimeout(timer);
      await stop();
    },
  };
}

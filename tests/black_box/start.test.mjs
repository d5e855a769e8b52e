// How the server checks its settings before it serves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "../support/browser.mjs";
import { authorizeUrl, basic, pkce, post, publicApp, register } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

const SECRET = "a secret of the deployment for the tests, long enough";
const production = { ENVIRONMENT: "production", VESTIBULE_SECRET: SECRET };

// Runs a test with its own server, and stops it afterwards.
async function withServer(options, run) {
  const server = await startServer(options);
  try {
    return await run(server);
  } finally {
    await server.stop();
  }
}

async function refusal(vars) {
  return withServer({ vars }, async (server) => {
    const response = await fetch(`${server.url}/jwks`);
    return { status: response.status, text: await response.text() };
  });
}

test("production without VESTIBULE_SECRET serves nothing and gives the reason on every path", async () => {
  await withServer({ vars: { ENVIRONMENT: "production" } }, async (server) => {
    const paths = [
      "/",
      "/jwks",
      "/token",
      "/authorize",
      "/register",
      "/account",
      "/demo",
      "/no-such-page",
      "/.well-known/openid-configuration",
    ];
    for (const path of paths) {
      for (const method of ["GET", "POST", "OPTIONS"]) {
        const response = await fetch(`${server.url}${path}`, { method, redirect: "manual" });
        assert.equal(response.status, 503, `${method} ${path}`);
        assert.match(await response.text(), /^Vestibule does not start: VESTIBULE_SECRET is missing/);
        assert.equal(response.headers.get("cache-control"), "no-store");
      }
    }
  });
});

test("without ENVIRONMENT the server is in production", async () => {
  const { status, text } = await refusal({ ENVIRONMENT: "" });
  assert.equal(status, 503);
  assert.match(text, /VESTIBULE_SECRET is missing/);
});

test("a secret that could be guessed is refused and never shown", async () => {
  const { status, text } = await refusal({ ...production, VESTIBULE_SECRET: "hunter2-hunter2" });
  assert.equal(status, 503);
  assert.match(text, /VESTIBULE_SECRET must have at least 32 characters/);
  assert.doesNotMatch(text, /hunter2/);
});

const wrong = {
  ENVIRONMENT: ["prod", "Development"],
  ISSUER: [
    "http://id.example.com",
    "id.example.com",
    "https://id.example.com/path",
    "https://id.example.com?a=b",
    "https://id.example.com#a",
    "ftp://id.example.com",
    "https:id.example.com",
    "https://person:password@id.example.com",
    "https://id.example.com\\",
  ],
  PKCE: ["none"],
  REFRESH_ROTATION: ["never"],
  REGISTRATION: ["on"],
  SIGN_UP: ["closed"],
  RESOURCES: ["https://api.example.com not-a-uri"],
  AUTHORIZATION_CODE_LIFETIME: ["4", "601", "-1", "1e2"],
  ACCESS_TOKEN_LIFETIME: ["9", "86401"],
  ID_TOKEN_LIFETIME: ["9", "86401"],
  REFRESH_TOKEN_IDLE_LIFETIME: ["59"],
  GRANT_LIFETIME: ["59"],
  REFRESH_WINDOW: ["301"],
  SESSION_LIFETIME: ["59"],
  DEVICE_CODE_LIFETIME: ["59", "3601"],
  DEVICE_INTERVAL: ["0", "61"],
  INTERACTION_LIFETIME: ["59", "86401"],
  SIGN_UPS_PER_HOUR: ["0", "many", "4294967296"],
  FAILED_SIGN_INS_PER_HOUR: ["0"],
  WRONG_USER_CODES_PER_HOUR: ["-1"],
  BRAND_NAME: ["x".repeat(61)],
  BRAND_LOGO_URL: ["http://example.com/logo.png", "javascript:alert(1)"],
  BRAND_COLOR: ["red", "#12345", "#1a5fb4;}body{display:none"],
  BRAND_COLOR_DARK: ["blue"],
};
for (const [name, values] of Object.entries(wrong)) {
  test(`a wrong ${name} keeps the server from starting, and is named`, async () => {
    for (const value of values) {
      const { status, text } = await refusal({ ...production, [name]: value });
      assert.equal(status, 503, `${name}=${value} was taken`);
      assert.ok(text.startsWith("Vestibule does not start: "), text);
      assert.ok(text.includes(name), text);
    }
  });
}

test("REGISTRATION=token without a token that is hard to guess keeps the server from starting", async () => {
  for (const REGISTRATION_TOKEN of ["", "short"]) {
    const { status, text } = await refusal({ ...production, REGISTRATION: "token", REGISTRATION_TOKEN });
    assert.equal(status, 503);
    assert.match(text, /REGISTRATION_TOKEN/);
    assert.doesNotMatch(text, /short/);
  }
});

test("REGISTRATION=token requires the initial access token (RFC 7591 §3)", async () => {
  const REGISTRATION_TOKEN = "the initial access token of the tests";
  await withServer(
    { vars: { ...production, REGISTRATION: "token", REGISTRATION_TOKEN } },
    async (server) => {
      const attempt = (headers) =>
        fetch(`${server.url}/register`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify({ redirect_uris: ["https://app.example.test/callback"] }),
        });
      const none = await attempt({});
      assert.equal(none.status, 401, await none.text());
      assert.match(none.headers.get("www-authenticate"), /^Bearer /);
      const other = await attempt({ authorization: `Bearer ${REGISTRATION_TOKEN}!` });
      assert.equal(other.status, 401);
      assert.equal((await other.json()).error, "invalid_token");
      const right = await attempt({ authorization: `Bearer ${REGISTRATION_TOKEN}` });
      assert.equal(right.status, 201, await right.text());
    },
  );
});

test("REGISTRATION=open lets anyone register in production, but not as the operator's own app", async () => {
  await withServer({ vars: { ...production, REGISTRATION: "open" } }, async (server) => {
    await publicApp(server);
    const response = await fetch(`${server.url}/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ redirect_uris: ["https://app.example.test/callback"], first_party: true }),
    });
    assert.equal(response.status, 400);
    assert.equal((await response.json()).error, "invalid_client_metadata");
  });
});

test("REGISTRATION=off refuses registrations, and the metadata has no endpoint for them", async () => {
  await withServer({ vars: { REGISTRATION: "off" } }, async (server) => {
    const response = await fetch(`${server.url}/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ redirect_uris: ["https://app.example.test/callback"] }),
    });
    assert.ok([400, 403, 404].includes(response.status), `${response.status}`);
    const metadata = await (await fetch(`${server.url}/.well-known/openid-configuration`)).json();
    assert.equal(metadata.registration_endpoint, undefined);
  });
});

test("production has no demo pages, no open registration and no Server-Timing", async () => {
  await withServer({ vars: production }, async (server) => {
    const pages = [
      "/demo",
      "/demo/app/start",
      "/demo/todo/start",
      "/demo/app/callback",
      "/demo/tv",
      "/demo/tv/wait",
      "/demo/machine",
    ];
    for (const path of pages) {
      for (const method of ["GET", "POST"]) {
        const response = await fetch(`${server.url}${path}`, { method, redirect: "manual" });
        assert.equal(response.status, 404, `${method} ${path}`);
      }
    }
    const home = await fetch(`${server.url}/`, { redirect: "manual" });
    assert.equal(home.headers.get("location"), `${server.url}/account`);
    assert.equal(home.headers.get("server-timing"), null);
    assert.doesNotMatch(await (await fetch(`${server.url}/sign-in`)).text(), /local development/);
    const machine = { client_id: "demo-machine", client_secret: "anything" };
    const fields = { grant_type: "client_credentials" };
    assert.equal((await post(`${server.url}/token`, fields, basic(machine))).status, 401);
    const metadata = await (await fetch(`${server.url}/.well-known/openid-configuration`)).json();
    assert.equal(metadata.registration_endpoint, undefined);
  });
});

test("every URL follows ISSUER, whatever Host a request names (host header injection)", async () => {
  const issuer = "https://id.example.test";
  await withServer({ vars: { ISSUER: `${issuer}/` } }, async (server) => {
    for (const document of ["openid-configuration", "oauth-authorization-server"]) {
      const response = await fetch(`${server.url}/.well-known/${document}`);
      const metadata = await response.json();
      assert.equal(metadata.issuer, issuer);
      for (const [name, value] of Object.entries(metadata)) {
        const isOwn = /(_endpoint|_uri)$/.test(name) && typeof value === "string";
        if (isOwn) assert.ok(value.startsWith(`${issuer}/`), `${name}: ${value}`);
      }
      assert.doesNotMatch(JSON.stringify(metadata), /localhost/);
    }
    const app = await publicApp(server, {
      grant_types: ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"],
    });
    assert.ok(app.registration_client_uri.startsWith(`${issuer}/register/`));
    const device = await post(`${server.url}/device_authorization`, { client_id: app.client_id });
    for (const name of ["verification_uri", "verification_uri_complete", "verification_qr_uri"]) {
      assert.ok(device.body[name].startsWith(`${issuer}/device`), device.body[name]);
    }
    const { challenge } = pkce();
    const browser = new Browser(server.url);
    const redirect = await browser.request(authorizeUrl(server, app, { challenge, prompt: "create" }));
    const location = redirect.headers.get("location");
    assert.ok(location.startsWith(`${issuer}/sign-up?flow=`), location);
    for (const path of ["/", "/account"]) {
      const response = await browser.request(path);
      assert.ok(response.headers.get("location").startsWith(`${issuer}/`));
    }
    const page = await browser.open(`/sign-in${new URL(location).search}`);
    const links = [...page.text.matchAll(/href="(https?:[^"]*)"/g)].map(([, link]) => link);
    assert.ok(links.length > 0);
    for (const link of links) assert.ok(link.startsWith(`${issuer}/`), link);
    const refused = answer(
      await browser.request(authorizeUrl(server, app, { challenge, prompt: "none" })),
    );
    assert.equal(refused.get("iss"), issuer);
    // RFC 9110 §15.4, RFC 6797: over https every response has Strict-Transport-Security.
    for (const path of ["/jwks", "/sign-in", "/no-such-page", "/token"]) {
      const response = await browser.request(path);
      assert.match(response.headers.get("strict-transport-security") ?? "", /^max-age=\d{8}/, path);
    }
    // The user's browser posts from the issuer's origin.
    const form = page.forms[0];
    const posted = await browser.request("/sign-in", {
      method: "POST",
      body: new URLSearchParams({ ...form.fields, email: "nobody@example.test", password: "x" }),
      headers: { origin: issuer },
    });
    assert.equal(posted.status, 422);
  });
});

const answer = (response) => new URL(response.headers.get("location")).searchParams;

test("without an https issuer there is no Strict-Transport-Security (RFC 6797 §7.2)", async () => {
  await withServer({}, async (server) => {
    const response = await fetch(`${server.url}/jwks`);
    assert.equal(response.headers.get("strict-transport-security"), null);
  });
});

test("SIGN_UP=off creates no account, by page or by form", async () => {
  await withServer({ vars: { SIGN_UP: "off" } }, async (server) => {
    const browser = new Browser(server.url);
    assert.equal((await browser.open("/sign-up")).status, 403);
    const page = await browser.open("/sign-in");
    assert.doesNotMatch(page.text, /sign-up/);
    const details = { email: "someone@example.test", password: "a long enough passphrase" };
    const response = await browser.request("/sign-up", {
      method: "POST",
      body: new URLSearchParams({ ...page.forms[0].fields, ...details }),
      headers: { origin: server.url },
    });
    assert.equal(response.status, 403);
    assert.equal((await browser.submit(await browser.open("/sign-in"), details)).status, 422);
  });
});

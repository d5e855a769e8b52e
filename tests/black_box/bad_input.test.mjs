// Any input gets the right 4xx, never a 5xx, and changes no state.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { request as rawRequest } from "node:http";
import { after, before, test } from "node:test";
import { crc32 } from "node:zlib";
import { authorize, basic, pkce, publicApp, redeem, register, signedUp } from "../support/oauth.mjs";
import { settings } from "../support/federation.mjs";
import { startServer } from "../support/server.mjs";

let server;
let machine;
before(async () => {
  const table = { id: "up", issuer: "http://127.0.0.1:9", client_id: "vestibule", connection_scope: "post" };
  server = await startServer({ vars: settings([table]) });
  machine = await register(server, { grant_types: ["client_credentials"], redirect_uris: [] });
});
after(() => server.stop());

const FORM = "application/x-www-form-urlencoded";
const FORMS = ["/token", "/introspect", "/revoke", "/device_authorization", "/userinfo",
  "/backchannel_logout/up"];
const PAGES = ["/sign-in", "/sign-up", "/consent", "/device", "/device/decide", "/select-account", "/sign-out",
  "/account/profile", "/account/password", "/account/sessions", "/account/apps", "/account/delete",
  "/account/identities", "/account/connections", "/developers", "/developers/x", "/connect/up"];

const send = async (path, { method = "POST", body, headers = {} } = {}) => {
  const response = await fetch(`${server.url}${path}`, { method, body, headers, redirect: "manual" });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

// Sends raw bytes, because fetch would correct them.
const raw = (path, { method = "POST", body = "", headers = {} } = {}) =>
  new Promise((resolve, reject) => {
    const request = rawRequest(`${server.url}${path}`, { method, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    });
    request.on("error", reject);
    request.end(body);
  });

function refused(answer, what) {
  assert.ok(answer.status >= 400 && answer.status < 500, `${what}: ${answer.status} ${answer.text}`);
}
function refusedAsJson(answer, what) {
  refused(answer, what);
  if (!answer.text) return;
  const body = JSON.parse(answer.text);
  assert.match(body.error, /^[a-z_]+$/, what);
  assert.ok(body.error_description, what);
}

test("bodies that aren't forms are refused with an OAuth error", async () => {
  const bodies = ["", "a=%zz", "a=%ff", "a=%00", "=", "&&&", "grant_type=a&grant_type=b", "x".repeat(60_000),
    Array.from({ length: 200 }, (_, index) => `p${index}=1`).join("&"), "{}", "\u0000", "grant_type"];
  for (const path of FORMS) {
    for (const body of bodies) {
      refusedAsJson(await send(path, { body, headers: { "content-type": FORM } }), `${path} ${body.slice(0, 30)}`);
    }
    for (const type of ["application/json", "text/plain", "multipart/form-data; boundary=x", "", ";;;"]) {
      refusedAsJson(await send(path, { body: "grant_type=x", headers: { "content-type": type } }), `${path} ${type}`);
    }
    const large = await send(path, { body: "a=".padEnd(70_000, "x"), headers: { "content-type": FORM } });
    assert.equal(large.status, 413);
  }
});

test("a body with a wrong or missing Content-Length is limited too", async () => {
  const chunks = new ReadableStream({
    start(controller) {
      for (let index = 0; index < 9; index += 1) controller.enqueue(new Uint8Array(8192).fill(97));
      controller.close();
    },
  });
  const response = await fetch(`${server.url}/token`, {
    method: "POST", body: chunks, duplex: "half", headers: { "content-type": FORM },
  });
  assert.equal(response.status, 413);
});

test("a body that is not UTF-8 is refused, with and without a Content-Length (RFC 6749 appendix B)", async () => {
  const bytes = (text) => Buffer.from(text, "latin1");
  const chunked = (body) => ({ body: new ReadableStream({ start: (to) => { to.enqueue(body); to.close(); } }), duplex: "half" });
  const form = bytes("grant_type=client_credentials&scope=caf\u00e9");
  for (const sent of [{ body: form }, chunked(form)]) {
    const answer = await fetch(`${server.url}/token`, { method: "POST", ...sent, headers: { "content-type": FORM, ...basic(machine) } });
    assert.equal(answer.status, 400);
    assert.match((await answer.json()).error_description, /UTF-8/);
  }
  const registration = bytes('{"redirect_uris":["https://a.test/"],"client_name":"caf\u00e9"}');
  refusedAsJson(await send("/register", { body: registration, headers: { "content-type": "application/json" } }), "latin1");
});

test("a verified token doesn't make an altered one valid (RFC 7515 §5.2)", async () => {
  const person = await signedUp(server);
  const client = await publicApp(server);
  const { verifier, challenge } = pkce();
  const { code } = await authorize(server, client, person.browser, { challenge, scope: "openid email" });
  const { access_token: good } = (await redeem(server, client, code, verifier)).body;
  const userinfo = (token) => send("/userinfo", { method: "GET", headers: { authorization: `Bearer ${token}` } });
  assert.equal((await userinfo(good)).status, 200);
  assert.equal((await userinfo(good)).status, 200);
  const [header, claims, signature] = good.split(".");
  const later = JSON.parse(Buffer.from(claims, "base64url"));
  const longer = Buffer.from(JSON.stringify({ ...later, exp: later.exp + 9999 })).toString("base64url");
  const flipped = `${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`;
  for (const token of [`${header}.${longer}.${signature}`, `${header}.${claims}.${flipped}`, `${header}.${claims}.`]) {
    assert.equal((await userinfo(token)).status, 401);
  }
});

test("malformed Authorization headers are refused", async () => {
  const values = ["Basic", "Basic ", "Basic !!!", "Basic YQ==", `Basic ${Buffer.from("a:b%zz").toString("base64")}`,
    "Bearer", "Bearer ", "Bearer x y", "Digest x", "Basic \u00ff", `Basic ${"A".repeat(9000)}`, "Bearer a.b.c"];
  for (const path of FORMS) {
    for (const authorization of values) {
      const headers = { "content-type": FORM, authorization };
      refusedAsJson(await send(path, { body: "grant_type=client_credentials&token=x", headers }), `${path} ${authorization.slice(0, 20)}`);
    }
  }
});

test("unsupported methods get 405 and Allow (RFC 9110 §15.5.6)", async () => {
  for (const [path, method] of [["/token", "GET"], ["/jwks", "POST"], ["/register", "GET"], ["/consent", "DELETE"],
    ["/userinfo", "PUT"], ["/sign-out", "PUT"], ["/authorize", "PATCH"]]) {
    const answer = await send(path, { method });
    assert.equal(answer.status, 405, path);
    assert.ok(answer.headers.get("allow"), path);
  }
  assert.equal((await send("/nothing", { method: "GET" })).status, 404);
});

test("opening the URL of a form leads to its page", async () => {
  for (const [path, page] of [["/account/profile", "/account"], ["/sign-out", "/account"], ["/device/decide", "/device"]]) {
    const answer = await send(path, { method: "GET" });
    assert.deepEqual([answer.status, answer.headers.get("location")], [303, `${server.url}${page}`]);
  }
});

test("malformed registrations are refused or accepted, and never break the server", async () => {
  const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;
  for (const body of ["", "{", "[]", "null", "1", '"x"', deep, '{"redirect_uris":1}', '{"redirect_uris":[1]}',
    '{"redirect_uris":["https://a.test"],"grant_types":"x"}', '{"redirect_uris":["javascript:alert(1)"]}',
    '{"scope":"a","scope":"b","redirect_uris":["https://a.test"]}', `{"redirect_uris":[${'"https://a.test",'.repeat(100)}"https://a.test"]}`, `{"client_name":"${"x".repeat(5000)}"}`,
    '{"redirect_uris":["https:example.com"]}', '{"redirect_uris":["data:text/html,x"]}', '{"jwks":{}, "default_max_age":-1}']) {
    refusedAsJson(await send("/register", { body, headers: { "content-type": "application/json" } }), body.slice(0, 40));
  }
  refusedAsJson(await send("/register", { body: "{}", headers: { "content-type": FORM } }), "a form");
  for (const method of ["GET", "PUT", "DELETE"]) {
    for (const id of ["x", "vcl_x", machine.client_id, "%ff", "a/b"]) {
      refused(await send(`/register/${id}`, { method, headers: { authorization: "Bearer x", "content-type": "application/json" }, body: method === "PUT" ? "{}" : undefined }), id);
    }
  }
});

// A value with the right prefix and checksum, for an object that the server never created.
function forged(prefix, size = 68) {
  const bytes = randomBytes(size);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(Buffer.concat([Buffer.from(prefix), bytes])));
  return prefix + Buffer.concat([bytes, sum]).toString("base64url");
}

test("forged tokens with a correct checksum are refused like any other", async () => {
  const app = await publicApp(server);
  const token = (fields) => send("/token", {
    body: new URLSearchParams({ client_id: app.client_id, ...fields }).toString(), headers: { "content-type": FORM },
  });
  for (let round = 0; round < 5; round += 1) {
    for (const answer of [
      await token({ grant_type: "authorization_code", code: forged("vac_"), code_verifier: "x".repeat(43) }),
      await token({ grant_type: "refresh_token", refresh_token: forged("vrt_") }),
    ]) {
      assert.equal(answer.status, 400, answer.text);
      assert.equal(JSON.parse(answer.text).error, "invalid_grant");
    }
    const headers = { cookie: `__Host-session=${forged("vse_")}` };
    const account = await send("/account", { method: "GET", headers });
    assert.equal(account.status, 303, account.text);
    const authorization = `Bearer ${forged("vrt_")}`;
    assert.equal((await send("/userinfo", { method: "GET", headers: { authorization } })).status, 401);
  }
  const unknown = await send("/introspect", {
    body: `token=${forged("vrt_")}`, headers: { "content-type": FORM, ...basic(machine) },
  });
  assert.equal(unknown.text, '{"active":false}');
  assert.equal((await send(`/register/${forged("vcl_", 16)}`, { method: "GET", headers: { authorization: "Bearer x" } })).status, 401);
});

test("malformed cookies and queries never cause a server error", async () => {
  for (const cookie of ["__Host-session=x", "__Host-session", "=", ";;;", `a=${"x".repeat(12_000)}`, "__Host-csrf=\u00ff"]) {
    for (const path of ["/account", "/sign-in", "/device?user_code=BCDFGHJK", "/authorize", "/end_session"]) {
      const answer = await send(path, { method: "GET", headers: { cookie } });
      assert.ok(answer.status < 500, `${path} ${cookie.slice(0, 20)}: ${answer.status}`);
    }
  }
  for (const query of ["?flow=x", "?flow=%zz", "?flow=%ff", `?flow=${"A".repeat(9000)}`, "?a=b&a=b", "?%00"]) {
    for (const path of ["/sign-in", "/sign-up", "/consent", "/select-account", "/authorize", "/device", "/end_session"]) {
      const answer = await send(`${path}${query}`, { method: "GET" });
      assert.ok(answer.status < 500, `${path}${query.slice(0, 20)}: ${answer.status}`);
    }
  }
  assert.ok((await send(`/authorize?x=${"y".repeat(20_000)}`, { method: "GET" })).status < 500);
});

test("forms from other sites are refused (CSRF)", async () => {
  const { browser } = await signedUp(server);
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const csrf = browser.cookies.get("__Host-csrf");
  for (const path of PAGES) {
    const attempt = (body, headers = {}) => send(path, { body, headers: { "content-type": FORM, cookie, ...headers } });
    // A page that needs an interaction or an app can't be shown again without one.
    const refused = [400, 404, 409];
    for (const body of ["", "csrf=x", `csrf=${csrf}x`]) {
      const { status } = await attempt(body);
      assert.ok(refused.includes(status), `${path} with ${body || "no token"}: ${status}`);
    }
    assert.equal((await attempt(`csrf=${csrf}`, { origin: "https://evil.test" })).status, 403, `${path} from another origin`);
    assert.equal((await attempt(`csrf=${csrf}`, { "sec-fetch-site": "cross-site" })).status, 403, `${path} from another site`);
  }
  assert.equal((await browser.open("/account")).title, "Your account", "nothing was done");
});

test("random bytes get a status below 500, and an unused code still works afterwards", async () => {
  const app = await publicApp(server);
  const { browser } = await signedUp(server);
  const { verifier, challenge } = pkce();
  const { code } = await authorize(server, app, browser, { challenge });
  let seed = 20_261_123;
  const random = (bound) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % bound;
  };
  const names = ["grant_type", "code", "client_id", "redirect_uri", "scope", "token", "refresh_token", "resource",
    "claims", "prompt", "max_age", "user_code", "flow", "csrf", "device_code", "code_verifier", "id_token_hint"];
  const values = ["", "x", "%", "%ff", "%00", "authorization_code", "refresh_token", "none", "-1", "1e9", "{}", "[]",
    "https://a.test", "%F0%9F%92%A9", app.client_id, "vrt_", "a.b.c", "x".repeat(3000)];
  const paths = [...FORMS, ...PAGES, "/authorize", "/register", "/end_session", "/jwks", "/demo/machine"];
  for (let round = 0; round < 600; round += 1) {
    const body = Array.from({ length: random(6) }, () => `${names[random(names.length)]}=${values[random(values.length)]}`).join("&");
    const path = paths[random(paths.length)];
    const method = ["GET", "POST", "POST"][random(3)];
    const headers = [{}, { "content-type": FORM }, { "content-type": "application/json" }, { authorization: "Basic YTpi" }][random(4)];
    const status = method === "GET" ? await raw(`${path}?${body}`, { method }) : await raw(path, { body, headers: { "content-type": FORM, ...headers } });
    assert.ok(status < 500, `round ${round}: ${method} ${path} ${body.slice(0, 200)}: ${status}`);
  }
  assert.equal((await redeem(server, app, code, verifier)).status, 200);
});

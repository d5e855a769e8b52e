// Without Cloudflare: plain workerd with the configuration that `make serve` writes.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { Browser } from "../support/browser.mjs";
import {
  answerOf, authorize, authorizeUrl, basic, pkce, post, publicApp, redeem, refresh, register, signedUp, television, userinfo,
} from "../support/oauth.mjs";
import { TOKEN, runtimeOf, serve as startServe } from "../support/serve.mjs";
import { freePort } from "../support/server.mjs";

let folder, port, served;

const serve = (more = []) =>
  startServe(port, [`STATE=${folder}/state`, `SETTINGS=${folder}/settings.toml`, ...more]);
// Kills the server like a power cut would, and starts it again.
async function crash() {
  process.kill(runtimeOf(served), "SIGKILL");
  process.kill(served.child.pid, "SIGKILL");
  await served.exited;
  served = await serve();
}
const app = (more) => publicApp(served, { first_party: true, ...more });
const service = () => register(served, { redirect_uris: [], response_types: [], grant_types: ["client_credentials"] });
const credentials = (client) =>
  post(`${served.url}/token`, { grant_type: "client_credentials" }, basic(client));
async function restart(settings) {
  await served.stop();
  served = await serve(settings);
}

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "vestibule-serve-"));
  port = await freePort();
  writeFileSync(`${folder}/settings.toml`, `
REGISTRATION = "token"
REGISTRATION_TOKEN = "${TOKEN}"
BRAND_NAME = "Acme"
AUTHORIZATION_CODE_LIFETIME = 5
ACCESS_TOKEN_LIFETIME = 10
[[RESOURCES]]
resource = "https://api.example.test"
name = "The API"
`);
  served = await serve();
});
after(async () => {
  await served.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("it serves its pages, styles and keys with the settings of the file", async () => {
  const discovery = await (await fetch(`${served.url}/.well-known/openid-configuration`)).json();
  assert.equal(discovery.issuer, served.url);
  assert.equal((await (await fetch(discovery.jwks_uri)).json()).keys.length, 2);
  const page = await (await fetch(`${served.url}/sign-in`)).text();
  assert.match(page, /Acme/);
  const style = page.match(/href="([^"]+\.css[^"]*)"/)[1];
  assert.equal((await fetch(new URL(style, served.url))).status, 200);
  assert.equal((await fetch(`${served.url}/demo`)).status, 404, "it is in production");
});

test("everything confirmed is stored after kill -9, and used codes stay used", async () => {
  const [client, machine] = [await app(), await service()];
  const { browser } = await signedUp(served);
  const [{ verifier, challenge }, waiting] = [pkce(), pkce()];
  const { code } = await authorize(served, client, browser, { challenge });
  const tokens = (await redeem(served, client, code, verifier)).body;
  const other = await authorize(served, client, browser, { challenge: waiting.challenge });
  await crash();
  assert.equal((await userinfo(served, tokens.access_token)).status, 200);
  assert.equal((await redeem(served, client, other.code, waiting.verifier)).status, 200);
  assert.equal((await refresh(served, client, tokens.refresh_token)).status, 200);
  assert.equal((await credentials(machine)).status, 200, "a client is in the KV");
  assert.equal((await redeem(served, client, code, verifier)).body.error, "invalid_grant");
});

test("nothing on disk can redeem a code, and the code works after a crash", async () => {
  const client = await app({ grant_types: ["authorization_code"] });
  const { browser } = await signedUp(served);
  const { verifier, challenge } = pkce();
  const { code } = await authorize(served, client, browser, { challenge, scope: "openid" });
  const [stored, ...others] = grants().filter((content) => content.includes(client.client_id));
  assert.ok(stored !== undefined && others.length === 0);
  const secret = Buffer.from(code.slice("vac_".length), "base64url").subarray(36, 68);
  for (const form of ["base64url", "base64", "hex", "latin1"]) assert.ok(!stored.includes(secret.toString(form)), form);
  await crash();
  assert.equal((await redeem(served, client, code, verifier)).status, 200);
});
// The stored values of the grants.
function grants() {
  const files = `${folder}/state/objects/vestibule-Grant`;
  return readdirSync(files).map((name) => readFileSync(path.join(files, name), "latin1"));
}

test("what a sign-in wrote is found after a crash, and each part can end without the other", async () => {
  const client = await app();
  const { person } = await signedUp(served);
  const browser = new Browser(served.url);
  const { verifier, challenge } = pkce();
  const page = await browser.open(authorizeUrl(served, client, { challenge }));
  const { code } = answerOf(await browser.submit(page, person, "/sign-in"));
  const { body: tokens } = await redeem(served, client, code, verifier);
  await crash();
  assert.equal((await userinfo(served, tokens.access_token)).status, 200);
  const account = await browser.open("/account");
  assert.equal(account.title, "Your account");
  await browser.submit(account, {}, "/sign-out");
  await crash();
  assert.notEqual((await browser.open("/account")).title, "Your account");
  assert.equal((await userinfo(served, tokens.access_token)).status, 200, "the grant outlives its session (OpenID Connect Core §11)");
  assert.equal((await refresh(served, client, tokens.refresh_token)).status, 200);
});

test("a wrong setting stops it with a line that names the setting", async () => {
  const server = await startServe(await freePort(), [`STATE=${folder}/other`, "PKCE=never"]);
  assert.equal(await server.exited, 1);
  assert.match(server.said(), /PKCE is "never" but must be/);
});

test("limits count by the connection's address, or by the proxy's header if it is set", async () => {
  const tries = async (address) => {
    const answer = await post(`${served.url}/device_authorization`, { client_id, scope: "openid" }, address);
    return answer.status;
  };
  const { client_id } = await television(served);
  await restart(["DEVICE_CODES_PER_HOUR=2"]);
  const spoofed = (n) => ({ "cf-connecting-ip": `192.0.2.${n}`, "x-forwarded-for": `192.0.2.${n}` });
  assert.deepEqual([await tries(spoofed(1)), await tries(spoofed(2)), await tries(spoofed(3))], [200, 200, 503]);
  await restart(["DEVICE_CODES_PER_HOUR=1", "CLIENT_ADDRESS=X-Forwarded-For"]);
  // The client sent the first value; the proxy appended the last.
  const forwarded = (claimed, seen) => ({ "x-forwarded-for": `${claimed}, ${seen}` });
  assert.equal(await tries(forwarded("203.0.113.1", "198.51.100.7")), 200);
  assert.equal(await tries(forwarded("203.0.113.2", "198.51.100.7")), 503);
  assert.equal(await tries(forwarded("203.0.113.1", "198.51.100.8")), 200);
});

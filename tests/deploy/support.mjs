// Shared by the tests of deployments: a double of Cloudflare, a folder to deploy from, and a user whose sign-in and
// tokens show whether a deployment lost anything.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "../../tools/workerd/config.mjs";
import { Browser } from "../support/browser.mjs";
import { CALLBACK, claimsOf, newPerson, pkce, post, publicApp, refresh, signedUp, userinfo } from "../support/oauth.mjs";
import { runChild } from "./cloudflare/children.mjs";
import { startCloudflare } from "./cloudflare/index.mjs";

export const ISSUER = "https://vestibule.example.workers.dev";
// The real `fetch`. The global one goes to the double.
export const outside = globalThis.fetch;

// Starts a double and makes a folder to deploy from.
export async function newDeployment({ command = [path.join(root, "tools/deploy.mjs")] } = {}) {
  const cloudflare = await startCloudflare();
  const folder = mkdtempSync(path.join(tmpdir(), "deployment-"));
  // From now on, `fetch` reaches the workers of this double.
  globalThis.fetch = (url, init) => (/^https:/.test(String(url)) ? cloudflare.fetch(url, init) : outside(url, init));
  return new Deployment(cloudflare, folder, command);
}

class Deployment {
  constructor(cloudflare, folder, command) {
    Object.assign(this, { cloudflare, folder, command });
  }

  async end() {
    await this.cloudflare.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  // Runs the command, as `make deploy` does.
  async deploy(args = [], { env = {}, folder = this.folder } = {}) {
    const { code, stdout, stderr } = await runChild(process.execPath, [...this.command, ...args], {
      cwd: folder, env: this.cloudflare.env(env),
    });
    return { code, said: stdout + stderr };
  }

  // Runs it at a terminal and types the answers.
  async deployAtTerminal(args, answers, { env = {} } = {}) {
    const quoted = [process.execPath, ...this.command, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    const { code, stdout } = await runChild("script", ["--quiet", "--return", "--command", quoted, "/dev/null"], {
      cwd: this.folder, env: this.cloudflare.env(env), input: `${answers.join("\n")}\n`,
    });
    return { code, said: stdout };
  }

  // Runs it, and fails unless it succeeds.
  async deployed(args, options) {
    const result = await this.deploy(args, options);
    assert.equal(result.code, 0, result.said);
    return result;
  }

  // Runs it, and fails unless it stops with this text and uploads nothing.
  async refused(expected, args, options) {
    const from = this.cloudflare.requests.length;
    const result = await this.deploy(args, options);
    assert.equal(result.code, 1, result.said);
    assert.match(result.said, expected);
    assert.match(result.said, /nothing was uploaded/);
    assert.deepEqual(this.uploads(from), []);
    return result;
  }

  // The requests that change a worker.
  uploads(from = 0) {
    return this.cloudflare.calls(from).filter((call) => /^(PUT|POST|PATCH|DELETE) .*\/workers\/scripts/.test(call));
  }

  wrangler(args, options = {}) {
    return this.cloudflare.wrangler(args, { cwd: this.folder, ...options });
  }

  path = (file) => path.join(this.folder, file);
  has = (file) => existsSync(this.path(file));
  read = (file) => readFileSync(this.path(file), "utf8");
  write(file, text) {
    writeFileSync(this.path(file), text);
  }

  // Adds lines to deploy/production.toml.
  configure(lines, file = "deploy/production.toml") {
    this.write(file, `${this.read(file)}\n${lines}\n`);
  }

  // Adds a line to deploy/production.secrets, or changes it.
  addSecret(name, value) {
    const file = "deploy/production.secrets";
    const others = this.has(file) ? this.read(file).split("\n").filter((line) => line !== "" && !line.startsWith(`${name}=`)) : [];
    this.write(file, `${[...others, `${name}=${value}`].join("\n")}\n`);
  }

  get worker() {
    return this.cloudflare.account.script("vestibule");
  }
}

// Deploys with registration by token, signs a user up and gets tokens for an app.
export async function withUser(deployment) {
  const registrationToken = deployment.worker?.secret("REGISTRATION_TOKEN") ?? randomBytes(32).toString("hex");
  mkdirSync(deployment.path("deploy"), { recursive: true });
  deployment.write("deploy/production.toml", 'name = "vestibule"\nREGISTRATION = "token"\n');
  deployment.addSecret("REGISTRATION_TOKEN", registrationToken);
  await deployment.deployed();
  const server = { url: ISSUER, registrationToken };
  const client = await publicApp(server, { first_party: true });
  const { browser, person } = await signedUp(server);
  const tokens = await getTokens(server, client, browser);
  return { server, client, browser, person, tokens };
}

export async function getTokens(server, client, browser) {
  const { verifier, challenge } = pkce();
  const query = new URLSearchParams({
    response_type: "code", client_id: client.client_id, redirect_uri: CALLBACK, scope: "openid email offline_access",
    state: "a state", code_challenge: challenge, code_challenge_method: "S256",
  });
  const page = await browser.open(`${server.url}/authorize?${query}`);
  assert.ok(page.location?.startsWith(CALLBACK), `${page.status} ${page.title}`);
  const code = new URL(page.location).searchParams.get("code");
  const fields = { grant_type: "authorization_code", code, redirect_uri: CALLBACK, client_id: client.client_id, code_verifier: verifier };
  const { status, body } = await post(`${server.url}/token`, fields);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

// Fails if a deployment lost anything: the earlier access token and refresh token must work, the session must be there,
// and the user must be able to sign in with the earlier password.
export async function nothingWasLost(user) {
  const { server, client, browser, person, tokens } = user;
  const info = await userinfo(server, tokens.access_token);
  assert.equal(info.status, 200, `the earlier access token is refused: ${JSON.stringify(info.body)}`);
  assert.equal(info.body.email, person.email);
  const { keys } = await (await fetch(`${server.url}/jwks`)).json();
  const { kid } = JSON.parse(Buffer.from(tokens.access_token.split(".")[0], "base64url"));
  assert.ok(keys.some((key) => key.kid === kid), "the key of the earlier access token is no longer published");
  const refreshed = await refresh(server, client, user.tokens.refresh_token);
  assert.equal(refreshed.status, 200, `the earlier refresh token is refused: ${JSON.stringify(refreshed.body)}`);
  user.tokens = { ...tokens, refresh_token: refreshed.body.refresh_token };
  await getTokens(server, client, browser);
  const other = new Browser(server.url);
  const page = await other.submit(await other.open("/sign-in"), person);
  assert.equal(page.title, "Your account", page.text);
  assert.equal(claimsOf((await getTokens(server, client, other)).access_token).sub, claimsOf(tokens.access_token).sub);
}

export { newPerson };

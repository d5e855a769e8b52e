// A double of Cloudflare: its API, and workers that run on workerd from what was uploaded. Real clients talk to it
// through an HTTPS proxy, so they need no change and nothing inside them is replaced.
//
//     const cloudflare = await startCloudflare();
//     const { code, stdout } = await cloudflare.wrangler(["deploy", "--config", file], { cwd });
//     const answer = await cloudflare.fetch("https://vestibule.example.workers.dev/");
//     cloudflare.check();
//     await cloudflare.stop();
//
// - `env()` is the environment of a child process that is to see the double instead of Cloudflare. It sets the proxy
//   (HTTPS_PROXY, NODE_USE_ENV_PROXY), the test authority (NODE_EXTRA_CA_CERTS) and the token, and leaves out the
//   settings and the login of whoever runs the tests. The double runs in this process, so start children with `spawn`, never
//   with `spawnSync`.
// - `account` is the first account: `account.script(name)` has `versions`, `deployments`, `deployment`, `current`,
//   `secret(name)`, `migrated` and `subdomain`; `account.kv.byTitle(title)` has `get`, `put`, `delete` and `list`;
//   `account.domains` and `account.dnsRecords` are the custom domains and the other DNS records. `account.subdomain =
//   undefined` makes an account without a workers.dev subdomain; `account.sizeLimit` is in bytes; `account.lag = n` makes
//   each later deployment take effect only after n requests.
// - `accounts.add({ name, subdomain })`, `accounts.addToken(text, { accounts, can, type, lists })`,
//   `accounts.revokeToken(text)` and `accounts.addZone({ name, account })` add accounts, tokens and zones. `can` is a
//   list of PERMISSIONS; without "accounts", `GET /accounts` is refused.
// - `login({ expired })` with `env({ token: null })` is someone who ran `wrangler login`.
// - `fail(…)` and `hold(…)` make requests to the API fail or wait (faults.mjs). `delaySite(host, n)`: the next n
//   connections to a worker's host fail; `failSite(host, { status, body, times })`: the next requests get this answer.
// - `requests` is the log: `{ method, path, query, body, by, token, status }`, with `by` "wrangler" or "api", and
//   `contained(text)` for what the body had before it was redacted. `calls()` is a short form of it.
// - `unknown`, `crashes` and `refused` are requests that the double doesn't implement, its own errors, and hosts that
//   don't exist. `check()` throws unless all are empty.
// - `answerOutbound(host, handle)` answers what workers fetch from elsewhere.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ProxyAgent, fetch as fetchWith } from "undici";
import { Accounts, PERMISSIONS } from "./accounts.mjs";
import { Api } from "./api.mjs";
import { Certificates } from "./certificates.mjs";
import { childEnvironment, runWrangler } from "./children.mjs";
import { Faults } from "./faults.mjs";
import { serveKv } from "./kv.mjs";
import { LOGIN_HOST, Login } from "./login.mjs";
import { Outbound } from "./outbound.mjs";
import { Proxy } from "./proxy.mjs";
import { Runtimes } from "./runtime.mjs";
import { Sites } from "./sites.mjs";

export { PERMISSIONS };

const API_HOST = "api.cloudflare.com";
export const TOKEN = "a-token-of-the-operator";

export async function startCloudflare({ name = "Example", subdomain = "example" } = {}) {
  const double = new Cloudflare({ name, subdomain });
  await double.start();
  return double;
}

class Cloudflare {
  // Short, because it has the paths of sockets in it.
  #folder = mkdtempSync(path.join(tmpdir(), "cf-"));
  #certificates = new Certificates(this.#folder);
  #runtimes = new Runtimes(this.#folder, this.#folder);
  #faults = new Faults();
  #login;
  #sites;
  #outbound;
  #proxy;
  #proxyUrl;
  #servers = [];
  #agents = [];
  accounts = new Accounts();
  refused = [];

  constructor({ name, subdomain }) {
    this.account = this.accounts.add({ name, subdomain });
    this.accounts.addToken(TOKEN, { accounts: [this.account] });
    this.#login = new Login(this.accounts);
    this.api = new Api({ accounts: this.accounts, faults: this.#faults, runtimes: this.#runtimes });
    this.#sites = new Sites(this.accounts, this.#runtimes);
    this.#outbound = new Outbound(this.#sites);
    this.#proxy = new Proxy({
      certificates: this.#certificates,
      mayConnect: (host) => this.#mayConnect(host),
      handle: (request, response) => this.#handle(request, response),
    });
  }

  async start() {
    const open = (name) => {
      const [account, namespace] = name.split("/");
      return this.accounts.all.find(({ id }) => id === account).kv.open(namespace);
    };
    this.#servers.push(await serveKv(path.join(this.#folder, "kv"), open));
    this.#servers.push(await this.#outbound.listen(path.join(this.#folder, "outbound")));
    this.#proxyUrl = await this.#proxy.listen();
  }

  async stop() {
    this.#faults.clear();
    await Promise.all(this.#agents.map((agent) => agent.destroy()));
    await this.#proxy.close();
    await this.#runtimes.stop();
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get requests() {
    return this.api.requests;
  }

  get unknown() {
    return this.api.unknown;
  }

  get crashes() {
    return this.api.crashes;
  }

  // The log as lines like "PUT /accounts/:account/workers/scripts/vestibule 200", since `from`.
  calls(from = 0) {
    const line = ({ method, path: target, status }) => `${method} ${this.#anonymous(target)} ${status}`;
    return this.requests.slice(from).map(line);
  }

  check() {
    const problems = [
      ...this.unknown.map((line) => `not implemented: ${line}`),
      ...this.crashes.map((error) => error.stack),
      ...this.refused.map((host) => `no such host: ${host}`),
      ...this.#outbound.refused.map((url) => `a worker fetched ${url}`),
    ];
    if (problems.length > 0) throw new Error(`the double of Cloudflare met:\n${problems.join("\n")}`);
  }

  fail(rule) {
    return this.#faults.fail(rule);
  }

  hold(rule) {
    return this.#faults.hold(rule);
  }

  clearFaults() {
    this.#faults.clear();
  }

  delaySite(host, times) {
    this.#sites.delay(host, times);
    this.#proxy.disconnect(host);
  }

  failSite(host, rule) {
    this.#sites.fail(host, rule);
  }

  answerOutbound(host, handle) {
    this.#outbound.answer(host, handle);
  }

  // Sends a request to a worker or to the API, as a client does. Each request has a connection of its own, so an error
  // affects no other.
  fetch(url, init = {}) {
    const dispatcher = new ProxyAgent({ uri: this.#proxyUrl, requestTls: { ca: this.#certificates.ca } });
    this.#agents.push(dispatcher);
    return fetchWith(url, { ...init, dispatcher });
  }

  // Calls the API with the token; returns the status and the parsed answer.
  async call(method, target, { token = TOKEN, json } = {}) {
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const response = await this.fetch(`https://${API_HOST}/client/v4${target}`, { method, headers, ...body });
    return { status: response.status, ...(await response.json()) };
  }

  // Makes children log in as after `wrangler login`. Their environment then has no token: use `token: null`.
  login({ accounts = [this.account], expired = false } = {}) {
    this.#login.write(this.#home, { accounts, expired });
  }

  env({ token = TOKEN, ...more } = {}) {
    const own = { home: this.#home, proxy: this.#proxyUrl, caFile: this.#certificates.caFile, token };
    return { ...childEnvironment(own), ...more };
  }

  wrangler(args, { cwd, input, env = {}, token } = {}) {
    return runWrangler(args, { cwd, input, env: this.env({ token, ...env }) });
  }

  get #home() {
    const home = path.join(this.#folder, "home");
    mkdirSync(home, { recursive: true });
    return home;
  }

  #anonymous(target) {
    return this.accounts.all.reduce((text, { id }) => text.replace(id, ":account"), target);
  }

  #mayConnect(host) {
    if (host === API_HOST || host === LOGIN_HOST || this.#sites.mayConnect(host)) return true;
    if (!this.#sites.knows(host)) this.refused.push(host);
    return false;
  }

  async #handle(request, response) {
    try {
      const { host } = request.headers;
      if (host === API_HOST) await this.api.handle(request, response);
      else if (host === LOGIN_HOST) await this.#login.handle(request, response);
      else await this.#sites.handle(request, response);
    } catch (error) {
      this.crashes.push(error);
      response.destroy();
    }
  }
}

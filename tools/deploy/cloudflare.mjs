// Calls Cloudflare's API (api.cloudflare.com) with wrangler's credentials.
import { setTimeout as pause } from "node:timers/promises";
import { credentials } from "./credentials.mjs";
import { say, Stop } from "./terminal.mjs";
import { runWrangler } from "./wrangler.mjs";

const API = "https://api.cloudflare.com/client/v4";

// How many times in all a request is sent if it gets 429, 5xx or no response, and the longest wait between two tries,
// in seconds.
const TRIES = 4;
const MAX_WAIT = 60;
// The longest wait for a response, in milliseconds.
const TIMEOUT = 30_000;

// The codes with which the API says that a worker doesn't exist.
const NO_WORKER = [10007, 10090];

// A request that the API refused.
export class Refused extends Error {
  constructor(method, path, status, errors) {
    const reasons = errors.map(({ code, message }) => `${message} (code ${code})`).join("; ");
    super(`Cloudflare answered ${method} ${path} with ${status}${reasons && `: ${reasons}`}`);
    Object.assign(this, { status, codes: errors.map(({ code }) => code) });
  }

  get isNoWorker() {
    return this.codes.some((code) => NO_WORKER.includes(code));
  }

  get isForbidden() {
    return this.status === 401 || this.status === 403;
  }
}

export class Cloudflare {
  #headers;
  #source;

  // Throws `Stop` if there are no credentials.
  static async signIn() {
    const { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_API_KEY: key, CLOUDFLARE_EMAIL: email } = credentials();
    if (token) return new Cloudflare({ type: "api_token", token });
    if (key && email) return new Cloudflare({ type: "api_key", key, email });
    const { stdout, stderr, status } = await runWrangler(["auth", "token", "--json"]);
    const start = stdout.indexOf("{");
    if (status !== 0 || start < 0) {
      const isKnown = /not logged in/i.test(stdout + stderr);
      throw new Stop(
        isKnown
          ? "not signed in to Cloudflare. Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN"
          : `wrangler returns no credentials: ${(stderr || stdout).trim()}\nRun \`npx wrangler login\`, or set CLOUDFLARE_API_TOKEN`,
      );
    }
    try {
      return new Cloudflare(JSON.parse(stdout.slice(start)));
    } catch {
      // The parser's own message quotes the text, which contains the token.
      throw new Stop("wrangler doesn't tell the credentials in the expected form");
    }
  }

  constructor(credentials) {
    const { type, token, key, email } = credentials;
    this.#headers =
      type === "api_key" ? { "x-auth-key": key, "x-auth-email": email } : { authorization: `Bearer ${token}` };
    this.#source = {
      api_key: "the key in CLOUDFLARE_API_KEY",
      api_token: "the token in CLOUDFLARE_API_TOKEN",
      oauth: "your sign-in",
    }[type];
  }

  get = (path) => this.#call("GET", path);
  // Returns a list that isn't paginated. Cloudflare may return null for an empty one.
  all = async (path) => (await this.#json("GET", path, { mayBeNull: true })).result ?? [];
  post = (path, body) => this.#call("POST", path, JSON.stringify(body));
  put = (path, text) => this.#call("PUT", path, text, "text/plain");
  delete = (path) => this.#call("DELETE", path);

  // Returns the text of the response, for a path that doesn't return JSON; undefined after a 404.
  async text(path) {
    const response = await this.#send("GET", path);
    if (response.status === 404) return undefined;
    if (!response.ok) throw await this.#refusal("GET", path, response);
    return response.text();
  }

  // Returns every item of a paginated list.
  async list(path) {
    const items = [];
    for (let page = 1; ; page += 1) {
      const query = `${path.includes("?") ? "&" : "?"}page=${page}&per_page=50`;
      const { result, result_info: info } = await this.#json("GET", path + query, { mayBeNull: true });
      items.push(...(result ?? []));
      const total = info?.total_pages ?? Math.ceil((info?.total_count ?? 0) / (info?.per_page ?? 50));
      if (page >= total || !result?.length) return items;
    }
  }

  async #call(method, path, body, type) {
    return (await this.#json(method, path, { body, type })).result;
  }

  async #json(method, path, { body, type = "application/json", mayBeNull = method !== "GET" } = {}) {
    const response = await this.#send(method, path, body, type);
    if (!response.ok) throw await this.#refusal(method, path, response);
    const text = await response.text();
    if (method === "DELETE" && text === "") return { result: null };
    const answer = parse(text);
    // A proxy, or the sign-in page of a public network, may have answered instead of Cloudflare.
    if (answer?.success !== true || (!mayBeNull && (answer.result ?? null) === null)) {
      throw new Refused(method, path, response.status, [{ code: 0, message: "not an answer of Cloudflare's API" }]);
    }
    return answer;
  }

  // Sends a request, and repeats it while it fails for a reason that may pass.
  async #send(method, path, body, type) {
    const headers = { ...this.#headers, ...(body === undefined ? {} : { "content-type": type }) };
    for (let attempt = 1; ; attempt += 1) {
      const signal = AbortSignal.timeout(TIMEOUT);
      const response = await fetch(API + path, { method, headers, body, signal }).catch((error) => error);
      const isTransient = response instanceof Error || response.status === 429 || response.status >= 500;
      if (!isTransient) return response;
      const problem = response instanceof Error ? `(${cause(response)})` : `(${response.status})`;
      const asked = response instanceof Error ? NaN : Number(response.headers.get("retry-after") ?? NaN);
      const wait = Number.isNaN(asked) ? 2 ** (attempt - 1) : asked;
      if (attempt === TRIES || wait > MAX_WAIT) {
        if (!(response instanceof Error)) return response;
        const isUnused = (process.env.HTTPS_PROXY ?? process.env.https_proxy) && !process.env.NODE_USE_ENV_PROXY;
        throw new Stop(`Cloudflare's API can't be reached ${problem}${isUnused ? ". Node uses HTTPS_PROXY only with NODE_USE_ENV_PROXY=1" : ""}`);
      }
      say(`Cloudflare's API is busy or can't be reached ${problem}; trying again in ${wait} s`);
      await pause(wait * 1000);
    }
  }

  async #refusal(method, path, response) {
    const body = await response.json().catch(() => ({}));
    const errors = Array.isArray(body.errors) ? body.errors : [];
    return new Refused(method, path, response.status, errors);
  }

  // Whether Cloudflare accepts the credentials at all. Each kind of credentials has its own endpoint for this.
  async isAccepted(account) {
    const paths = ["/user/tokens/verify", ...(account ? [`/accounts/${account}/tokens/verify`] : []), "/user"];
    for (const path of paths) if ((await this.#send("GET", path)).ok) return true;
    return false;
  }

  // Returns the message for a refusal: the credentials are wrong, they lack a permission, or the request was refused.
  async explain(refused, account) {
    if (!refused.isForbidden && refused.status !== 400) return refused.message;
    if (await this.isAccepted(account)) {
      return refused.isForbidden
        ? `${refused.message}.\n${capital(this.#source)} is valid but lacks a permission. docs/deploy.md lists the permissions`
        : refused.message;
    }
    return `Cloudflare doesn't accept ${this.#source}: it is mistyped, expired or revoked`;
  }
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const cause = (error) => error.cause?.code ?? error.cause?.message ?? error.message;

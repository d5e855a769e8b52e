// Answers requests to https://api.cloudflare.com/client/v4, with the envelope that all of its endpoints share.
import { ApiError } from "./errors.mjs";
import { redact } from "./log.mjs";
import { Answer, Router } from "./router.mjs";
import { addAccountRoutes } from "./routes/account_routes.mjs";
import { addKvRoutes } from "./routes/kv_routes.mjs";
import { addScriptRoutes } from "./routes/script_routes.mjs";
import { addTriggerRoutes } from "./routes/trigger_routes.mjs";
import { addVersionRoutes } from "./routes/version_routes.mjs";

const BASE = "/client/v4";

export class Api {
  #router = new Router();
  #accounts;
  #faults;
  #runtimes;
  // Every request, in the order of arrival.
  requests = [];
  // Requests that the double doesn't implement, and errors of the double itself.
  unknown = [];
  crashes = [];

  constructor({ accounts, faults, runtimes }) {
    this.#accounts = accounts;
    this.#faults = faults;
    this.#runtimes = runtimes;
    for (const add of [addAccountRoutes, addKvRoutes, addVersionRoutes, addTriggerRoutes, addScriptRoutes]) add(this.#router);
  }

  async handle(incoming, response) {
    const request = await this.#read(incoming);
    const failure = await this.#faults.at("before", request.entry);
    if (failure !== undefined) return send(request, response, failed(failure));
    const answer = await this.#answer(request);
    const replaced = await this.#faults.at("handled", request.entry);
    return send(request, response, replaced === undefined ? answer : failed(replaced));
  }

  async #read(incoming) {
    const body = Buffer.concat(await Array.fromAsync(incoming));
    const { method, headers } = incoming;
    const url = new URL(incoming.url, "https://api.cloudflare.com");
    const path = url.pathname.startsWith(BASE) ? url.pathname.slice(BASE.length) : url.pathname;
    // Cloudflare tells wrangler from other clients.
    const by = headers["user-agent"]?.startsWith("wrangler/") ? "wrangler" : "api";
    const entry = {
      method, path, query: Object.fromEntries(url.searchParams), by, token: headers.authorization?.replace(/^Bearer /, ""),
      body: await redact({ method, path, headers }, body), status: undefined,
    };
    // Whether the body contained this text, even if the log doesn't show it.
    Object.defineProperty(entry, "contained", { value: (text) => body.includes(text) });
    this.requests.push(entry);
    return { entry, method, path, query: url.searchParams, headers, body, by };
  }

  async #answer(request) {
    try {
      const token = this.#accounts.authenticate(request.headers, request.path);
      const route = this.#router.find(request.method, request.path);
      if (route === undefined) {
        this.unknown.push(`${request.method} ${request.path}`);
        throw new ApiError(400, 7000, `The double doesn't implement ${request.method} ${request.path}`);
      }
      const result = await route.handle({
        ...request, params: route.params, token, accounts: this.#accounts, runtimes: this.#runtimes,
        json: () => parsed(request.body),
      });
      return result instanceof Answer ? result : new Answer({ result });
    } catch (error) {
      if (error instanceof ApiError) return refused(error);
      this.crashes.push(error);
      return refused(new ApiError(400, 7000, `The double failed: ${error.stack}`));
    }
  }
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    throw new ApiError(400, 10004, "workers.api.error.malformed_param: body");
  }
}

function refused({ status, code, message, headers, more }) {
  const body = { success: false, errors: [{ code, message, ...more }], messages: [], result: null };
  return new Answer({ status, headers, raw: JSON.stringify(body) });
}

// Returns the response that a fault gives; undefined if it gives none.
function failed({ error, lost, body }) {
  if (lost) return undefined;
  if (body === undefined) return refused(error);
  return new Answer({ status: error.status, raw: body, headers: { "content-type": "text/html", ...error.headers } });
}

function send({ entry }, response, answer) {
  if (answer === undefined) {
    entry.status = "lost";
    response.socket.destroy();
    return;
  }
  entry.status = answer.status;
  const { status, headers, raw, result, info } = answer;
  const body = raw ?? JSON.stringify({ success: true, errors: [], messages: [], result, ...(info && { result_info: info }) });
  response.writeHead(status, { "content-type": "application/json", "cf-ray": "0123456789abcdef-LHR", ...headers }).end(body);
}

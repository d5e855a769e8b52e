// The worker's entry point on Cloudflare. It passes requests and commands to the wasm module and returns its responses.
// It contains no OAuth rules.
import { keep, recall } from "./kept.js";
import { ELSEWHERE, main, onDemand } from "./modules.js";
import { Host } from "./object.js";
import { bounded, responseOf } from "./platform.js";

const MAX_BODY = 64 * 1024;

export default {
  // Nothing that is awaited here keeps the body or the URL in memory, because thousands of requests may wait at once.
  async fetch(request, env) {
    try {
      if (request.method !== "GET") {
        const given = await (await received(request, env)).answer;
        return given === undefined ? tooLarge(request) : responseOf(given);
      }
      const kept = recall(request.url);
      if (kept !== undefined) return responseOf(kept);
      const given = await answered(request, "", env);
      keep(request.url, given);
      return responseOf(given);
    } catch (error) {
      console.error(`a request failed: ${error}`);
      return refusal(request, 500, "server_error", "internal error; try again, or report the x-request-id");
    }
  },
};

const begin = (module, request, body, env) =>
  module.begin(({ answer }) => answer(request, request.method, request.url, body, env));

// Starts the request in the module that has its path. Returns the promise of the response.
function answered(request, body, env) {
  const task = begin(main, request, body, env);
  return task === ELSEWHERE ? elsewhere(request, body, env) : main.turns(task);
}

async function elsewhere(request, body, env) {
  const module = await onDemand();
  return module.turns(begin(module, request, body, env));
}

// Reads the body and starts the request. Returns the promise of the response, or undefined if the body is too large.
// The promise is in an object, because an async function that returns a promise would await it first.
async function received(request, env) {
  const body = await read(request);
  return { answer: body === undefined ? undefined : answered(request, body, env) };
}

const tooLarge = (request) => refusal(request, 413, "invalid_request", "the body is larger than 64 KiB");

// A response for what the wasm module can't handle.
const refusal = (request, status, error, error_description) =>
  Response.json(
    { error, error_description },
    {
      status,
      headers: {
        "access-control-allow-origin": "*",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-request-id": request.headers.get("cf-ray") ?? crypto.randomUUID(),
      },
    },
  );

// Reads the body once, up to the limit. If there is a `content-length`, the runtime enforces it, and reading the body
// as text costs a tenth of reading its stream.
function read(request) {
  const length = request.headers.get("content-length");
  if (length !== null) return Number(length) > MAX_BODY ? undefined : request.text();
  return request.body === null ? "" : bounded(request.body, MAX_BODY);
}

// The classes of Durable Objects, one for each machine (src/domain/machine/class.rs).
export class Grant extends Host {
  static machine = "Grant";
  // Only one device waits here, so a client that polls its code repeatedly must not fill the memory.
  static mostHeld = 32;
}
export class Account extends Host {
  static machine = "Account";
}
export class Identifier extends Host {
  static machine = "Identifier";
}
export class KeyRing extends Host {
  static machine = "KeyRing";
}
export class Registration extends Host {
  static machine = "Registration";
}
export class Throttle extends Host {
  static machine = "Throttle";
}
export class Document extends Host {
  static machine = "Document";
}
export class Connection extends Host {
  static machine = "Connection";
}
export class EventLog extends Host {
  static machine = "EventLog";
}

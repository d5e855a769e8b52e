// What Cloudflare calls. It hands requests and commands to the wasm module and the answers back;
// no rule of OAuth stands here.
import { answer } from "../../build/vestibule.js";
import { keep, recall } from "./kept.js";
import { begin, turns } from "./module.js";
import { Host } from "./object.js";
import { bounded, responseOf } from "./platform.js";

const MAX_BODY = 64 * 1024;

export default {
  // Nothing that is awaited here holds the body or the address: thousands may wait at once.
  async fetch(request, env) {
    try {
      if (request.method !== "GET") {
        const given = await (await received(request, env)).answer;
        return given === undefined ? tooLarge(request) : responseOf(given);
      }
      const kept = recall(request.url);
      if (kept !== undefined) return responseOf(kept);
      const given = await turns(started(request, "", env));
      keep(request.url, given);
      return responseOf(given);
    } catch (error) {
      console.error(`a request failed: ${error}`);
      return refusal(request, 500, "server_error", "something went wrong, and it is not your fault");
    }
  },
};

const started = (request, body, env) => begin(() => answer(request, request.method, request.url, body, env));

// Reads the body and begins: comes back with the answer that is on its way, undefined for a body that is too
// large. In an object, since a promise that an async function returns is awaited before it comes back.
async function received(request, env) {
  const body = await read(request);
  return { answer: body === undefined ? undefined : turns(started(request, body, env)) };
}

const tooLarge = (request) => refusal(request, 413, "invalid_request", "the body is larger than 64 KiB");

// What the wasm module cannot answer.
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

// The body, read once and no further than the bound. Where its length is told, the runtime holds it to
// that, and reading it as a text costs a tenth of reading its stream.
function read(request) {
  const length = request.headers.get("content-length");
  if (length !== null) return Number(length) > MAX_BODY ? undefined : request.text();
  return request.body === null ? "" : bounded(request.body, MAX_BODY);
}

// The classes of objects, one for each machine (src/domain/machine/class.rs).
export class Grant extends Host {
  static machine = "Grant";
  // One device waits: whoever polls its code again and again must not fill the memory.
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

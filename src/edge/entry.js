// What Cloudflare calls. It hands requests and commands to the wasm module and the answers back;
// no rule of OAuth stands here.
import { DurableObject } from "cloudflare:workers";
import module from "../../build/vestibule_bg.wasm";
import { answer, initSync, perform, reportSettings, resume, step, wake } from "../../build/vestibule.js";
import * as bindings from "../../build/vestibule.js";
import { count } from "./counts.js";
import { HeldAnswers, releaseAll } from "./held.js";
import { keep, recall } from "./kept.js";
import { awaited, bounded, broken, mended, panic, responseOf, takeAnswer, unreadable } from "./platform.js";
import { asText, Rows } from "./rows.js";

initSync({ module });

const MAX_BODY = 64 * 1024;

// After a trap the instance may be in any state: the next call gets a fresh one. All that lives in
// it are caches, and tasks that wait, which end with it.
let instance = 0;
function fresh() {
  if (broken()) {
    bindings.__wbg_reset_state();
    instance += 1;
    mended();
  }
}

// Calls the wasm module. A trap without a panic is one too.
function call(work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) panic(`trap: ${error.message}`);
    throw error;
  }
}

// Begins: the number of the task that waits, or 0 when all is done.
function begin(work) {
  fresh();
  return call(work);
}

// Awaits what the wasm module waits for and lets the task go on, until all is done. Called in the same turn as
// `begin`: the answer is taken in the very turn that gave it, and a moment later it could be another request's.
async function turns(task) {
  const own = instance;
  while (task !== 0) {
    let outcome;
    let failed = false;
    try {
      outcome = await awaited();
    } catch (error) {
      outcome = error;
      failed = true;
    }
    // Another instance knows nothing of this task, and may have one of the same number.
    if (own !== instance || broken()) throw new Error("a trap ended this task");
    task = call(() => resume(task, outcome, failed));
  }
  return takeAnswer();
}

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

const STATE = "state";

// Hosts one machine. The state is kept here as the text that was stored, so that the wasm heap
// holds nothing for an object and loses nothing in a reset.
class Host extends DurableObject {
  // How many answers it holds; one more, and the oldest is given as it stands. All who sign in at one provider
  // may wait for the same document.
  static mostHeld = 1000;
  // Sends every held answer of this isolate as it stands, and holds none from now on. Only a server without
  // Cloudflare calls this, when it stops (tools/workerd/drain.js).
  static releaseHeld = releaseAll;
  // Reports wrong settings, as JSON. It has no route: only tools/workerd/drain.js calls it, for the process that started
  // the server.
  static reportSettings(env) {
    fresh();
    return call(() => reportSettings(env));
  }
  #rows = new Rows(this.ctx.storage.kv);
  #state;
  // Whether an alarm is set; undefined until the state was read. A stored state has set its alarm.
  #alarm;
  #held = false;
  #owed = false;
  #waits = new HeldAnswers(this.constructor.mostHeld);
  #settling = Promise.resolve();

  // Takes a command. For an answer that is there at once, no promise is made.
  step(command, hold) {
    const reply = this.#step(command);
    return this.#owed || (this.#held && hold > 0) ? this.#later(command, hold, reply) : reply;
  }

  #step(command) {
    fresh();
    this.#held = false;
    this.#owed = false;
    return this.#call(() => step(this.constructor.machine, this, command));
  }

  // An answer that may be held is held until the state changes.
  async #later(command, hold, reply) {
    const deadline = Date.now() + hold * 1000;
    for (;;) {
      const held = this.#held;
      if (this.#owed) {
        await this.#settle();
        if (!held) return reply;
      } else if (!held || !(await this.#waits.wait(deadline - Date.now()))) {
        return reply;
      }
      reply = this.#step(command);
    }
  }

  async alarm() {
    count("alarms");
    // The alarm that fired is no longer set.
    this.#alarm = false;
    fresh();
    this.#owed = false;
    this.#call(() => wake(this.constructor.machine, this));
    await this.#settle();
  }

  // Calls the machine. Where it throws, what is remembered may not be what was stored: it is read
  // again; and after a trap the instance is not used again.
  #call(work) {
    try {
      return call(work);
    } catch (error) {
      this.#abandon();
      throw error;
    }
  }

  #abandon() {
    this.#state = undefined;
    this.#rows.abandon();
  }

  // Performs what the machine wants from outside, one thing after the other: what is on its way must
  // not be sent again by a command or an alarm that comes meanwhile. What fails stays stored, and the
  // alarm comes back to it.
  #settle() {
    const settled = this.#settling.then(() =>
      turns(begin(() => perform(this.constructor.machine, this, this.env))),
    );
    this.#settling = settled.catch(() => this.#abandon());
    return settled;
  }

  // What follows is called from the wasm module.
  load() {
    if (this.#state === undefined) {
      count("rows-read");
      this.#state = asText(this.ctx.storage.kv.get(STATE)) ?? "";
      this.#alarm ??= this.#state !== "";
    }
    return this.#state;
  }
  unreadable(what, why) {
    const message = `a stored ${what} of ${this.constructor.machine} ${this.ctx.id} cannot be read: ${why}`;
    unreadable(message);
    return message;
  }
  remember(state) {
    this.#state = state;
  }
  writeState(state) {
    count("rows-written");
    this.#state = state;
    this.ctx.storage.kv.put(STATE, state);
  }
  read(key) {
    return this.#rows.read(key);
  }
  list(prefix) {
    return this.#rows.list(prefix);
  }
  write(key, text) {
    this.#rows.write(key, text);
  }
  remove(key) {
    this.#rows.remove(key);
  }
  commit() {
    this.#rows.commit();
  }
  // Everything but what begins so.
  forget(kept) {
    this.#state = "";
    this.#rows.removeAllBut(kept);
  }
  erase() {
    this.#state = "";
    this.#alarm = false;
    this.#rows = new Rows(this.ctx.storage.kv);
    return this.ctx.storage.deleteAll();
  }
  hasAlarm() {
    return this.#alarm === true;
  }
  setAlarm(at) {
    this.#alarm = true;
    count("rows-written");
    this.ctx.storage.setAlarm(at);
  }
  hold() {
    this.#held = true;
  }
  owe() {
    this.#owed = true;
  }
  changed() {
    this.#waits.changed();
  }
}

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

// The Durable Object that hosts a machine: its storage and its memory. The wasm module (src/host/) decides what to
// read, write and perform.
import { DurableObject } from "cloudflare:workers";
import { count } from "./counts.js";
import { splitRecords } from "./earlier_records.js";
import { HeldAnswers, Patience, releaseAll } from "./held.js";
import { main } from "./modules.js";
import { unreadable } from "./platform.js";

const STATE = "state";
// How many rows an object keeps in memory, and how long each may be, in characters: an account is repeatedly asked for
// the grant of one app.
const MOST_ROWS = 4;
const LONGEST_ROW = 2048;
// See `Store::now` (src/host/store.rs): the longest time that counts as passed between two readings of the clock, in
// milliseconds.
const MAX_PASSED = 60_000;

// Checks that a stored value is text; undefined if nothing is stored. Any other value is an error, because it must not
// count as absent.
function asText(value) {
  if (value === undefined || (typeof value === "string" && value !== "")) return value;
  throw new TypeError("what is stored is not text");
}

// The state is kept here, as the text that was stored. So the wasm heap holds nothing for an object, and a reset of the
// heap loses nothing.
export class Host extends DurableObject {
  // How many responses it holds. Another one ends the oldest wait, which gets the current response. All users who sign
  // in at one provider may wait for the same document.
  static mostHeld = 1000;
  // Ends every wait of this isolate with its current response, and prevents new ones. Only a server without Cloudflare
  // calls this, when it stops (tools/workerd/drain.js).
  static releaseHeld = releaseAll;
  // Reports wrong settings, as JSON. It has no route: only tools/workerd/drain.js calls it, for the process that
  // started the server.
  static reportSettings(env) {
    main.fresh();
    return main.call(({ reportSettings }) => reportSettings(env));
  }
  #state;
  // Recently read rows, by key; undefined for a row that doesn't exist.
  #rows = new Map();
  // The latest time at which the object has acted, and what the clock said then, both in milliseconds since 1970.
  #latest = 0;
  #clock = 0;
  // The number of the last step that stored effects.
  #number = 0;
  // Whether an alarm is set; undefined until the state was read. An object with a stored state has set its alarm.
  #alarm;
  #held = false;
  #owed = false;
  #waits = new HeldAnswers(this.constructor.mostHeld);
  #settling = Promise.resolve();

  // Handles a command. Makes no promise for a reply that is available at once.
  step(command, hold) {
    const reply = this.#step(command);
    return this.#owed || (this.#held && hold > 0) ? this.#later(command, hold, reply) : reply;
  }

  #step(command) {
    main.fresh();
    this.#held = false;
    this.#owed = false;
    return this.#call(({ step }) => step(this.constructor.machine, this, command));
  }

  // Holds a reply until the state changes, if the machine allows that.
  async #later(command, hold, reply) {
    const patience = new Patience(hold * 1000);
    try {
      for (;;) {
        const held = this.#held;
        if (this.#owed) {
          await this.#settle();
          if (!held) return reply;
        } else if (!held || !(await this.#waits.wait(patience))) {
          return reply;
        }
        reply = this.#step(command);
      }
    } finally {
      // Stop the timer here: another request may end the wait, and the runtime doesn't let it clear this request's
      // timer.
      patience.stop();
    }
  }

  async alarm() {
    count("alarms");
    // The alarm that fired is no longer set.
    this.#alarm = false;
    main.fresh();
    this.#owed = false;
    this.#call(({ wake }) => wake(this.constructor.machine, this));
    await this.#settle();
  }

  // Calls the machine. If it throws, the state in memory may differ from the stored one, so it is read again.
  #call(work) {
    try {
      return main.call(work);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  #forget() {
    this.#state = undefined;
    this.#rows.clear();
  }

  // Performs the machine's effects one after the other, so that a command or an alarm that arrives meanwhile doesn't
  // send an effect a second time. Effects that fail stay stored, and the alarm retries them.
  #settle() {
    const settled = this.#settling.then(() =>
      main.turns(main.begin(({ perform }) => perform(this.constructor.machine, this, this.env))),
    );
    this.#settling = settled.catch(() => this.#forget());
    return settled;
  }

  // The wasm module calls the methods below (src/edge/objects.rs).
  nowAtLeast(time) {
    const clock = Date.now();
    const passed = Math.min(Math.max(0, clock - this.#clock), MAX_PASSED);
    this.#clock = clock;
    this.#latest = Math.max(this.#latest + passed / 2, time, clock);
    return this.#latest;
  }

  nextNumber(atLeast) {
    this.#number = Math.max(this.#number + 1, atLeast);
    return this.#number;
  }

  load() {
    if (this.#state === undefined) {
      this.ctx.storage.transactionSync(() => splitRecords(this.ctx.storage.kv));
      this.#state = this.#get(STATE) ?? "";
      this.#alarm ??= this.#state !== "";
    }
    return this.#state;
  }

  read(key) {
    if (this.#rows.has(key)) return this.#rows.get(key);
    const text = this.#get(key);
    if ((text?.length ?? 0) <= LONGEST_ROW) {
      if (this.#rows.size >= MOST_ROWS) this.#rows.clear();
      this.#rows.set(key, text);
    }
    return text;
  }

  #get(key) {
    count("rows-read");
    return asText(this.ctx.storage.kv.get(key));
  }

  // The keys and texts, alternating, of all rows whose key begins with `prefix`, in the order of the keys. A value that
  // isn't text becomes an empty text, which the reader refuses: one such row must not hide the others.
  list(prefix) {
    const found = [...this.ctx.storage.kv.list({ prefix })];
    count("rows-read", found.length);
    return found.flatMap(([key, text]) => [key, typeof text === "string" ? text : ""]);
  }

  // All or nothing: changes the state in memory unless it is undefined, writes it if `isWritten` (an empty one is
  // deleted), writes or deletes rows if there are any (keys and texts, alternating; null deletes), and sets the alarm
  // unless it is undefined.
  change(state, isWritten, rows, alarm) {
    if (rows === undefined) {
      if (isWritten) this.#writeState(state);
    } else if (rows.length > 2 || isWritten) {
      this.ctx.storage.transactionSync(() => {
        if (isWritten) this.#writeState(state);
        this.#writeRows(rows);
      });
    } else {
      this.#writeRows(rows);
    }
    if (alarm !== undefined) this.#setAlarm(alarm);
    if (state !== undefined) this.#state = state;
    if (isWritten) this.#waits.changed();
  }

  #writeState(state) {
    this.#write(STATE, state === "" ? null : state);
  }

  #writeRows(rows) {
    for (let index = 0; index < rows.length; index += 2) {
      this.#rows.delete(rows[index]);
      this.#write(rows[index], rows[index + 1]);
    }
  }

  #write(key, text) {
    count("rows-written");
    const { kv } = this.ctx.storage;
    if (text === null) kv.delete(key);
    else kv.put(key, text);
  }

  #setAlarm(at) {
    this.#alarm = true;
    count("rows-written");
    this.ctx.storage.setAlarm(at);
  }

  alarmIsSet() {
    return this.#alarm === true;
  }

  erase() {
    this.#state = "";
    this.#rows.clear();
    this.#alarm = false;
    return this.ctx.storage.deleteAll();
  }

  objectId() {
    return this.ctx.id.toString();
  }

  reportUnreadable(what, why) {
    const message = `a stored ${what} of ${this.constructor.machine} ${this.ctx.id} cannot be read: ${why}`;
    unreadable(message);
    return message;
  }

  hold() {
    this.#held = true;
  }

  owe() {
    this.#owed = true;
  }
}

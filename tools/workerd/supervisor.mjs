// Keeps the server running: restarts it when it ends by itself, and stops it when this process is told to stop.
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

// The delay before the first restart, in milliseconds. It doubles with each restart, up to MAX_DELAY. It begins at
// FIRST_DELAY again after a run of more than HEALTHY_AFTER.
const FIRST_DELAY = 1_000;
const MAX_DELAY = 60_000;
const HEALTHY_AFTER = 60_000;

// How many of the server's last lines are logged when it ends, and how many characters of each.
const LAST_LINES = 4;
const MAX_LINE = 300;

export class Supervisor {
  #begin;
  #server;
  #stopping = new AbortController();

  // `begin` starts a server of runtime.mjs whose standard error is a pipe, or returns a promise of one.
  constructor(begin) {
    this.#begin = begin;
  }

  // Aborts when the server is told to stop.
  get stopping() {
    return this.#stopping.signal;
  }

  // Lets the requests under way finish; a second call kills the server at once.
  stop() {
    if (this.stopping.aborted) this.#server?.child.kill("SIGKILL");
    this.#stopping.abort();
    this.#server?.stop();
  }

  // Returns after `stop`. Calls `served` with the first server once that listens. Throws if `served` fails or the first
  // server ends before: a restart wouldn't help, because a setting is wrong or the port is in use.
  async run(served) {
    let hasServed = false;
    const listens = async () => {
      if (hasServed) console.error("vestibule: the runtime is serving again");
      else await served(this.#server);
      hasServed = true;
    };
    for (let delay = FIRST_DELAY; !this.stopping.aborted; delay = Math.min(delay * 2, MAX_DELAY)) {
      const began = performance.now();
      const ending = await this.#runOnce(listens).catch((error) => {
        // An error while the server is being stopped is expected.
        if (!hasServed && !this.stopping.aborted) throw error;
        return `It can't be started: ${error.message}`;
      });
      if (this.stopping.aborted) break;
      if (!hasServed) throw new Error(`the runtime doesn't start. ${ending}`);
      if (performance.now() - began > HEALTHY_AFTER) delay = FIRST_DELAY;
      console.error(`vestibule: the runtime restarts in ${delay / 1000} s. ${ending}`);
      await pause(delay, undefined, { signal: this.stopping }).catch(() => {});
    }
    await this.#server?.exited;
  }

  // Returns how the server ended.
  async #runOnce(listens) {
    this.#server = undefined;
    this.#server = await this.#begin();
    if (this.stopping.aborted) this.#server.child.kill("SIGKILL");
    const last = readLast(this.#server.child.stderr);
    if (await this.#server.ready.then(() => true, () => false)) await listens();
    const how = `It ended (${await this.#server.exited})`;
    return last() ? `${how}. Its last output:\n${last()}` : `${how} without a word.`;
  }
}

// The runtime logs this at every start. It says nothing that an operator could act on.
const NOISE = /NOSENTRY per-isolate bootstrap compile cache failed/;

// Forwards the lines of the stream to standard error, and returns a function that returns the last ones.
function readLast(stream) {
  const last = [];
  createInterface({ input: stream }).on("line", (line) => {
    if (NOISE.test(line)) return;
    process.stderr.write(`${line}\n`);
    last.push(`    ${line.slice(0, MAX_LINE)}`);
    if (last.length > LAST_LINES) last.shift();
  });
  return () => last.join("\n");
}

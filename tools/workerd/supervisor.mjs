// Keeps the server running: restarts it when it ends by itself, and stops it when this process is told to stop.
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
    return `It ended (${await this.#server.exited}). Its last output:\n${last()}`;
  }
}

// Forwards the stream to standard error, and returns a function that returns its last lines.
function readLast(stream) {
  let said = "";
  stream.on("data", (chunk) => {
    process.stderr.write(chunk);
    said = (said + chunk).slice(-LAST_LINES * 10 * MAX_LINE);
  });
  return () => said.trimEnd().split("\n").slice(-LAST_LINES).map((line) => `    ${line.slice(0, MAX_LINE)}`).join("\n");
}

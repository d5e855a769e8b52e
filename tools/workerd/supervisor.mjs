// Keeps the server running: starts it again when it ends by itself, and ends it when this process is told to stop.
import { setTimeout as pause } from "node:timers/promises";

// How long it waits before the first new start, in milliseconds; twice as long before each one that follows, up to
// the longest. A server that ran for so long before it ended counts as healthy, and begins with the first again.
const FIRST = 1_000;
const LONGEST = 60_000;
const HEALTHY = 60_000;

// How many of the last lines are repeated, and how much of each.
const LINES = 4;
const LENGTH = 300;

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

  // Lets what is under way finish; a second call does not wait.
  stop() {
    if (this.stopping.aborted) this.#server?.child.kill("SIGKILL");
    this.#stopping.abort();
    this.#server?.stop();
  }

  // Comes back when it was stopped. `served` is called with the first server, when that listens; where it fails, or
  // where the first server ends before, there is no new start: what is wrong then stays wrong.
  async run(served) {
    let hasServed = false;
    const listens = async () => {
      if (hasServed) console.error("vestibule: the runtime serves again");
      else await served(this.#server);
      hasServed = true;
    };
    for (let delay = FIRST; !this.stopping.aborted; delay = Math.min(delay * 2, LONGEST)) {
      const began = performance.now();
      const ending = await this.#runOnce(listens).catch((error) => {
        // What fails while the server is being stopped is no failure.
        if (!hasServed && !this.stopping.aborted) throw error;
        return `It cannot be started: ${error.message}`;
      });
      if (this.stopping.aborted) break;
      if (!hasServed) throw new Error(`the runtime does not start. ${ending}`);
      if (performance.now() - began > HEALTHY) delay = FIRST;
      console.error(`vestibule: the runtime starts again in ${delay / 1000} s. ${ending}`);
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
    return `It ended (${await this.#server.exited}) and said last:\n${last()}`;
  }
}

// Hands on what the stream says, and returns a function that tells the last lines of it.
function readLast(stream) {
  let said = "";
  stream.on("data", (chunk) => {
    process.stderr.write(chunk);
    said = (said + chunk).slice(-LINES * 10 * LENGTH);
  });
  return () => said.trimEnd().split("\n").slice(-LINES).map((line) => `    ${line.slice(0, LENGTH)}`).join("\n");
}

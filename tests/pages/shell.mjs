// What a reader of a page does: starts `make dev`, and types the page's commands into one shell.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../tools/free_port.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

// Three ports in a row: the server's and those of the demo's providers.
async function freePorts() {
  const isFree = (port) =>
    new Promise((resolve) => {
      const server = createServer().once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
  for (;;) {
    const port = await freePort();
    const free = await Promise.all([port + 1, port + 2].map(isFree));
    if (port < 65_000 && free.every(Boolean)) return port;
  }
}

// Ends a process and what it started.
function end(child) {
  try {
    process.kill(-child.pid, "SIGTERM");
  } catch {
    // It has ended.
  }
}

// Runs `make dev` with more settings, as they stand on a page, on other ports and with a new state. Between the moment at
// which a port is found free and its use, another test may take it (wrangler looks for one too): then it is tried again.
export async function startDev(command = "make dev", tries = 3) {
  const port = await freePorts();
  const state = mkdtempSync(path.join(tmpdir(), "vestibule-pages-"));
  const child = spawn("bash", ["-c", `exec ${command.replace(/\s+#.*$/, "")} PORT=${port} STATE=${state}`], {
    cwd: root, detached: true, stdio: ["ignore", "pipe", "pipe"],
  });
  process.once("exit", () => end(child));
  let said = "";
  const ready = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        said += chunk;
        if (said.includes("Vestibule runs at")) resolve();
      });
    }
  });
  const exited = once(child, "exit");
  await Promise.race([ready, exited]);
  const stop = async () => {
    end(child);
    await exited;
    rmSync(state, { recursive: true, force: true });
  };
  if (!said.includes("Vestibule runs at")) {
    await stop();
    if (tries > 1 && /address already in use|port \d+ is in use/i.test(said)) return startDev(command, tries - 1);
    throw new Error(`${command} does not start:\n${said}`);
  }
  return {
    port,
    url: `http://localhost:${port}`,
    said: () => said,
    stop,
  };
}

// A shell in which commands are typed one after the other. A command that fails ends it.
export class Shell {
  #child;
  #out = "";
  #all = "";
  #exited;
  #api;

  // Commands that name port 8787 are sent to the server at `port`, and those that name 8080 to a free port.
  constructor(port, apiPort) {
    this.port = port;
    this.#api = apiPort;
    this.#child = spawn("bash", ["-eo", "pipefail"], {
      cwd: root, detached: true, stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ISSUER: `http://localhost:${port}`, PORT: String(apiPort) },
    });
    process.once("exit", () => end(this.#child));
    this.#child.stdout.on("data", (chunk) => {
      this.#out += chunk;
      this.#all += chunk;
    });
    this.#child.stderr.on("data", (chunk) => (this.#all += chunk));
    this.#exited = once(this.#child, "exit");
  }

  // Returns what a command prints. Unless the page shows the answer, an HTTP error is one of the command.
  async run(command, { mayBeRefused = false } = {}) {
    this.#out = "";
    this.#all = "";
    const text = command.replaceAll("localhost:8787", `localhost:${this.port}`).replaceAll("localhost:8080", `localhost:${this.#api}`);
    const curl = `curl() { command curl -sS ${mayBeRefused ? "" : "--fail-with-body"} "$@"; }`;
    const done = `--- done ${Math.random()} ---`;
    this.#child.stdin.write(`${curl}\n${text}\nprintf '\\n%s\\n' '${done}'\n`);
    const isDone = async () => {
      while (!this.#out.includes(done)) await new Promise((resolve) => setTimeout(resolve, 20));
      return true;
    };
    const ended = await Promise.race([isDone(), this.#exited.then(() => false)]);
    if (!ended) throw new Error(`the command fails:\n${command}\n\n${this.#all}`);
    return this.#out.split(done)[0];
  }

  end() {
    end(this.#child);
    return this.#exited;
  }
}

export const newShell = async (port) => new Shell(port, await freePort());

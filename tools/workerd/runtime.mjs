// Runs the bundle on plain workerd. `make serve`, the tests and the benchmark use this.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { writeConfig } from "./config.mjs";

// How long running requests may take before workerd is told to stop, and how long workerd may then take, both in
// milliseconds. The slowest requests wait up to 10 seconds for another server.
const MAX_DRAIN = 15_000;
const MAX_STOP = 10_000;

// The program itself and not its launcher, so that signals reach it.
export function workerd() {
  const require = createRequire(createRequire(import.meta.url).resolve("workerd/package.json"));
  const name = `@cloudflare/workerd-${process.platform}-${process.arch === "x64" ? "64" : process.arch}`;
  return require.resolve(`${name}/bin/workerd`);
}

// Starts a configuration; `ready` resolves when it listens.
export function run(config, { args = [], env = {}, stdout = "inherit", stderr = "inherit" } = {}) {
  const child = spawn(workerd(), ["serve", config, "--control-fd=3", ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", stdout, stderr, "pipe"],
    // In its own process group, because otherwise Ctrl-C would end it at once, with the running requests.
    detached: true,
  });
  const exited = new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? code));
    child.once("error", (error) => resolve(error.message));
  });
  if (child.pid !== undefined) endWithParent(child, exited);
  const ready = new Promise((resolve, reject) => {
    let text = "";
    child.stdio[3].on("data", (chunk) => {
      text += chunk;
      for (const line of text.split("\n").slice(0, -1)) {
        const event = JSON.parse(line);
        if (event.event === "listen" && event.socket === "http") resolve();
      }
    });
    child.once("error", reject);
    exited.then((code) => reject(new Error(`workerd stopped before it listened (${code})`)));
  });
  ready.catch(() => {});
  // Lets running requests finish.
  const stop = () => {
    child.kill("SIGTERM");
    return exited;
  };
  return { child, ready, exited, stop };
}

// Ends the child when this process ends, even after `kill -9`: a shell waits until a pipe closes that only this process
// has open.
function endWithParent(child, exited) {
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const shell = spawn("sh", ["-c", 'read -r _; kill -KILL "$0"', String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  shell.once("error", () => {});
  shell.unref();
  shell.stdin.unref();
  // After that, another process may get the child's process ID.
  exited.then(() => {
    process.off("exit", kill);
    shell.kill("SIGKILL");
  });
}

// Starts Vestibule with its data in the folder `state`. `settings` are those of docs/configuration.md. `bundle` is the
// folder of a bundle, by default dist/.
export function start({ settings = {}, state, host = "localhost", port = 8787, stdout = "inherit", stderr = "inherit", bundle }) {
  for (const folder of ["objects", "kv"]) mkdirSync(path.join(state, folder), { recursive: true });
  const env = {
    ISSUER: `http://localhost:${port}`,
    CLIENT_ADDRESS: "connection",
    VESTIBULE_SECRET: settings.VESTIBULE_SECRET ?? ownSecret(state),
    ...settings,
  };
  const behindProxy = env.CLIENT_ADDRESS !== "connection";
  // Only the owner can open this folder. It isn't in `state`, because the path of a socket can have only 107 bytes.
  const folder = mkdtempSync(path.join(tmpdir(), "vestibule-"));
  const config = writeConfig({ settings: Object.keys(env), behindProxy, name: path.basename(folder), bundle });
  const control = path.join(folder, "control");
  const args = [
    `--directory-path=objects=${path.resolve(state, "objects")}`,
    `--directory-path=values=${path.resolve(state, "kv")}`,
    `--socket-addr=http=${host}:${port}`,
    `--socket-addr=control=unix:${control}`,
  ];
  const server = run(config, { args, env, stdout, stderr });
  // workerd reads the configuration only when it starts.
  const remove = (own) => () => rmSync(own, { recursive: true, force: true });
  server.ready.then(remove(config), remove(config));
  server.exited.then(remove(folder));
  return {
    ...server,
    url: env.ISSUER,
    ask: (target) => ask(control, target),
    stop: () => drainAndStop(server, control),
  };
}

// Sends a request to the server through the socket that only its owner can open. This works at any address of the
// server.
function ask(socketPath, target) {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: target, headers: { host: "localhost" }, agent: false }, async (answer) => {
      let text = "";
      for await (const chunk of answer.setEncoding("utf8")) text += chunk;
      resolve({ status: answer.statusCode, text });
    });
    sent.once("error", reject).end();
  });
}

// Refuses new requests at once, lets running ones finish and stops. The worker drains before workerd does, because
// workerd lets new connections wait while it drains.
async function drainAndStop({ child, exited }, control) {
  const within = (milliseconds) => pause(milliseconds, undefined, { ref: false });
  await Promise.race([ask(control, "/drain").catch(() => {}), exited, within(MAX_DRAIN)]);
  child.kill("SIGTERM");
  await Promise.race([exited, within(MAX_STOP)]);
  child.kill("SIGKILL");
  return exited;
}

// The secret of a local server. It is created once and stored in the folder of the data that it seals, readable only by
// its owner.
function ownSecret(state) {
  const file = path.join(state, "secret");
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

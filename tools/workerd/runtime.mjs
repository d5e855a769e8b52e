// Runs the bundle on plain workerd. `make serve`, the tests and the benchmark start it by this.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { writeConfig } from "./config.mjs";

// The program itself, so that signals reach it and not a launcher.
export function workerd() {
  const require = createRequire(createRequire(import.meta.url).resolve("workerd/package.json"));
  const name = `@cloudflare/workerd-${process.platform}-${process.arch === "x64" ? "64" : process.arch}`;
  return require.resolve(`${name}/bin/workerd`);
}

// Starts a configuration; `ready` comes when it listens.
export function run(config, { args = [], env = {}, stdout = "inherit", stderr = "inherit" } = {}) {
  const child = spawn(workerd(), ["serve", config, "--control-fd=3", ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", stdout, stderr, "pipe"],
  });
  const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
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
  // Lets what is under way finish.
  const stop = () => {
    child.kill("SIGTERM");
    return exited;
  };
  return { child, ready, exited, stop };
}

// Starts Vestibule with what it stores in the folder `state`. `settings` are those of
// docs/configuration.md.
export function start({ settings = {}, state, host = "localhost", port = 8787 }) {
  for (const folder of ["objects", "kv"]) mkdirSync(path.join(state, folder), { recursive: true });
  const env = {
    ISSUER: `http://localhost:${port}`,
    CLIENT_ADDRESS: "connection",
    VESTIBULE_SECRET: settings.VESTIBULE_SECRET ?? ownSecret(state),
    ...settings,
  };
  const behindProxy = env.CLIENT_ADDRESS !== "connection";
  const config = writeConfig({ settings: Object.keys(env), behindProxy });
  const args = [
    `--directory-path=objects=${path.resolve(state, "objects")}`,
    `--directory-path=values=${path.resolve(state, "kv")}`,
    `--socket-addr=http=${host}:${port}`,
  ];
  return { ...run(config, { args, env }), url: env.ISSUER };
}

// A secret of this server's own, made once and kept beside what it seals, for its owner's eyes alone.
function ownSecret(state) {
  const file = path.join(state, "secret");
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

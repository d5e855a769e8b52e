// `make dev`: starts the server with local Durable Objects and KV that survive a restart, seeds it, and prints what to
// open. Settings come from the command line, make dev ISSUER=..., or from a file, make dev SETTINGS=file.toml.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createConnection } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";
import { given } from "./given.mjs";
import { startUpstreams } from "./upstreams.mjs";
import { asTexts, settingsOf } from "./workerd/settings.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
function stop(text) {
  console.error(`vestibule: ${text}`);
  process.exit(1);
}

const { PORT = "8787", STATE = ".wrangler/state", SETTINGS, ...commandLine } = given();
if (!/^\d{1,5}$/.test(PORT)) stop(`PORT is ${JSON.stringify(PORT)}, and must be a number`);
const port = Number(PORT);
const url = `http://localhost:${port}`;

const settings = settingsOf(SETTINGS, commandLine, stop);

// Whether the developer names providers. Then the demo's aren't started, because there is only one list.
function hasProviders() {
  const { vars = {} } = parse(readFileSync("wrangler.toml", "utf8"));
  const devVars = existsSync(".dev.vars") ? readFileSync(".dev.vars", "utf8") : "";
  return [settings, vars].some(({ PROVIDERS }) => PROVIDERS !== undefined) || /^\s*(export\s+)?PROVIDERS\s*=/m.test(devVars);
}
const isDemo = !hasProviders();

const isTaken = (port) =>
  new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
// The demo's providers need two ports of their own, always the same ones: their address is their issuer.
for (const needed of isDemo ? [port, port + 1, port + 2] : [port]) {
  if (await isTaken(needed)) {
    const why = needed === port ? "" : `, and the demo's providers need ${port + 1} and ${port + 2}`;
    stop(`port ${needed} is in use${why}. Stop what uses it, or run: make dev PORT=${port + 10}`);
  }
}

const upstreams = isDemo ? await startUpstreams(url, port + 1, path.join(STATE, "demo-provider-keys.json")) : { vars: {} };
const vars = Object.entries({ ...asTexts(upstreams.vars), ...settings }).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
const wrangler = path.join("node_modules", "wrangler", "bin", "wrangler.js");
const server = spawn(
  process.execPath,
  [wrangler, "dev", "build/quick/entry.js", "--port", String(port), "--ip", "127.0.0.1", "--persist-to", STATE, ...vars],
  { stdio: ["inherit", "inherit", "inherit"], env: { ...process.env, WRANGLER_SEND_METRICS: "false", BUILD: "quick" } },
);
let hasFailed = false;
server.on("exit", (code) => process.exit(hasFailed ? 1 : (code ?? 0)));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.kill(signal));

for (;;) {
  await new Promise((resolve) => setTimeout(resolve, 300));
  const answer = await fetch(`${url}/demo`).catch(() => undefined);
  if (answer?.ok) break;
  // There are no demo pages in production.
  if (answer?.status === 404) break;
  if (answer) {
    console.error(`vestibule: the server answers ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
    hasFailed = true;
    server.kill("SIGTERM");
    await new Promise(() => {});
  }
}
const providers = isDemo
  ? `Friendface, a social network (${url.replace(port, port + 1)}), and Acme, the company of
                    acme.example (${url.replace(port, port + 2)}): sign in there as dana, with any password`
  : "those of your settings; the demo's own are not started";
console.log(`
  Vestibule runs at ${url}

  See it work       ${url}/demo
  Your account      ${url}/account
  Discovery         ${url}/.well-known/openid-configuration

  Demo person       demo@example.com, password vestibule-demo
  Demo clients      demo-todo     the operator's own app (public, no consent)
                    demo-app      someone else's app (public, asks for consent)
                    demo-tv       a television (public, device login)
                    demo-social   an app that connects a social account (public)
                    demo-machine  a service, secret vestibule-demo-machine-secret
  Providers         ${providers}

  Stop with Ctrl-C. What was stored stays in ${STATE}.
`);

// `make dev`: starts the server with local Durable Objects and KV that survive a restart, seeds it, and prints what to
// open. The command line may contain settings: make dev ISSUER=...
import { spawn } from "node:child_process";
import { createConnection } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { given } from "./given.mjs";
import { startUpstreams } from "./upstreams.mjs";
import { asTexts } from "./workerd/settings.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const { PORT = 8787, ...settings } = given();
const port = Number(PORT);

const taken = await new Promise((resolve) => {
  const socket = createConnection({ port, host: "127.0.0.1" });
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  socket.once("connect", () => socket.destroy());
});
if (taken) {
  console.error(`vestibule: port ${port} is in use; stop what uses it, or run: make dev PORT=8788`);
  process.exit(1);
}

const url = `http://localhost:${port}`;
// Upstream providers: starts those of the demo, unless the settings configure others.
const upstreams = settings.PROVIDERS !== undefined ? { vars: {} } : await startUpstreams(url, port + 1).catch(() => {
  console.error(`vestibule: the ports ${port + 1} and ${port + 2} are needed for the demo's providers`);
  process.exit(1);
});
const vars = [...Object.entries(asTexts(upstreams.vars)), ...Object.entries(settings)].flatMap(([name, value]) => ["--var", `${name}:${value}`]);
const wrangler = path.join("node_modules", "wrangler", "bin", "wrangler.js");
const server = spawn(
  process.execPath,
  [wrangler, "dev", "--port", String(port), "--ip", "127.0.0.1", "--persist-to", ".wrangler/state", ...vars],
  { stdio: ["inherit", "inherit", "inherit"], env: { ...process.env, WRANGLER_SEND_METRICS: "false" } },
);
server.on("exit", (code) => process.exit(code ?? 0));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.kill(signal));

for (;;) {
  await new Promise((resolve) => setTimeout(resolve, 300));
  const answer = await fetch(`${url}/demo`).catch(() => undefined);
  if (answer?.ok) break;
  if (answer && answer.status !== 404) {
    console.error(`vestibule: the server answers ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
    break;
  }
}
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
  Providers         Friendface, a social network, and Acme, the company of acme.example:
                    sign in there as dana, with any password

  Stop with Ctrl-C. What was stored stays in .wrangler/state.
`);

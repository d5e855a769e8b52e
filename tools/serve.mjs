// `make serve`: runs Vestibule without Cloudflare, on plain workerd, with everything it remembers on
// local disk. `SETTINGS=file.toml` names its settings; single ones may stand on the command line.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "smol-toml";
import { given } from "./given.mjs";
import { root } from "./workerd/config.mjs";
import { start } from "./workerd/runtime.mjs";

process.chdir(root);
function stop(text) {
  console.error(`vestibule: ${text}`);
  process.exit(1);
}

const own = { PORT: "8787", HOST: "localhost", STATE: ".vestibule", SETTINGS: undefined };
const { PORT, HOST, STATE, SETTINGS, ...commandLine } = { ...own, ...given() };
if (!/^\d{1,5}$/.test(PORT)) stop(`PORT is ${JSON.stringify(PORT)}, and must be a number`);

// Tables, such as PROVIDERS, are handed on as JSON.
function fromFile(file) {
  if (file === undefined) return {};
  let table;
  try {
    table = parse(readFileSync(file, "utf8"));
  } catch (error) {
    stop(`the settings cannot be read: ${error.message}`);
  }
  const text = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, text(value)]));
}

mkdirSync(STATE, { recursive: true, mode: 0o700 });
const isNew = !existsSync(path.join(STATE, "objects"));
const server = start({
  settings: { ...fromFile(SETTINGS), ...commandLine },
  state: STATE,
  host: HOST,
  port: Number(PORT),
});
// workerd ends what is under way before it stops; a second signal does not wait.
let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    server.child.kill(stopping ? "SIGKILL" : "SIGTERM");
    stopping = true;
  });
}
server.exited.then((code) => {
  if (!stopping) stop(`the runtime stopped by itself (${code}); is port ${PORT} in use?`);
  process.exit();
});

await server.ready.catch(() => new Promise(() => {}));
const local = `http://localhost:${PORT}`;
const answer = await fetch(`${local}/jwks`).catch((error) => stop(`the server does not answer: ${error.cause ?? error}`));
if (!answer.ok) {
  console.error((await answer.text()).trim());
  process.exitCode = 1;
  stopping = true;
  await server.stop();
}
console.log(`
  Vestibule serves ${server.url} from ${HOST}:${PORT}

  State      ${path.resolve(STATE)}${isNew ? " (new)" : ""}
  Settings   ${SETTINGS ?? "defaults"} (docs/serve.md)
  Discovery  ${server.url}/.well-known/openid-configuration

  Stop with Ctrl-C. Nothing that was answered is lost, however it stops.
`);

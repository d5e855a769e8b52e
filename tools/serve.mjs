// `make serve`: runs Vestibule without Cloudflare, on plain workerd, with all its data on local disk.
// `SETTINGS=file.toml` names the file with its settings; the command line may contain single ones.
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { given } from "./given.mjs";
import { alarmsPerSecond, spreadAlarms } from "./workerd/alarms.mjs";
import { removeEmptyFiles } from "./workerd/empty_files.mjs";
import { adviceFor, openFileLimit } from "./workerd/open_files.mjs";
import { start } from "./workerd/runtime.mjs";
import { reportSettings, settingsOf } from "./workerd/settings.mjs";
import { lockState, withClasses } from "./workerd/state.mjs";
import { Supervisor } from "./workerd/supervisor.mjs";

// How long removing files may delay a start, in milliseconds.
const MAX_REMOVING = 10_000;

// The files contain keys and personal data, so only their owner may read them. This also applies to workerd's files.
process.umask(0o077);
// The runtime ends with this process (workerd/runtime.mjs).
function stop(text) {
  console.error(`vestibule: ${text}`);
  process.exit(1);
}
const say = (text) => console.log(`vestibule: ${text}`);

const own = { PORT: "8787", HOST: "localhost", STATE: ".vestibule", SETTINGS: undefined };
const { PORT, HOST, STATE, SETTINGS, ...commandLine } = { ...own, ...given() };
if (!/^\d{1,5}$/.test(PORT)) stop(`PORT is ${JSON.stringify(PORT)}, and must be a number`);

const settings = settingsOf(SETTINGS, commandLine, stop);
mkdirSync(STATE, { recursive: true, mode: 0o700 });
const isNew = !existsSync(path.join(STATE, "objects"));
const limit = openFileLimit();
const advice = adviceFor(limit);
if (advice !== undefined) console.error(`vestibule: ${advice}`);

// Does what can't be done while workerd runs. Only the first start removes files, so that a restart is quick.
async function prepare(mayRemove) {
  await withClasses(STATE, async (classes) => {
    const perSecond = alarmsPerSecond(limit);
    const late = spreadAlarms(classes, perSecond);
    if (late > 0) say(`${late} alarms came due while the server was stopped; ${perSecond} of them fire each second`);
    if (!mayRemove) return;
    const removed = await removeEmptyFiles(classes, { milliseconds: MAX_REMOVING, signal: supervisor.stopping, say });
    if (removed > 0) say(`removed ${removed} files of erased objects`);
  });
}

let isFirst = true;
const supervisor = new Supervisor(async () => {
  await prepare(isFirst);
  isFirst = false;
  return start({ settings, state: STATE, host: HOST, port: Number(PORT), stderr: "pipe" });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (!supervisor.stopping.aborted) say("stopping; requests under way may finish. Again stops at once");
    supervisor.stop();
  });
}
// The program that reads the output may have ended, but the server must go on.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

// Refuses unknown names, because a misspelled setting would be ignored. The secret of a removed provider only causes a
// warning.
async function checkSettings(server) {
  const { wrong, unused } = await reportSettings(server);
  if (wrong.length > 0) throw new Error(wrong.join("\nvestibule: "));
  for (const name of unused) console.error(`vestibule: ${name} is not used: PROVIDERS has no provider with that id`);
  if (settings.JURISDICTION) throw new Error("JURISDICTION works only at Cloudflare. Remove it: all data is stored where this process runs");
}

async function greet(server) {
  await checkSettings(server);
  // The first request creates the signing keys.
  const { status, text } = await server.ask("/jwks");
  if (status !== 200) throw new Error(text.trim());
  // Opening the demo creates its clients and user.
  const hasDemo = settings.ENVIRONMENT === "development" && (await server.ask("/demo")).status === 200;
  const demo = hasDemo ? `  Demo       ${server.url}/demo: demo@example.com, password vestibule-demo\n` : "";
  console.log(`
  Vestibule serves ${server.url} from ${HOST}:${PORT}

${demo}  State      ${path.resolve(STATE)}${isNew ? " (new)" : ""}
  Settings   ${SETTINGS ?? "defaults"} (docs/serve.md)
  Discovery  ${server.url}/.well-known/openid-configuration

  Stop with Ctrl-C. Nothing that was answered is lost, however it stops.
`);
}

try {
  lockState(STATE);
  await supervisor.run(greet);
} catch (error) {
  const isTaken = /Address already in use/.test(error.message);
  stop(isTaken ? `port ${PORT} is in use. Stop what uses it, or choose another: make serve PORT=8881` : error.message);
}
process.exit();

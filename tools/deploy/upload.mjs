// Uploads the worker with wrangler.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { setTimeout as pause } from "node:timers/promises";
import { detail, Stop } from "./terminal.mjs";
import { runWrangler, STDIN } from "./wrangler.mjs";

// How many times in all an upload is tried if it fails for a temporary reason, and the wait between two tries, in
// milliseconds.
const TRIES = 3;
const WAIT = 3_000;
// The temporary reasons: too many requests (971), an internal error of Cloudflare (10013), and no response.
const PASSING = /\b(429|50[0-9]|52[0-9]|530)\b|code: (971|10013)\b|fetch failed|ECONNRESET|ETIMEDOUT|socket hang up/i;

// Uploads a version together with its new secrets, and deploys it. Returns the version's ID. Calls `mayRepeat` before
// another try. Throws `Stop` with wrangler's error message.
export async function upload({ name, configuration }, { secrets, message, tag, mayRepeat }) {
  // Only the owner can open this folder.
  const folder = mkdtempSync(path.join(tmpdir(), "vestibule-deploy-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    const args = ["deploy", "--config", configuration, "--name", name, "--message", message, "--tag", tag];
    // JSON, because in the other format wrangler replaces $NAME and takes values from the environment.
    const text = Object.keys(secrets).length === 0 ? undefined : JSON.stringify(secrets);
    if (text !== undefined) args.push("--secrets-file", secretsFile(folder, text));
    const input = STDIN === undefined ? undefined : text;
    return await repeat(args, { name, input, output: path.join(folder, "output"), mayRepeat });
  } finally {
    process.off("exit", remove);
    remove();
  }
}

// Returns the path at which wrangler reads the secrets. It is a pipe, so that a killed process leaves no file behind.
// Only Windows gets a real file, because a pipe there has no path.
function secretsFile(folder, text) {
  if (STDIN !== undefined) return STDIN;
  const file = path.join(folder, "secrets.json");
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

// Attaches the addresses of the configuration to the deployed worker.
export async function attach({ name, configuration }) {
  const { status, stdout, stderr } = await runWrangler(["triggers", "deploy", "--config", configuration, "--name", name]);
  if (status !== 0) throw new Stop(errorOf(`${stdout}\n${stderr}`));
}

// Wrangler repeats some failed requests itself, but not all.
async function repeat(args, { name, input, output, mayRepeat }) {
  for (let attempt = 1; ; attempt += 1) {
    const { status, stdout, stderr } = await runWrangler(args, { input, env: { WRANGLER_OUTPUT_FILE_PATH: output } });
    if (status === 0) return versionIn(output, name);
    const error = errorOf(`${stdout}\n${stderr}`);
    if (attempt === TRIES || !PASSING.test(error)) throw new Stop(error);
    detail(`trying again: ${error.split("\n")[0]}`);
    await pause(WAIT);
    await mayRepeat();
  }
}

function versionIn(file, name) {
  const entries = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const deployed = entries.findLast(({ type }) => type === "deploy");
  if (deployed?.worker_name !== name) throw new Stop(`wrangler deployed ${deployed?.worker_name} instead of ${name}`);
  return deployed.version_id;
}

// Extracts the error message from wrangler's output.
function errorOf(output) {
  const plain = stripVTControlCharacters(output);
  const lines = plain.split("\n").map((line) => line.replace(/^[\s✘▲]*\[(ERROR|WARNING)\]\s*/, "$1 ").trimEnd());
  const first = lines.findIndex((line) => line.startsWith("ERROR "));
  const isMessage = (line) => line.trim() !== "" && !/^🪵|Logs were written/.test(line);
  const told = lines.slice(Math.max(first, 0)).filter(isMessage);
  return told.slice(0, 12).map((line) => line.replace(/^ERROR /, "")).join("\n");
}

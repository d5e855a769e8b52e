// Uploads the worker with wrangler.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { setTimeout as pause } from "node:timers/promises";
import { detail, Stop } from "./terminal.mjs";
import { runWrangler } from "./wrangler.mjs";

// How often an upload is tried in all if it fails for a reason that may pass, and the wait between two tries, in
// milliseconds.
const TRIES = 3;
const WAIT = 3_000;
// The reasons that may pass: too many requests (971), an internal error of Cloudflare (10013), and no response.
const PASSING = /\b(429|50[0-9]|52[0-9]|530)\b|code: (971|10013)\b|fetch failed|ECONNRESET|ETIMEDOUT|socket hang up/i;

// Uploads a version together with its new secrets, and deploys it. Returns the version's ID. Throws `Stop` with
// wrangler's error message.
export async function upload(configuration, { secrets, message }) {
  const args = ["deploy", "--config", configuration, "--message", message];
  // Only its owner can open this folder, which briefly contains the secrets.
  const folder = mkdtempSync(path.join(tmpdir(), "vestibule-deploy-"));
  try {
    if (Object.keys(secrets).length > 0) {
      // JSON, because in the other format wrangler replaces $NAME by the value of an environment variable.
      const file = path.join(folder, "secrets.json");
      writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
      args.push("--secrets-file", file);
    }
    return await repeat(args, path.join(folder, "output"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Attaches the domain and the routes of the configuration to the deployed worker.
export async function attach(configuration) {
  const { status, stdout, stderr } = await runWrangler(["triggers", "deploy", "--config", configuration]);
  if (status !== 0) throw new Stop(errorOf(`${stdout}\n${stderr}`));
}

// Wrangler repeats some failed requests itself, but not all.
async function repeat(args, outputFile) {
  for (let attempt = 1; ; attempt += 1) {
    const env = { WRANGLER_OUTPUT_FILE_PATH: outputFile };
    const { status, stdout, stderr } = await runWrangler(args, { env });
    if (status === 0) return versionIn(outputFile);
    const error = errorOf(`${stdout}\n${stderr}`);
    if (attempt === TRIES || !PASSING.test(error)) throw new Stop(error);
    detail(`trying again: ${error.split("\n")[0]}`);
    await pause(WAIT);
  }
}

function versionIn(file) {
  const entries = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  return entries.findLast(({ type }) => type === "deploy")?.version_id;
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

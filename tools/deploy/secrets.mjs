// The secrets of a deployment: the file deploy/ENV.secrets, which only its owner can read.
//
// Secrets are stored at Cloudflare and come from this file: one line NAME=value each. It is also the only copy of
// VESTIBULE_SECRET, because Cloudflare never shows a secret again.
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from "node:fs";
import { say, Stop } from "./terminal.mjs";

export const SECRET = "VESTIBULE_SECRET";
export const PREVIOUS = "VESTIBULE_SECRET_PREVIOUS";

// The minimum length of a secret, in characters.
const MIN_LENGTH = 32;
// The permissions that only the owner has.
const OWNER_ONLY = 0o600;

// Whether the setting of this name is a secret (docs/configuration.md).
export const isSecret = (name) =>
  [SECRET, PREVIOUS, "REGISTRATION_TOKEN"].includes(name) || /^PROVIDER_.*(SECRET|PRIVATE_KEY)$/.test(name);

export const newSecret = () => randomBytes(32).toString("hex");

// Reads a file of secrets; a missing file has none. A value in double quotes is JSON, so that it may contain line
// breaks. Variables aren't expanded.
export function readSecrets(file) {
  if (!existsSync(file)) return {};
  if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) {
    chmodSync(file, OWNER_ONLY);
    say(`others could read ${file}; now only you can`);
  }
  const secrets = {};
  for (const [index, text] of readFileSync(file, "utf8").split(/\r?\n/).entries()) {
    const line = text.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [, name, value] = line.match(/^([A-Z][A-Z0-9_]*)\s*=\s*(.*)$/) ?? [];
    const read = name === undefined ? undefined : valueOf(value);
    if (read === undefined) throw new Stop(`line ${index + 1} of ${file} must be NAME=value`);
    if (!isSecret(name)) {
      throw new Stop(`${file} has ${name}, which is no secret of Vestibule's (docs/configuration.md). Remove the line`);
    }
    secrets[name] = read;
  }
  return secrets;
}

function valueOf(text) {
  if (!text.startsWith('"')) return text.replace(/^'(.*)'$/, "$1");
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// A line that `readSecrets` reads back unchanged.
function lineOf(name, value) {
  const isPlain = /^[^\s"'](.*\S)?$/.test(value) && !/[\r\n]/.test(value);
  return `${name}=${isPlain ? value : JSON.stringify(value)}`;
}

// Reads the secret from the file in `SECRET=`, which is a file of secrets or contains only the secret.
export function readSecret(file) {
  // Don't repeat what was typed: it may be the secret itself.
  if (!existsSync(file)) throw new Stop("SECRET must name a file, and there is no such file");
  const text = readFileSync(file, "utf8").trim();
  const secret = /^\S+$/.test(text) && !text.includes("=") ? text : readSecrets(file)[SECRET];
  if (secret === undefined) throw new Stop(`${file} has no line ${SECRET}=…`);
  if (secret.length < MIN_LENGTH) throw new Stop(`the secret in ${file} is shorter than ${MIN_LENGTH} characters`);
  return secret;
}

// Writes secrets into the file, and keeps its other lines. A replaced secret stays as a comment, because it may be the
// last copy. The file is replaced in one step, so readers see either the old or the new one.
export function writeSecrets(file, secrets) {
  const isNew = !existsSync(file);
  const before = readSecrets(file);
  const given = Object.entries(secrets);
  const lines = isNew ? [HEAD] : readFileSync(file, "utf8").trimEnd().split(/\r?\n/);
  const kept = lines.filter((line) => !given.some(([name]) => new RegExp(`^\\s*${name}\\s*=`).test(line)));
  const gone = Object.keys(secrets).map((name) => before[name]).filter((value) => value !== undefined && !given.some(([, other]) => other === value));
  const date = new Date().toISOString().slice(0, 10);
  const comments = gone.map((value) => `# replaced on ${date}: ${JSON.stringify(value)}`);
  const whole = `${[...kept, ...comments, ...given.map(([name, value]) => lineOf(name, value))].join("\n")}\n`;
  // The file may be a link to another place for secrets.
  const target = isNew ? file : realpathSync(file);
  const temporary = `${target}.${randomBytes(6).toString("hex")}`;
  writeFileSync(temporary, whole, { mode: OWNER_ONLY, flag: "wx" });
  renameSync(temporary, target);
}

const HEAD = "# Secrets of this deployment. Keep a copy in a safe place: Cloudflare never shows them again.";

// The secrets of a deployment: the file deploy/ENV.secrets, with one line NAME=value for each. Only its owner can read
// it. The worker has its secrets from Cloudflare, which never shows them again, so this file is the only copy of
// VESTIBULE_SECRET.
import { createHash, hkdfSync, randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { Stop } from "./terminal.mjs";

export const SECRET = "VESTIBULE_SECRET";
export const PREVIOUS = "VESTIBULE_SECRET_PREVIOUS";

// The shortest secret that the server takes, in characters.
const MIN_LENGTH = 32;

// Whether the setting of this name is a secret (docs/configuration.md).
export const isSecret = (name) =>
  [SECRET, PREVIOUS, "REGISTRATION_TOKEN"].includes(name) || /^PROVIDER_.+_(SECRET|PRIVATE_KEY)$/.test(name);

export const newSecret = () => randomBytes(32).toString("hex");

// Reads a file of secrets; a missing file has none. Drops quotes around values and expands no variables.
export function readSecrets(file) {
  if (!existsSync(file)) return {};
  const secrets = {};
  for (const [index, text] of readFileSync(file, "utf8").split(/\r?\n/).entries()) {
    const line = text.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [, name, value] = line.match(/^([A-Z][A-Z0-9_]*)\s*=\s*(.*)$/) ?? [];
    if (name === undefined) throw new Stop(`line ${index + 1} of ${file} must be NAME=value`);
    secrets[name] = value.replace(/^(["'])(.*)\1$/, "$2");
  }
  return secrets;
}

// Reads VESTIBULE_SECRET from the file that `SECRET=` names, which has the secret alone or is a file of secrets.
export function readSecret(file) {
  if (!existsSync(file)) throw new Stop(`SECRET= names ${file}, which doesn't exist`);
  const text = readFileSync(file, "utf8").trim();
  const secret = /^\S+$/.test(text) && !text.includes("=") ? text : readSecrets(file)[SECRET];
  if (secret === undefined) throw new Stop(`${file} has no line ${SECRET}=…`);
  if (secret.length < MIN_LENGTH) throw new Stop(`the secret in ${file} is shorter than ${MIN_LENGTH} characters`);
  return secret;
}

// Writes secrets into the file and keeps its other lines. The file is replaced in one step, so an interruption can't
// damage it.
export function writeSecrets(file, secrets) {
  const isNew = !existsSync(file);
  const lines = isNew ? [] : readFileSync(file, "utf8").trimEnd().split("\n");
  const kept = lines.filter((line) => !Object.keys(secrets).some((name) => line.trim().startsWith(`${name}=`)));
  const present = Object.entries(secrets).filter(([, value]) => value !== undefined);
  const added = present.map(([name, value]) => `${name}=${value}`);
  const head = isNew ? ["# Secrets of this deployment. Keep a copy in a safe place: Cloudflare never shows them again."] : [];
  const whole = `${[...head, ...kept, ...added].join("\n")}\n`;
  writeFileSync(`${file}.new`, whole, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}

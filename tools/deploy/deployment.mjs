// Reads a deployment from the file deploy/ENV.toml and the settings on the command line.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parse } from "smol-toml";
import { root } from "../workerd/config.mjs";
import { isSecret } from "./secrets.mjs";
import { Stop } from "./terminal.mjs";

const KEYS = ["name", "domain", "routes", "account_id", "kv_namespace_id"];
// A worker's name is part of a host name (RFC 1035 §2.3.4).
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

// The files of a deployment, in the folder where the command runs.
export function filesOf(environment) {
  if (!NAME.test(environment)) {
    throw new Stop(`ENV is ${JSON.stringify(environment)}. Use lower-case letters, digits and dashes: ENV=staging`);
  }
  const folder = path.join("deploy", environment);
  return {
    environment,
    file: `${folder}.toml`,
    secrets: `${folder}.secrets`,
    folder,
    configuration: path.join(folder, "wrangler.jsonc"),
    unattached: path.join(folder, "unattached.jsonc"),
    worker: path.join(folder, "worker"),
  };
}

// Creates deploy/ENV.toml from the commented example unless it exists. Returns whether it did.
export function makeSettings(files) {
  if (existsSync(files.file)) return false;
  const example = readFileSync(path.join(root, "deploy", "example.toml"), "utf8");
  const name = files.environment === "production" ? "vestibule" : `vestibule-${files.environment}`;
  mkdirSync("deploy", { recursive: true });
  writeFileSync(files.file, example.replace(/^# One deployment[^]*?\n\n/, "").replace(/^name = .*$/m, `name = "${name}"`));
  return true;
}

// Reads the deployment. Settings on the command line (`given`) override those of the file.
export function readDeployment(files, given) {
  let table;
  try {
    table = parse(readFileSync(files.file, "utf8"));
  } catch (error) {
    throw new Stop(`${files.file} can't be read: ${error.message}`);
  }
  const isSetting = (name) => /^[A-Z]/.test(name);
  for (const name of [...Object.keys(table), ...Object.keys(given)]) {
    if (!isSetting(name) && !KEYS.includes(name)) {
      throw new Stop(`${files.file} has the unknown key ${JSON.stringify(name)}. Its keys are ${KEYS.join(", ")}, and settings in capitals`);
    }
    if (isSecret(name)) {
      throw new Stop(`${name} is a secret, and settings aren't secret. Move it to ${files.secrets}, as a line ${name}=…`);
    }
  }
  const { name, domain, routes = [], account_id: account, kv_namespace_id: namespace } = table;
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new Stop(`name in ${files.file} must be a worker's name: lower-case letters, digits and dashes`);
  }
  if (domain !== undefined && (typeof domain !== "string" || !isHost(domain))) {
    throw new Stop(`domain in ${files.file} must be a host name such as "id.example.com"`);
  }
  const chosen = Object.entries({ ...table, ...given }).filter(([key]) => isSetting(key));
  const settings = Object.fromEntries(chosen.map(([key, value]) => [key, asVariable(value)]));
  // A custom domain is the issuer.
  if (domain !== undefined) settings.ISSUER ??= `https://${domain}`;
  return { ...files, name, domain, routes, account, namespace, settings };
}

// The server reads strings and tables.
const asVariable = (value) => (typeof value === "object" ? value : String(value));

function isHost(text) {
  try {
    return new URL(`https://${text}`).host === text;
  } catch {
    return false;
  }
}

// Returns the origins that the deployment serves. `subdomain` is the account's subdomain of workers.dev.
export function originsOf(deployment, subdomain) {
  const { name, domain, routes } = deployment;
  const hosts = routes.map((route) => (typeof route === "string" ? route : String(route.pattern)).replace(/^https?:\/\//, "").split("/")[0]);
  if (domain !== undefined) hosts.unshift(domain);
  if (hosts.length === 0 && subdomain !== undefined) hosts.push(`${name}.${subdomain}.workers.dev`);
  return hosts.map((host) => `https://${host}`);
}

// Whether one of the origins is the issuer's. A `*` in the host of a route matches any text.
export function isServed(origins, issuer) {
  const origin = new URL(issuer).origin;
  return origins.some((pattern) => {
    const [before, ...after] = pattern.split("*");
    return after.length === 0 ? origin === before : origin.startsWith(before) && origin.endsWith(after.at(-1));
  });
}

// A deployment: the file deploy/ENV.toml, and the settings on the command line.
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parse, stringify } from "smol-toml";
import { root } from "../workerd/config.mjs";
import { isSecret } from "./secrets.mjs";
import { Stop } from "./terminal.mjs";

const KEYS = ["name", "domain", "routes", "account_id", "kv_namespace_id"];
// A worker's name is part of a host name (RFC 1035 §2.3.4).
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

// The files of a deployment, in the folder where the command runs.
export function filesOf(environment) {
  if (!NAME.test(environment) || environment === "example") {
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

// The name of the worker if the deployment has no file yet.
export const defaultName = ({ environment }) => (environment === "production" ? "vestibule" : `vestibule-${environment}`);

// Creates the file of a deployment from the commented example. `domain` and `settings` are deployed already, so the
// file must contain them, or the next deployment would remove them. The file is written once, when all values are
// known.
export function makeSettings(files, { domain, settings = {} } = {}) {
  const example = readFileSync(path.join(root, "deploy", "example.toml"), "utf8").replace(/^# One deployment[^]*?\n\n/, "");
  const adopted = Object.fromEntries(Object.entries(settings).filter(([key, value]) => isSetting(key) && value !== null));
  const named = `name = "${defaultName(files)}"${domain === undefined ? "" : `\ndomain = "${domain}"`}`;
  const text = example.replace(/^name = .*$/m, named);
  let taken;
  try {
    taken = Object.keys(adopted).length === 0 ? "" : `\n# What was deployed before this file was made.\n${stringify(adopted)}`;
    parse(text + taken);
  } catch (error) {
    throw new Stop(`the settings that are deployed can't be written as TOML: ${error.message}. Write ${files.file} yourself`);
  }
  mkdirSync("deploy", { recursive: true });
  writeFileSync(files.file, text + taken, { flag: "wx" });
  return Object.keys(adopted);
}

// Keeps secrets and generated files out of the operator's repository. The settings may be committed.
export function ignoreSecrets({ environment }) {
  const file = path.join("deploy", ".gitignore");
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const missing = ["*.secrets*", `/${environment}/`].filter((line) => !before.split(/\r?\n/).includes(line));
  if (missing.length > 0) appendFileSync(file, `${before === "" || before.endsWith("\n") ? "" : "\n"}${missing.join("\n")}\n`);
}

// Writes the account that the user has chosen into the file.
export function rememberAccount({ file }, id) {
  writeFileSync(file, readFileSync(file, "utf8").replace(/^name = .*$/m, `$&\naccount_id = "${id}"`));
}

export const hasSettings = ({ file }) => existsSync(file);

// Reads the deployment. Settings on the command line (`given`) take precedence over those of the file.
export function readDeployment(files, given) {
  const table = hasSettings(files) ? readTable(files.file) : { name: defaultName(files) };
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
  checkRoutes(files, routes);
  checkNameIsFree(files, name);
  const all = Object.entries({ ...table, ...given }).filter(([key]) => isSetting(key));
  const settings = Object.fromEntries(all.map(([key, value]) => [key, asVariable(files, key, value)]));
  // A custom domain implies the issuer.
  if (domain !== undefined) settings.ISSUER ??= `https://${domain}`;
  return { ...files, name, domain, routes, account, namespace, settings };
}

const isSetting = (name) => /^[A-Z]/.test(name);

function readTable(file) {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Stop(`${file} can't be read: ${error.message}`);
  }
}

function checkRoutes({ file }, routes) {
  const isPattern = (route) => typeof (route?.pattern ?? route) === "string";
  if (!Array.isArray(routes) || !routes.every(isPattern)) {
    throw new Stop(`routes in ${file} must be a list such as [{ pattern = "id.example.com/*", zone_name = "example.com" }]`);
  }
  if (routes.some((route) => route.custom_domain)) throw new Stop(`${file} has a custom domain among the routes. Write domain = "…" instead`);
}

// Two files with one worker name would overwrite each other's deployment.
function checkNameIsFree({ file }, name) {
  const others = existsSync("deploy") ? readdirSync("deploy").filter((other) => other.endsWith(".toml") && other !== "example.toml") : [];
  for (const other of others.map((entry) => path.join("deploy", entry))) {
    if (other !== file && nameIn(other) === name) throw new Stop(`${file} and ${other} have the same name. Each deployment needs a name of its own`);
  }
}

// A file that can't be read stops its own deployment, but no other.
function nameIn(file) {
  try {
    return readTable(file).name;
  } catch {
    return undefined;
  }
}

// The server's settings are text and tables.
function asVariable({ file }, name, value) {
  if (value instanceof Date) throw new Stop(`${name} in ${file} is a date. Put it in quotes`);
  return typeof value === "object" ? value : String(value);
}

function isHost(text) {
  try {
    return new URL(`https://${text}`).host === text;
  } catch {
    return false;
  }
}

// The hosts that must be in a zone of the account. A route that names its zone is in that zone.
export function hostsOf({ domain, routes }) {
  const named = routes.filter((route) => route.zone_id === undefined);
  const hosts = named.map((route) => route.zone_name ?? String(route.pattern ?? route).replace(/^https?:\/\//, "").split("/")[0]);
  return [...(domain === undefined ? [] : [domain]), ...hosts].map((host) => host.replace(/^\*\.?/, "")).filter((host) => host !== "");
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

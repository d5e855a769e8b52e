// Writes the configuration by which workerd runs a deployment: one service for each version, with the bindings that
// were uploaded.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

// Cloudflare's default compatibility date.
const FIRST_DATE = "2021-11-02";

const MODULE_KINDS = {
  "application/javascript+module": "esModule",
  "application/wasm": "wasm",
  "application/octet-stream": "data",
  "text/plain": "text",
};

const quote = (text) => JSON.stringify(text);
const list = (items) => `[\n${items.map((item) => `    ${item},`).join("\n")}\n  ]`;

// Returns the path of the configuration, and the environment for workerd, which contains the texts of the bindings.
export function writeRuntime({ script, deployment, folder, sockets, socketOf }) {
  const versions = deployment.versions.map(({ version_id: id, percentage }) => ({ ...script.version(id), percentage }));
  // An object runs in one version only. The double runs all objects in the version with the most traffic; at
  // Cloudflare, each object is assigned to a version of its own.
  const host = versions.toSorted((a, b) => b.percentage - a.percentage)[0];
  const env = {};
  const workers = versions.map((version) => workerText({ version, script, host, folder, env }));
  const namespaces = new Set(versions.flatMap(({ bindings }) => bindings.flatMap((binding) => binding.namespace_id ?? [])));
  const external = (name, socket, http) =>
    `(name = ${quote(name)}, external = (address = ${quote(`unix:${path.join(sockets, socket)}`)}, http = (${http})))`;
  const kv = [...namespaces].map((id) => {
    const header = `(name = "x-double-namespace", value = ${quote(`${script.account.id}/${id}`)})`;
    return external(`kv-${id}`, "kv", `injectRequestHeaders = [${header}]`);
  });
  // `run` waits for the socket "http", which is the last one.
  const listening = versions.map(({ id }, at) => {
    const name = at === versions.length - 1 ? "http" : `version-${at}`;
    return `(name = ${quote(name)}, address = ${quote(`unix:${socketOf(id)}`)}, service = ${quote(id)},
      http = (forwardedProtoHeader = "x-double-proto", cfBlobHeader = "x-double-cf"))`;
  });
  const config = path.join(folder, "workerd.capnp");
  writeFileSync(config, `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = ${list([
    ...workers.map(({ id, text }) => `(name = ${quote(id)}, worker = ${text})`),
    ...kv,
    `(name = "objects", disk = (path = ${quote(path.join(folder, "objects"))}, writable = true))`,
    external("outbound", "outbound", "style = proxy"),
  ])},
  sockets = ${list(listening)},
);
`);
  return { config, env };
}

function workerText({ version, script, host, folder, env }) {
  const code = path.join(folder, version.id);
  mkdirSync(code, { recursive: true });
  const main = version.modules.find(({ name }) => name === version.main);
  const modules = [main, ...version.modules.filter((module) => module !== main)].map(({ name, type, content }, at) => {
    writeFileSync(path.join(code, String(at)), content);
    const kind = MODULE_KINDS[type];
    if (kind === undefined) throw new Error(`the double can't run a module of type ${type}`);
    return `(name = ${quote(name)}, ${kind} = embed ${quote(path.join(version.id, String(at)))})`;
  });
  const isHost = version.id === host.id;
  const classes = [...script.migrated.classes].map(([name, { id, sqlite }]) =>
    `(className = ${quote(name)}, uniqueKey = ${quote(id)}, enableSql = ${sqlite})`);
  const hosting = `durableObjectNamespaces = ${list(classes)}, durableObjectStorage = (localDisk = "objects"),`;
  const bindings = version.bindings.map((binding) => bindingText(binding, { version, host, isHost, env }));
  return {
    id: version.id,
    text: `(
      compatibilityDate = ${quote(version.date ?? FIRST_DATE)},
      compatibilityFlags = [${version.flags.map(quote).join(", ")}],
      modules = ${list(modules)},
      bindings = ${list(bindings)},
      globalOutbound = "outbound",
      ${isHost && classes.length > 0 ? hosting : ""}
    )`,
  };
}

function bindingText({ name, type, ...binding }, { version, host, isHost, env }) {
  // workerd reads texts from the environment, which has no trouble with quotes.
  const fromEnvironment = (text) => {
    const variable = `BINDING_${Object.keys(env).length}`;
    env[variable] = text;
    return `fromEnvironment = ${quote(variable)}`;
  };
  switch (type) {
    case "plain_text":
    case "secret_text":
      return `(name = ${quote(name)}, ${fromEnvironment(binding.text)})`;
    case "json":
      return `(name = ${quote(name)}, json = ${quote(JSON.stringify(binding.json))})`;
    case "kv_namespace":
      return `(name = ${quote(name)}, kvNamespace = "kv-${binding.namespace_id}")`;
    case "durable_object_namespace": {
      const object = quote(binding.class_name);
      const namespace = isHost ? object : `(className = ${object}, serviceName = ${quote(host.id)})`;
      return `(name = ${quote(name)}, durableObjectNamespace = ${namespace})`;
    }
    case "version_metadata": {
      const metadata = { id: version.id, tag: version.annotations["workers/tag"] ?? "", timestamp: version.createdOn };
      return `(name = ${quote(name)}, json = ${quote(JSON.stringify(metadata))})`;
    }
    default:
      throw new Error(`the double can't run a binding of type ${type}`);
  }
}

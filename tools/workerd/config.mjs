// Writes the configuration with which plain `workerd serve` runs the bundle: Durable Objects and KV on local disk,
// settings from the environment. `wrangler.toml` lists the classes of objects.
import { readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

// V8's young generation has 1 MiB, because collecting one of the default size stops everything for up to 140 ms. The
// old generation is first collected at 2 MiB, because collecting it at the default of 30 MiB takes 80 ms.
export const V8_FLAGS = '["--max-semi-space-size=1", "--initial-old-space-size=2"]';

// A Cap'n Proto string.
const quote = (text) => JSON.stringify(text);
const list = (items) => `[\n${items.map((item) => `      ${item},`).join("\n")}\n    ]`;

// The files of the bundle that belong to the worker. The other files of dist/ are for running it here.
export const workerModules = () =>
  readdirSync(path.join(root, "dist")).filter((file) => file === "entry.js" || file.endsWith(".wasm"));

// The bundle, in dist/ or another folder, and its settings in `wrangler.toml`.
export function readBundle(bundle = path.join(root, "dist")) {
  const entry = readFileSync(path.join(bundle, "entry.js"), "utf8");
  const wrangler = parse(readFileSync(path.join(root, "wrangler.toml"), "utf8"));
  return {
    bundle,
    wasm: [...entry.matchAll(/"\.\/([^"]+\.wasm)"/g)].map(([, file]) => file),
    objects: wrangler.durable_objects.bindings,
    kv: wrangler.kv_namespaces[0].binding,
    date: wrangler.compatibility_date,
    flags: wrangler.compatibility_flags,
  };
}

// The files that `writeManualConfig` writes.
export const MANUAL = ["workerd.capnp", "kv.js"];

// Writes the configuration for a server into the folder of the bundle, under a `name` that no other server uses, and
// returns its path. Its socket `control` drains the worker. The configuration names the settings and workerd reads
// their values from the environment, so that no secret is written down. workerd gets the folders of `objects` and `kv`
// and the addresses of the sockets on its command line.
export function writeConfig({ settings, behindProxy, name, bundle }) {
  const built = readBundle(bundle);
  // Renamed into place, because another server may be reading the same file.
  const write = (file, text) => {
    const target = path.join(built.bundle, file);
    writeFileSync(`${target}.${name}`, text);
    renameSync(`${target}.${name}`, target);
    return target;
  };
  for (const file of ["kv.js", "drain.js"]) write(file, readFileSync(path.join(root, "tools/workerd", file)));
  return write(`${name}.capnp`, configText({ built, settings, behindProxy, hasControl: true }));
}

// Writes `workerd.capnp` beside the bundle, for running workerd by hand behind a proxy (docs/serve.md). It names every
// setting, because nobody knows yet which will be set; workerd leaves out those that the environment doesn't have.
export function writeManualConfig() {
  const built = readBundle();
  const list = readFileSync(path.join(root, "src/endpoints/settings/names.rs"), "utf8").match(/NAMES: \[&str; \d+\] = \[([^\]]+)\]/)[1];
  const settings = list.match(/[A-Z][A-Z0-9_]+/g);
  const files = { "kv.js": readFileSync(path.join(root, "tools/workerd/kv.js")), "workerd.capnp": configText({ built, settings, behindProxy: true, hasControl: false }) };
  for (const file of MANUAL) writeFileSync(path.join(built.bundle, file), files[file]);
}

// The configuration of a bundle. Without `hasControl` it has no socket `control`; without `v8Flags`, V8's defaults.
export function configText({ built, settings, behindProxy, hasControl, v8Flags = V8_FLAGS }) {
  const { wasm, objects, kv, date, flags } = built;
  const bindings = [
    ...objects.map((object) => `(name = ${quote(object.name)}, durableObjectNamespace = ${quote(object.class_name)})`),
    `(name = ${quote(kv)}, kvNamespace = "kv")`,
    ...settings.map((name) => `(name = ${quote(name)}, fromEnvironment = ${quote(name)})`),
  ];
  // The unique keys name the folders in which objects are stored, so they must never change.
  const classes = objects.map(({ class_name: name }) =>
    `(className = ${quote(name)}, uniqueKey = ${quote(`vestibule-${name}`)}, enableSql = true)`);
  // The first module is the main one.
  const modules = [
    ...(hasControl ? ['(name = "drain.js", esModule = embed "drain.js")'] : []),
    '(name = "entry.js", esModule = embed "entry.js")',
    ...wasm.map((file) => `(name = ${quote(file)}, wasm = embed ${quote(file)})`),
  ];
  const sockets = [
    `(name = "http", address = "localhost:8787", service = "vestibule",
       http = (${behindProxy ? 'forwardedProtoHeader = "X-Forwarded-Proto"' : ""}))`,
    ...(hasControl ? ['(name = "control", service = (name = "vestibule", entrypoint = "control"), http = ())'] : []),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  v8Flags = ${v8Flags},
  services = [
    (name = "vestibule", worker = .vestibule),
    (name = "kv", worker = .kv),
    (name = "objects", disk = (writable = true)),
    (name = "values", disk = (writable = true)),
  ],
  sockets = ${list(sockets)},
);

const vestibule :Workerd.Worker = (
  compatibilityDate = ${quote(date)},
  compatibilityFlags = ${list(flags.map(quote))},
  modules = ${list(modules)},
  bindings = ${list(bindings)},
  durableObjectNamespaces = ${list(classes)},
  durableObjectStorage = (localDisk = "objects"),
);

const kv :Workerd.Worker = (
  compatibilityDate = ${quote(date)},
  modules = [(name = "kv.js", esModule = embed "kv.js")],
  bindings = [(name = "NAMESPACE", durableObjectNamespace = "Namespace")],
  durableObjectNamespaces = [(className = "Namespace", uniqueKey = "vestibule-kv", enableSql = true)],
  durableObjectStorage = (localDisk = "values"),
);
`;
}

// Writes the folder of a deployment: the worker that is uploaded, and wrangler's configuration for it. Operators use
// the same configuration: `npx wrangler … --config deploy/ENV/wrangler.jsonc`.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parse } from "smol-toml";
import { compressed, kib } from "../compressed.mjs";
import { root, workerModules } from "../workerd/config.mjs";
import { SECRET } from "./secrets.mjs";

// The part of the configuration that all deployments share (wrangler.toml).
export const base = () => parse(readFileSync(path.join(root, "wrangler.toml"), "utf8"));

// The binding of the KV namespace.
export const KV = "KV";

// Returns wrangler's configuration. `account` and `namespace` are IDs.
function configurationOf(deployment, { account, namespace }) {
  const { name, domain, routes, settings } = deployment;
  const { compatibility_date, compatibility_flags, durable_objects, migrations, observability } = base();
  const own = domain === undefined ? [] : [{ pattern: domain, custom_domain: true }];
  return {
    name,
    account_id: account,
    main: "worker/entry.js",
    // Uploads the bundle unchanged, as it was tested.
    no_bundle: true,
    find_additional_modules: true,
    base_dir: "worker",
    rules: [{ type: "CompiledWasm", globs: ["**/*.wasm"], fallthrough: false }],
    compatibility_date,
    compatibility_flags,
    send_metrics: false,
    routes: [...own, ...routes],
    // A worker has only one address, because a second one would be a second issuer.
    workers_dev: own.length + routes.length === 0,
    preview_urls: false,
    vars: settings,
    secrets: { required: [SECRET] },
    kv_namespaces: [{ binding: KV, id: namespace }],
    durable_objects,
    migrations,
    observability,
  };
}

// Copies the bundle; returns its compressed size in KiB.
export function writeWorker(deployment) {
  const { worker } = deployment;
  rmSync(worker, { recursive: true, force: true });
  mkdirSync(worker, { recursive: true });
  const modules = workerModules();
  for (const module of modules) cpSync(path.join(root, "dist", module), path.join(worker, module));
  return kib(modules.reduce((sum, module) => sum + compressed(readFileSync(path.join(worker, module))), 0));
}

// Writes the configuration, and a second one without addresses, for uploading a worker before its domain is checked.
export function writeConfiguration(deployment, ids) {
  const configuration = configurationOf(deployment, ids);
  const write = (file, content) => {
    const head = `// Generated from ${deployment.file} by each deployment. Change that file instead.\n`;
    // Without a namespace, this configuration can't upload anything yet.
    if (ids.namespace === undefined) return rmSync(file, { force: true });
    return writeFileSync(file, `${head}${JSON.stringify(content, null, 2)}\n`);
  };
  write(deployment.configuration, configuration);
  write(deployment.unattached, { ...configuration, routes: [], workers_dev: false });
}

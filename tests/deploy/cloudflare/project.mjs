// Projects for wrangler to deploy: the worker of this repository as `make bundle` built it, and a small one.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "smol-toml";
import { root } from "../../../tools/workerd/config.mjs";

const folders = [];
process.once("exit", () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

// The configuration of wrangler.toml, for a bundle that wrangler uploads as it is.
export function vestibuleConfig(more = {}) {
  const { build, ...config } = parse(readFileSync(path.join(root, "wrangler.toml"), "utf8"));
  return {
    ...config,
    main: path.join(root, "dist/entry.js"),
    no_bundle: true,
    find_additional_modules: true,
    rules: [{ type: "CompiledWasm", globs: ["**/*.wasm"] }],
    ...more,
  };
}

// Writes a project into a folder of its own, which is removed at the end, and returns the folder. `secrets` are for
// `--secrets-file secrets.json`.
export function writeProject(config, { secrets = {} } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "project-"));
  folders.push(folder);
  writeFileSync(path.join(folder, "secrets.json"), JSON.stringify(secrets));
  writeFileSync(path.join(folder, "wrangler.json"), JSON.stringify(config));
  return folder;
}

// A worker with a class, a KV namespace and a secret. It answers with `name`, its secret, and what it is asked for:
// `/count` counts in an object; `/kv/<key>` reads, or with PUT writes, a value.
const source = (name) => `import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  count() {
    const count = (this.ctx.storage.kv.get("count") ?? 0) + 1;
    this.ctx.storage.kv.put("count", count);
    return count;
  }
}
export default {
  async fetch(request, { COUNTER, KV, SECRET }) {
    const { pathname, origin } = new URL(request.url);
    const address = request.headers.get("cf-connecting-ip");
    const result = { name: ${JSON.stringify(name)}, origin, address, secret: SECRET, country: request.cf?.country };
    if (pathname === "/count") result.count = await COUNTER.get(COUNTER.idFromName("one")).count();
    if (pathname.startsWith("/kv/")) {
      const key = pathname.slice(4);
      if (request.method === "PUT") await KV.put(key, await request.text());
      result.value = await KV.get(key);
    }
    if (pathname === "/fetch") {
      const answer = await fetch("https://elsewhere.example/x", { method: "POST", body: "sent" });
      result.fetched = await answer.text();
    }
    return Response.json(result);
  },
};
`;

export const smallConfig = (more = {}) => ({
  name: "small",
  main: "index.js",
  no_bundle: true,
  compatibility_date: "2026-11-01",
  kv_namespaces: [{ binding: "KV" }],
  durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter" }] },
  migrations: [{ tag: "v1", new_sqlite_classes: ["Counter"] }],
  ...more,
});

export function writeSmall({ name = "first", secrets = { SECRET: "a secret" }, ...more } = {}) {
  const folder = writeProject(smallConfig(more), { secrets });
  rewriteSmall(folder, { name, ...more });
  return folder;
}

// Changes the code, and the configuration by `more`.
export function rewriteSmall(folder, { name, ...more }) {
  writeFileSync(path.join(folder, "index.js"), source(name));
  writeFileSync(path.join(folder, "wrangler.json"), JSON.stringify(smallConfig(more)));
}

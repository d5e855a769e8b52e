// Peers that run on workerd and keep their state in KV.
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { readBundle } from "../../tools/workerd/config.mjs";
import { run } from "../../tools/workerd/runtime.mjs";
import { flows } from "../flows.mjs";
import { codeIn, document } from "../operations.mjs";

const peers = path.resolve(import.meta.dirname, "../peers");

// Uses V8's default settings, because none of these peers recommends others.
async function start({ file, kv }, { port, folder }) {
  const require = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
  const { build } = await import(require.resolve("esbuild"));
  await build({
    entryPoints: [path.join(peers, file)], outfile: path.join(folder, "peer.js"), bundle: true, minify: true, format: "esm",
    target: "es2024", conditions: ["workerd", "worker", "browser"], external: ["cloudflare:*", "node:*"], logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  mkdirSync(path.join(folder, "values"), { recursive: true });
  const config = path.join(folder, "peer.capnp");
  const date = JSON.stringify(readBundle().date);
  writeFileSync(config, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "peer", worker = (
      modules = [(name = "peer.js", esModule = embed "peer.js")], compatibilityDate = ${date},
      compatibilityFlags = ["global_fetch_strictly_public"],
      bindings = [(name = ${JSON.stringify(kv)}, kvNamespace = "kv")])),
    (name = "kv", worker = (
      modules = [(name = "kv.js", esModule = embed ${JSON.stringify(path.relative(folder, path.join(peers, "kv.js")))})],
      compatibilityDate = ${date}, bindings = [(name = "NAMESPACE", durableObjectNamespace = "Namespace")],
      durableObjectNamespaces = [(className = "Namespace", uniqueKey = "kv", enableSql = true)],
      durableObjectStorage = (localDisk = "values"))),
    (name = "values", disk = (path = ${JSON.stringify(path.join(folder, "values"))}, writable = true)),
  ],
  sockets = [(name = "http", address = "localhost:${port}", http = (), service = "peer")],
);
`);
  // openauth writes a line for each request.
  const { child, ready, stop } = run(config, { stdout: "ignore" });
  await ready;
  return { port, pid: child.pid, stop };
}

export const workersOAuthProvider = {
  name: "workers-oauth-provider",
  start: (where) => start({ file: "workers_oauth_provider.js", kv: "OAUTH_KV" }, where),
  works: {
    ...flows({
      clientOf: async ({ port }) => {
        const { clientId } = await (await fetch(`http://localhost:${port}/client`)).json();
        return { client_id: clientId, scope: "read offline_access" };
      },
      codeOf: async (send, asked) => codeIn(await send({ path: `/authorize?${asked}` })),
    }),
    discovery: document("/.well-known/oauth-authorization-server", '"token_endpoint"'),
  },
};

export const openauth = {
  name: "openauth",
  start: (where) => start({ file: "openauth.js", kv: "KV" }, where),
  works: {
    ...flows({
      clientOf: async () => ({ client_id: "bench", scope: "read" }),
      codeOf: async (send, asked) => {
        const begun = await send({ path: `/authorize?${asked}` });
        const cookie = begun.headers("set-cookie").map((line) => line.split(";")[0]).join("; ");
        const { pathname, search } = new URL(begun.headers("location"), "http://localhost");
        return codeIn(await send({ path: pathname + search, headers: { cookie } }));
      },
    }),
    jwks: document("/.well-known/jwks.json", '"P-256"'),
    discovery: document("/.well-known/oauth-authorization-server", '"token_endpoint"'),
  },
};

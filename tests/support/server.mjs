// Starts the built worker on workerd, with real Durable Objects and KV on disk.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const bundle = path.join(root, "dist");
const classes = {
  GRANT: "Grant",
  ACCOUNT: "Account",
  IDENTIFIER: "Identifier",
  KEY_RING: "KeyRing",
  REGISTRATION: "Registration",
  THROTTLE: "Throttle",
};

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// `vars` are settings of docs/configuration.md. `state` is the folder that survives a restart.
export async function startServer({ vars = {}, state, port, cf = false } = {}) {
  const folder = state ?? mkdtempSync(path.join(tmpdir(), "vestibule-"));
  port ??= await freePort();
  const wasm = readdirSync(bundle).find((name) => name.endsWith(".wasm"));
  const durableObjects = Object.fromEntries(
    Object.entries(classes).map(([binding, className]) => [
      binding,
      { className, useSQLite: true },
    ]),
  );
  const mf = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port,
      cf,
      resourcePersistencePath: folder,
      logRequests: false,
      workers: [
        {
          name: "vestibule",
          modulesRoot: bundle,
          modules: [
            { type: "ESModule", path: path.join(bundle, "entry.js") },
            { type: "CompiledWasm", path: path.join(bundle, wasm) },
          ],
          compatibilityDate: "2026-11-01",
          bindings: { ENVIRONMENT: "development", ...vars },
          durableObjects,
          kvNamespaces: { KV: "kv" },
          unsafeRegisterWorker: false,
        },
      ],
    }),
  );
  await mf.ready;
  return {
    url: `http://localhost:${port}`,
    port,
    state: folder,
    mf,
    // A request with other `cf` data than the default's.
    dispatch: (url, init) => mf.dispatchFetch(url, init),
    async stop({ keep = false } = {}) {
      await mf.dispose();
      if (!keep) rmSync(folder, { recursive: true, force: true });
    },
  };
}

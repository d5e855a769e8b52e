// Starts the built worker on workerd, with real Durable Objects and KV on disk.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { freePort } from "../../tools/free_port.mjs";
import { readBundle } from "../../tools/workerd/config.mjs";

export { freePort };

// `vars` are settings of docs/configuration.md. `state` is the folder that survives a restart. A `worker` with another
// name has other objects, but the same KV.
export async function startServer({ vars = {}, state, port, cf = false, worker = "vestibule" } = {}) {
  const folder = state ?? mkdtempSync(path.join(tmpdir(), "vestibule-"));
  port ??= await freePort();
  const { bundle, wasm, objects, date, flags } = readBundle();
  const durableObjects = Object.fromEntries(
    objects.map(({ name, class_name: className }) => [name, { className, useSQLite: true }]),
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
          name: worker,
          modulesRoot: bundle,
          modules: [
            { type: "ESModule", path: path.join(bundle, "entry.js") },
            ...wasm.map((file) => ({ type: "CompiledWasm", path: path.join(bundle, file) })),
          ],
          compatibilityDate: date,
          compatibilityFlags: flags,
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
    // Sends a request with other `cf` data than the default.
    dispatch: (url, init) => mf.dispatchFetch(url, init),
    async stop({ keep = false } = {}) {
      await mf.dispose();
      if (!keep) rmSync(folder, { recursive: true, force: true });
    },
  };
}

// Kills the runtime like a power cut would, and waits until it responds again.
export async function crash(server) {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [, parent] = readFileSync(`/proc/${pid}/stat`, "utf8").match(/\) \S+ (\d+)/);
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return Number(parent) === process.pid && command.includes("workerd");
      } catch {
        return false;
      }
    });
  if (children.length === 0) throw new Error("no runtime was found to kill");
  for (const pid of children) process.kill(Number(pid), "SIGKILL");
  for (let attempt = 0; attempt < 600; attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const answer = await fetch(`${server.url}/.well-known/openid-configuration`).catch(() => undefined);
    if (answer?.ok) return;
  }
  throw new Error("the runtime did not come back");
}

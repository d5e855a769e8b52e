// Measures the time from the start of workerd to the first response, in milliseconds: for Vestibule and for an empty
// Rust worker, in alternating rounds on plain workerd. Returns the median of each.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "./free_port.mjs";
import { readBundle } from "./workerd/config.mjs";
import { run, start } from "./workerd/runtime.mjs";

const ROUNDS = 15;

function startEmpty(folder, port) {
  const config = path.join(folder, "empty.capnp");
  writeFileSync(config, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "empty", worker = .empty)],
  sockets = [(name = "http", address = "localhost:${port}", service = "empty", http = ())],
);
const empty :Workerd.Worker = (
  compatibilityDate = ${JSON.stringify(readBundle().date)},
  modules = [
    (name = "entry.js", esModule = embed "entry.js"),
    (name = "empty.js", esModule = embed "empty.js"),
    (name = "empty_bg.wasm", wasm = embed "empty_bg.wasm"),
  ],
);
`);
  return run(config);
}

async function timed(begin) {
  const port = await freePort();
  const at = performance.now();
  const server = begin(port);
  await server.ready;
  const response = await fetch(`http://localhost:${port}/.well-known/openid-configuration`);
  await response.text();
  const took = performance.now() - at;
  if (response.status !== 200) throw new Error(`answered ${response.status}`);
  await server.stop();
  return took;
}

// `folder` is the folder of the empty worker.
export async function coldStarts(folder) {
  const state = mkdtempSync(path.join(tmpdir(), "vestibule-start-"));
  const took = { vestibule: [], empty: [] };
  // Without this, a keep-alive connection would wait for the server that was stopped.
  for (let round = 0; round < ROUNDS; round += 1) {
    took.vestibule.push(await timed((port) => start({ state, port })));
    took.empty.push(await timed((port) => startEmpty(folder, port)));
  }
  rmSync(state, { recursive: true, force: true });
  const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
  return { vestibule: median(took.vestibule), empty: median(took.empty) };
}

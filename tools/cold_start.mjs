// Measures the time from the start of workerd to the first response, in milliseconds: of Vestibule, by path, and of an
// empty Rust worker, in alternating rounds on plain workerd. Returns the median of each.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "./free_port.mjs";
import { configText, readBundle } from "./workerd/config.mjs";
import { run, workerd } from "./workerd/runtime.mjs";

const ROUNDS = 15;
const SECRET = "a secret that only this measurement uses, 0123456789";

const emptyConfig = () => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "empty", worker = .empty)],
  sockets = [(name = "http", address = "localhost:0", service = "empty", http = ())],
);
const empty :Workerd.Worker = (
  compatibilityDate = ${JSON.stringify(readBundle().date)},
  compatibilityFlags = ${JSON.stringify(readBundle().flags)},
  modules = [
    (name = "entry.js", esModule = embed "entry.js"),
    (name = "empty.js", esModule = embed "empty.js"),
    (name = "empty_bg.wasm", wasm = embed "empty_bg.wasm"),
  ],
);
`;

// Cloudflare doesn't parse a configuration when a worker starts. So it is compiled before: reading modules into a text
// configuration takes 5 ms per MiB. Nor are there flags for V8, with which it uses no code of the runtime that was compiled
// before.
function compiled(text, folder) {
  writeFileSync(path.join(folder, "start.capnp"), text);
  const { status, stdout, stderr } = spawnSync(workerd(), ["compile", "--config-only", "start.capnp"], { cwd: folder, maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`workerd can't compile the configuration: ${stderr}`);
  const file = path.join(folder, "start.bin");
  writeFileSync(file, stdout);
  rmSync(path.join(folder, "start.capnp"));
  return file;
}

async function timed(config, url, { args = [], env = {} } = {}) {
  const port = await freePort();
  const at = performance.now();
  const server = run(config, { args: ["--binary", `--socket-addr=http=localhost:${port}`, ...args], env });
  await server.ready;
  const response = await fetch(`http://localhost:${port}${url}`, { redirect: "manual" });
  await response.text();
  const took = performance.now() - at;
  if (response.status >= 400) throw new Error(`${url} answered ${response.status}`);
  await server.stop();
  return took;
}

// `empty` is the folder of the empty worker. `bundle` is the folder of another build, by default dist/.
export async function coldStarts(empty, paths, bundle) {
  const state = mkdtempSync(path.join(tmpdir(), "vestibule-start-"));
  const env = { CLIENT_ADDRESS: "connection", DEVELOPERS: "everyone", ISSUER: "http://localhost:8787", VESTIBULE_SECRET: SECRET };
  const built = readBundle(bundle);
  const text = configText({ built, settings: Object.keys(env), behindProxy: false, hasControl: false, v8Flags: "[]" });
  const vestibule = compiled(text, built.bundle);
  const nothing = compiled(emptyConfig(), empty);
  const folders = ["objects", "values"].map((name) => {
    mkdirSync(path.join(state, name));
    return `--directory-path=${name}=${path.join(state, name)}`;
  });
  const took = new Map(paths.map((name) => [name, []]));
  const emptyTook = [];
  // The first round makes the keys.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, times] of took) {
      const time = await timed(vestibule, name, { args: folders, env });
      if (round > 0) times.push(time);
    }
    emptyTook.push(await timed(nothing, "/"));
  }
  rmSync(vestibule);
  rmSync(state, { recursive: true, force: true });
  const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
  return { empty: median(emptyTook), paths: [...took].map(([name, times]) => ({ name, took: median(times) })) };
}

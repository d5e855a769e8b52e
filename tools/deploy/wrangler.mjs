// Runs the wrangler that this version of Vestibule was tested with.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const program = path.join(path.dirname(require.resolve("wrangler/package.json")), "bin", "wrangler.js");

// Runs wrangler without a terminal, so that it asks no questions. Returns its exit status and its output.
export function runWrangler(args, { env = {} } = {}) {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
      FORCE_COLOR: "0",
      NO_COLOR: "1",
      ...env,
    },
  });
  const collected = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (chunk) => {
      collected[name] += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ status: code ?? signal, ...collected }));
  });
}

// Starts the unmodified `make serve` for tests.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { root } from "../../tools/workerd/config.mjs";

// The initial access token of the servers that this file starts.
export const TOKEN = "the initial access token of this test";

// Starts `make serve` and waits until it serves or has ended. `args` are added to its command line; `shell` runs before
// it.
export async function serve(port, args, shell = "") {
  const command = [process.execPath, "tools/serve.mjs", `PORT=${port}`, ...args];
  const child = spawn("sh", ["-c", `${shell} exec "$0" "$@"`, ...command], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
  let text = "";
  const listeners = new Set();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      text += chunk;
      for (const listener of [...listeners]) listener();
    });
  }
  // Waits until the output has `what` this many times, or the server has ended.
  const says = async (what, times = 1) => {
    const heard = new Promise((resolve) => {
      const listener = () => {
        if (text.split(what).length > times) resolve();
      };
      listeners.add(listener);
      listener();
    });
    await Promise.race([heard, exited]);
  };
  await says("Vestibule serves");
  const stop = () => {
    child.kill("SIGTERM");
    return exited;
  };
  return { child, exited, says, stop, port, url: `http://localhost:${port}`, registrationToken: TOKEN, said: () => text };
}

// The process ID of the runtime; undefined if there is none.
export function runtimeOf({ child: { pid } }) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  return children.map(Number).find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes("workerd\0"));
}

export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

// Runs the wrangler that this version of Vestibule was tested with.
import { spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { devNull } from "node:os";
import path from "node:path";
import { credentials } from "./credentials.mjs";

const require = createRequire(import.meta.url);
const program = path.join(path.dirname(require.resolve("wrangler/package.json")), "bin", "wrangler.js");

// The variables that wrangler gets. Others, such as CLOUDFLARE_ENV or WRANGLER_CI_OVERRIDE_NAME, would make it deploy
// another worker than the checked one, or log secrets.
const PASSED = [
  "PATH", "HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "SYSTEMROOT", "XDG_CONFIG_HOME", "TMPDIR", "TEMP", "TMP",
  "LANG", "CARGO_HOME", "RUSTUP_HOME", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy",
  "NODE_EXTRA_CA_CERTS", "NODE_USE_ENV_PROXY", "NODE_USE_SYSTEM_CA", "SSL_CERT_FILE", "SSL_CERT_DIR", "CI",
  "WRANGLER_CACHE_DIR", "CLOUDFLARE_AUTH_PROFILE", "CLOUDFLARE_AUTH_USE_KEYRING", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR",
];

function environment(more) {
  const passed = PASSED.filter((name) => process.env[name] !== undefined).map((name) => [name, process.env[name]]);
  const quiet = { WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", FORCE_COLOR: "0", NO_COLOR: "1" };
  return { ...Object.fromEntries(passed), ...credentials(), ...quiet, ...more };
}

// The path at which a program can open its standard input; undefined if there is none.
export const STDIN = process.platform === "win32" ? undefined : "/dev/stdin";

// Runs wrangler without a terminal, so that it doesn't ask questions. It can read the text `input` at `STDIN`. Returns
// its exit status and its output. It ends with this process, except after `kill -9`.
export function runWrangler(args, { env = {}, input } = {}) {
  // Without `--env-file`, wrangler takes variables from a file .env of the folder.
  const command = [process.execPath, program, ...args, "--env-file", devNull];
  // A pipe of the shell can be opened by path, but Node's is a socket, which can't.
  const piped = ["sh", "-c", '"$0" -e "process.stdin.pipe(process.stdout)" | "$0" "$@"', ...command];
  const [first, ...rest] = input === undefined ? command : piped;
  const child = spawn(first, rest, {
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    env: environment(env),
    // In its own process group, so that wrangler and the process that it starts end together.
    detached: process.platform !== "win32",
  });
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const stop = () => end(child.pid);
  process.once("exit", stop);
  const collected = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (chunk) => {
      collected[name] += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      process.off("exit", stop);
      resolve({ status: code ?? signal, ...collected });
    });
  });
}

function end(pid) {
  if (process.platform === "win32") {
    spawnSync("taskkill", ["/pid", String(pid), "/t", "/f"]);
    return;
  }
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has already ended.
  }
}

// Runs programs that see the double instead of Cloudflare.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { root } from "../../../tools/workerd/config.mjs";

// Built from scratch: an inherited variable could change what wrangler does.
export function childEnvironment({ home, proxy, caFile, token }) {
  const tmp = path.join(home, "tmp");
  mkdirSync(path.join(tmp, "update-check"), { recursive: true });
  // wrangler asks the npm registry for its newest version unless it has asked within the last hour.
  const checked = JSON.stringify({ latest: null, lastUpdate: Date.now() });
  writeFileSync(path.join(tmp, "update-check", "wrangler-latest.json"), checked);
  return {
    PATH: process.env.PATH,
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, ".config"),
    TMPDIR: tmp,
    // The Rust toolchain is still where it was.
    CARGO_HOME: process.env.CARGO_HOME ?? path.join(homedir(), ".cargo"),
    RUSTUP_HOME: process.env.RUSTUP_HOME ?? path.join(homedir(), ".rustup"),
    HTTPS_PROXY: proxy,
    NO_PROXY: "localhost,127.0.0.1,::1",
    NODE_USE_ENV_PROXY: "1",
    NODE_EXTRA_CA_CERTS: caFile,
    WRANGLER_SEND_METRICS: "false",
    // Otherwise wrangler remembers the account in node_modules/.cache/wrangler.
    WRANGLER_CACHE_DIR: path.join(home, "cache"),
    NO_COLOR: "1",
    ...(token && { CLOUDFLARE_API_TOKEN: token }),
  };
}

// Returns the exit code and the output.
export function runWrangler(args, { cwd, input = "", env }) {
  const wrangler = path.join(root, "node_modules/wrangler/bin/wrangler.js");
  return runChild(process.execPath, [wrangler, ...args], { cwd, input, env });
}

export async function runChild(command, args, { cwd, input = "", env }) {
  const child = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (chunk) => {
      text[name] += chunk;
    });
  }
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => resolve(status ?? signal));
  });
  return { code, ...text };
}

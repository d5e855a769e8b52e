// The unmodified APIs of docs/examples, with tokens of the built worker.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { publicApp, signedIn } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

const AUDIENCE = "https://photos.example.com/";
let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

async function start(command, args) {
  const env = { ...process.env, ISSUER: server.url, AUDIENCE, PORT: "0", CARGO_TARGET_DIR: "target/clients" };
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, port] = line.match(/listening on (\d+)/) ?? [];
    if (port) return { url: `http://127.0.0.1:${port}`, stop: () => child.kill() };
  }
  throw new Error(`${command} ${args.join(" ")} did not start`);
}

async function tokens(parameters) {
  const client = await publicApp(server, { scope: "openid photos.read photos.write" });
  const { tokens } = await signedIn(server, { client, parameters });
  return tokens;
}

for (const [name, command, args] of [
  ["JavaScript with jose", process.execPath, ["docs/examples/api.mjs"]],
  ["Rust", "cargo", ["run", "--quiet", "--locked", "--manifest-path", "docs/examples/api-rust/Cargo.toml"]],
]) {
  test(`the example in ${name} accepts only the right token (RFC 9068 §4)`, async () => {
    const api = await start(command, args);
    try {
      const call = async (token) => {
        const headers = token ? { authorization: `Bearer ${token}` } : {};
        const { status, headers: answered } = await fetch(api.url, { headers });
        return [status, answered.get("www-authenticate")?.split(",")[0] ?? null];
      };
      const right = await tokens({ scope: "openid photos.read", resource: AUDIENCE });
      assert.deepEqual(await call(right.access_token), [200, null]);
      const narrow = await tokens({ scope: "openid photos.write", resource: AUDIENCE });
      assert.deepEqual(await call(narrow.access_token), [403, 'Bearer error="insufficient_scope"']);
      const elsewhere = await tokens({ scope: "openid photos.read", resource: "https://other.example.com/" });
      const spoiled = `${right.access_token.slice(0, -4)}AAAA`;
      for (const wrong of [elsewhere.access_token, right.id_token, spoiled, "junk"]) {
        assert.deepEqual(await call(wrong), [401, 'Bearer error="invalid_token"']);
      }
      assert.deepEqual(await call(), [401, "Bearer"]);
    } finally {
      api.stop();
    }
  });
}

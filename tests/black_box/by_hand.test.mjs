// The bundle as docs/serve.md has it run without Node and make: workerd, dist/workerd.capnp and the environment.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { root } from "../../tools/workerd/config.mjs";
import { run } from "../../tools/workerd/runtime.mjs";
import { freePort } from "../support/server.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "vestibule-by-hand-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const own = {
  ISSUER: "https://id.example.com", CLIENT_ADDRESS: "X-Forwarded-For",
  VESTIBULE_SECRET: "a secret of the deployment for the tests, long enough",
};

// What the server with these settings answers to a request that the proxy in front passes on.
async function answer(settings, target) {
  const port = await freePort();
  for (const name of ["objects", "kv"]) mkdirSync(path.join(folder, name), { recursive: true });
  const args = [
    `--directory-path=objects=${folder}/objects`, `--directory-path=values=${folder}/kv`, `--socket-addr=http=localhost:${port}`,
  ];
  const server = run(path.join(root, "dist/workerd.capnp"), { args, env: { ...own, ...settings } });
  await server.ready;
  try {
    const headers = { host: "id.example.com", "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1" };
    const sent = request({ host: "localhost", port, path: target, headers, agent: false }).end();
    const response = await new Promise((resolve, reject) => sent.once("response", resolve).once("error", reject));
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += chunk;
    return { status: response.statusCode, text };
  } finally {
    await server.stop();
  }
}

test("behind a proxy that terminates TLS it serves, with the settings of the environment", async () => {
  const { status, text } = await answer({ BRAND_NAME: "Acme & Co" }, "/sign-in");
  assert.equal(status, 200, text);
  assert.match(text, /Acme &(amp|#38); Co/);
  assert.equal((await answer({}, "/jwks")).status, 200, "keys are stored and published");
});

test("a wrong setting stops it, whichever setting it is", async () => {
  for (const [name, value] of [["PKCE", "nonsense"], ["DEVELOPERS", "yes"], ["BRAND_COLOR_DARK", "blue"]]) {
    const { status, text } = await answer({ [name]: value }, "/jwks");
    assert.equal(status, 503);
    assert.match(text, new RegExp(`^Vestibule does not start: ${name} `));
  }
});

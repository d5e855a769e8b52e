// JURISDICTION: every object is created, found and called in it. workerd has no jurisdictions, so a namespace that
// records its calls replaces Cloudflare's.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { newObjectId, objectIdOfName, send, takeFast } from "../../crates/edge/src/platform.js";
import { serve } from "../support/serve.mjs";
import { freePort, startServer } from "../support/server.mjs";

// A namespace whose IDs contain the jurisdiction in which they were created.
function namespace(asked = [], own = "none") {
  const id = (kind) => (text = "") => ({ toString: () => `${own} ${kind} ${text}`.trim() });
  return {
    asked,
    jurisdiction(name) {
      asked.push(name);
      return namespace(asked, name);
    },
    newUniqueId: id("unique"),
    idFromName: id("name"),
    idFromString: id("string"),
    get: (of) => ({ step: (command, hold) => `${own} got ${of}: ${command} ${hold}` }),
  };
}

async function everything(env) {
  const sent = async (named) => {
    send(env, "GRANTS", named, "a", "command", 0);
    return takeFast();
  };
  return [newObjectId(env, "GRANTS"), objectIdOfName(env, "GRANTS", "a"), await sent(true), await sent(false)];
}

for (const jurisdiction of ["eu", "fedramp"]) {
  test(`with JURISDICTION=${jurisdiction} every object is created, found and called in it`, async () => {
    const env = { JURISDICTION: jurisdiction, GRANTS: namespace() };
    assert.deepEqual(await everything(env), [
      `${jurisdiction} unique`,
      `${jurisdiction} name a`,
      `${jurisdiction} got ${jurisdiction} name a: command 0`,
      `${jurisdiction} got ${jurisdiction} string a: command 0`,
    ]);
    assert.deepEqual(env.GRANTS.asked, Array(4).fill(jurisdiction));
  });
}

test("without JURISDICTION no namespace is asked for one", async () => {
  for (const JURISDICTION of [undefined, "", " "]) {
    const env = { JURISDICTION, GRANTS: namespace() };
    assert.deepEqual((await everything(env)).slice(0, 2), ["none unique", "none name a"]);
    assert.deepEqual(env.GRANTS.asked, []);
  }
});

test("another JURISDICTION keeps the server from starting", async () => {
  const server = await startServer({ vars: { JURISDICTION: "us" } });
  try {
    const answer = await fetch(`${server.url}/jwks`);
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /JURISDICTION is "us" but must be eu or fedramp/);
  } finally {
    await server.stop();
  }
});

test("if the platform has no jurisdictions, the log says so and nothing is stored", async (t) => {
  const lines = [];
  for (const method of ["error", "log", "warn"]) t.mock.method(console, method, (...words) => void lines.push(words.join(" ")));
  const server = await startServer({ vars: { JURISDICTION: "eu" } });
  try {
    assert.equal((await fetch(`${server.url}/.well-known/openid-configuration`)).status, 200);
    assert.equal((await fetch(`${server.url}/jwks`)).status, 500);
    assert.deepEqual((await (await server.mf.getKVNamespace("KV")).list()).keys, []);
  } finally {
    await server.stop();
  }
  assert.match(lines.join("\n"), /Jurisdiction restrictions are not implemented in workerd/);
});

test("make serve refuses JURISDICTION, which it can't guarantee", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "vestibule-jurisdiction-"));
  try {
    const refused = await serve(await freePort(), [`STATE=${folder}`, "JURISDICTION=eu"]);
    assert.equal(await refused.exited, 1);
    assert.match(refused.said(), /^vestibule: JURISDICTION works only at Cloudflare\. Remove it: all data is stored where this process runs$/m);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

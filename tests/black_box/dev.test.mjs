// `make dev` as it is, with settings as a developer types them.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { startDev } from "../pages/shell.mjs";
import { startUpstreams } from "../../tools/upstreams.mjs";
import { serve } from "../support/serve.mjs";
import { freePort } from "../support/server.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "vestibule-dev-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const acme = { id: "acme", name: "Acme's own", client_id: "here", issuer: "https://login.acme.example", token_endpoint_auth_method: "none" };
const text = async (url) => (await fetch(url)).text();

test("settings arrive as they are typed, and providers of one's own replace the demo's", async () => {
  const server = await startDev(`make dev BRAND_NAME="Acme & Co" PROVIDERS='${JSON.stringify([{ ...acme, name: "Acme" }])}'`);
  try {
    const page = await text(`${server.url}/sign-in`);
    assert.match(page, /Acme &(amp|#38); Co/);
    assert.match(page, /Continue with Acme/);
    assert.doesNotMatch(page, /Friendface/);
    assert.match(server.said(), /the demo's own are not started/);
    await assert.rejects(fetch(`http://localhost:${server.port + 1}`));
  } finally {
    await server.stop();
  }
});

test("settings may be in a file, with their tables at the top level", async () => {
  const file = path.join(folder, "settings.toml");
  writeFileSync(file, `BRAND_NAME = "Acme"\n[[PROVIDERS]]\n${Object.entries(acme).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`).join("")}`);
  const server = await startDev(`make dev SETTINGS=${file}`);
  try {
    assert.match(await text(`${server.url}/sign-in`), /Continue with Acme/);
  } finally {
    await server.stop();
  }
});

test("a wrong setting is said in the terminal", async () => {
  await assert.rejects(startDev("make dev PKEC=all"), /PKEC is not a setting; did you mean PKCE\?/);
  await assert.rejects(startDev("make dev DEVELOPERS=yes"), /DEVELOPERS has the entry "yes"/);
});

test("tables under [vars] are refused, with how they are written", async () => {
  const file = path.join(folder, "vars.toml");
  writeFileSync(file, '[[vars.PROVIDERS]]\nid = "acme"\n');
  const message = /has a table vars.*write \[\[PROVIDERS\]\], not \[\[vars\.PROVIDERS\]\]/;
  await assert.rejects(startDev(`make dev SETTINGS=${file}`), message);
  const served = await serve(await freePort(), [`SETTINGS=${file}`, `STATE=${folder}/state`]);
  assert.equal(await served.exited, 1);
  assert.match(served.said(), message);
});

test("the demo's providers sign with the same keys after a restart", async () => {
  const file = path.join(folder, "keys.json");
  const keys = async () => {
    const upstreams = await startUpstreams("http://localhost:8787", undefined, file);
    try {
      const [{ issuer }] = upstreams.vars.PROVIDERS;
      return await text(`${issuer}/jwks`);
    } finally {
      await upstreams.stop();
    }
  };
  assert.equal(await keys(), await keys());
});

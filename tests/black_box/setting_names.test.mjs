// A misspelled setting stops the server. The error names it and the setting that was probably meant.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { serve } from "../support/serve.mjs";
import { freePort, startServer } from "../support/server.mjs";
import { start } from "../../tools/workerd/runtime.mjs";

const SECRET = "a secret of the deployment for the tests, long enough";
const production = { ENVIRONMENT: "production", VESTIBULE_SECRET: SECRET };

let folder;
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), "vestibule-names-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

// The server's response with these settings.
async function answer(vars, target = "/.well-known/openid-configuration") {
  const server = await startServer({ vars });
  try {
    const response = await fetch(`${server.url}${target}`);
    return { status: response.status, text: await response.text() };
  } finally {
    await server.stop();
  }
}

test("a misspelled name keeps the server from starting", async () => {
  const { status, text } = await answer({ ...production, SIGNUP: "off" });
  assert.equal(status, 503);
  assert.equal(text, "Vestibule does not start: SIGNUP is not a setting; did you mean SIGN_UP?\n");
});

test("bindings, other names and a removed provider's secret don't keep it from starting", async () => {
  const { status, text } = await answer({ ...production, SENTRY_DSN: "https://…", TABLE: { a: 1 }, PROVIDER_OLD_SECRET: "x" });
  assert.equal(status, 200, text);
});

test("a setting that wrangler.toml has as a number or a table is read", async () => {
  const wrong = await answer({ ...production, ACCESS_TOKEN_LIFETIME: 5 });
  assert.match(wrong.text, /ACCESS_TOKEN_LIFETIME is "5" but must be/);
  const right = await answer({ ...production, ACCESS_TOKEN_LIFETIME: 50, RESOURCES: [{ resource: "https://api.example.test", name: "API" }] });
  assert.equal(right.status, 200, right.text);
  const misspelt = await answer({ ...production, RESOURCE: [{ resource: "https://api.example.test" }] });
  assert.match(misspelt.text, /RESOURCE is not a setting; did you mean RESOURCES\?/);
});

test("the deployed worker has no route for the report on the settings", async () => {
  assert.equal((await answer(production, "/settings")).status, 404);
  assert.doesNotMatch((await answer({ ...production, OTHER: "x" }, "/settings")).text, /OTHER/);
});

// The report on the settings for the process that started the server.
async function report(settings) {
  const server = start({ settings, state: path.join(folder, "report"), port: await freePort() });
  await server.ready;
  try {
    return JSON.parse((await server.ask("/settings")).text);
  } finally {
    await server.stop();
  }
}

test("the process that started the server learns every unknown name, but no value", async () => {
  const settings = {
    VESTIBULE_SECRET: SECRET, OTHER: "hunter2", SIGN_UP: "off",
    PROVIDERS: JSON.stringify([{ id: "up", client_id: "here", issuer: "https://acme.example.com" }]),
    PROVIDER_UP_SECRET: "hunter2", PROVIDER_OLD_SECRET: "hunter2",
  };
  const told = await report(settings);
  assert.deepEqual(told, {
    development: false,
    error: null,
    unknown: [
      { name: "OTHER", nearest: null, is_provider_secret: false },
      { name: "PROVIDER_OLD_SECRET", nearest: null, is_provider_secret: true },
    ],
  });
  assert.doesNotMatch(JSON.stringify(told), /hunter2/);
  assert.equal((await report({ ENVIRONMENT: "development" })).development, true);
  const { error, unknown } = await report({ SIGNUP: "off", OTHER: "x" });
  assert.equal(error, "SIGNUP is not a setting; did you mean SIGN_UP?");
  assert.deepEqual(unknown.map(({ name, nearest }) => [name, nearest]), [["SIGNUP", "SIGN_UP"], ["OTHER", null]]);
  assert.match((await report({ PKCE: "never" })).error, /^PKCE is "never" but must be/);
});

test("make serve refuses every unknown name, in its file and on its command line", async () => {
  const file = path.join(folder, "settings.toml");
  writeFileSync(file, 'SIGNUP = "off"\nLOG_LEVEL = "debug"\n');
  const refused = await serve(await freePort(), [`SETTINGS=${file}`, `STATE=${folder}/refused`, "BRAND_NAM=Acme"]);
  assert.equal(await refused.exited, 1);
  assert.match(refused.said(), /^vestibule: SIGNUP is not a setting; did you mean SIGN_UP\?$/m);
  assert.match(refused.said(), /^vestibule: LOG_LEVEL is not a setting$/m);
  assert.match(refused.said(), /^vestibule: BRAND_NAM is not a setting; did you mean BRAND_NAME\?$/m);
});

test("make serve starts with a removed provider's secret, and says that it is not used", async () => {
  const served = await serve(await freePort(), [`STATE=${folder}/served`, "PROVIDER_OLD_SECRET=x"]);
  try {
    assert.equal((await fetch(`${served.url}/jwks`)).status, 200);
    assert.match(served.said(), /PROVIDER_OLD_SECRET is not used: PROVIDERS has no provider with that id/);
  } finally {
    await served.stop();
  }
});

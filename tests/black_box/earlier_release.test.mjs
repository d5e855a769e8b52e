// Data that an earlier release stored can be read. The tests convert the files on disk to its format while the server
// is stopped.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "../support/browser.mjs";
import { objectsOf, remove, rowsOf, write } from "../support/on_disk.mjs";
import { signedIn, userinfo } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

test("rows of one record are found, and get their own keys", async () => {
  const { browser, tokens, client } = await signedIn(server);
  await server.stop({ keep: true });
  const isRow = ([key]) => /^(session|consent|grant)\//.test(key);
  const account = objectsOf(server, "Account").find((object) => rowsOf(object).filter(isRow).length >= 2);
  const rows = rowsOf(account).filter(isRow);
  for (const [key] of rows) remove(account, key);
  write(account, `together/${rows[0][0]}`, Object.fromEntries(rows));
  server = await startServer({ state: server.state, port: server.port });

  const same = new Browser(server.url);
  same.cookies = browser.cookies;
  const page = await same.open("/account");
  assert.equal(page.title, "Your account");
  assert.match(page.text, new RegExp(client.client_name));
  assert.equal((await userinfo(server, tokens.access_token)).status, 200);
  await server.stop({ keep: true });
  const now = rowsOf(account);
  assert.ok(!now.some(([key]) => key.startsWith("together/")));
  for (const [key] of rows) assert.ok(now.some(([found]) => found === key), key);
  server = await startServer({ state: server.state, port: server.port });
});

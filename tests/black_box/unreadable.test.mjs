// Stored data that can't be read fails closed: nobody gets in, nothing is overwritten or erased, and the log
// names the object. These tests change the files on disk while the server is stopped.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { deserialize, serialize } from "node:v8";
import { Browser } from "../support/browser.mjs";
import { newPerson, publicApp, refresh, register, signedIn, signedUp } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
const log = [];
const methods = ["error", "log", "warn"].map((name) => [name, console[name]]);
before(async () => {
  for (const [name] of methods) console[name] = (...words) => void log.push(words.join(" "));
  server = await startServer();
});
after(async () => {
  for (const [name, method] of methods) console[name] = method;
  await server.stop();
});

// Every object of a class: its ID and its file.
function objects(name) {
  const files = readdirSync(server.state, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.parentPath.endsWith(name) && /^[0-9a-f]{64}\.sqlite$/.test(file.name))
    .map((file) => ({ id: file.name.slice(0, 64), file: path.join(file.parentPath, file.name) }));
}

function onDisk({ file }, work) {
  const database = new DatabaseSync(file);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

const read = (object, key) =>
  onDisk(object, (database) => {
    const row = database.prepare("select value from _cf_KV where key = ?").get(key);
    return row && deserialize(row.value);
  });
const write = (object, key, value) =>
  onDisk(object, (database) =>
    database.prepare("insert or replace into _cf_KV (key, value) values (?, ?)").run(key, serialize(value)));

// Stops the server, changes what is stored, and starts it again on the same state.
async function restartAfter(change) {
  await server.stop({ keep: true });
  const changed = change();
  log.length = 0;
  server = await startServer({ state: server.state, port: server.port });
  return changed;
}
const logged = (what, { id }) => {
  const line = log.find((text) => text.includes(`a stored ${what}`) && text.includes(id));
  assert.ok(line, `no line for the ${what} of ${id}: ${log.join("\n")}`);
  return line;
};

// Objects that a test has damaged.
const spent = new Set();
const broken = {
  "half of it": (text) => text.slice(0, text.length / 2),
  "another type": () => '{"version":1,"state":{"Sold":{"account":"the secret"}}}',
  "a later version": (text) => text.replace('"version":1', '"version":7'),
  "an empty text": () => "",
  "no text": () => 7,
};

for (const [name, damage] of Object.entries(broken)) {
  test(`an identifier whose state is ${name} cannot be registered by a stranger`, async () => {
    const { person } = await signedUp(server);
    const [victim, damaged] = await restartAfter(() => {
      const [victim] = objects("Identifier").filter((object) => {
        const state = read(object, "state");
        return typeof state === "string" && state.includes("Owned") && !spent.has(object.id);
      });
      spent.add(victim.id);
      const damaged = damage(read(victim, "state"));
      write(victim, "state", damaged);
      return [victim, damaged];
    });
    const stranger = new Browser(server.url);
    const taken = await stranger.submit(await stranger.open("/sign-up"), { ...newPerson(), email: person.email });
    assert.equal(taken.status, 500, taken.text);
    const owner = new Browser(server.url);
    const page = await owner.submit(await owner.open("/sign-in"), person);
    assert.equal(page.status, 500, page.text);
    assert.match(logged("state", victim), /Identifier/);
    assert.doesNotMatch(log.join("\n"), /the secret/);
    await restartAfter(() => assert.deepEqual(read(victim, "state"), damaged, "it was overwritten"));
  });
}

test("a row that cannot be read is a server error, and does not count as a missing consent or session", async () => {
  const { browser } = await signedIn(server);
  const account = await restartAfter(() => {
    const [account] = objects("Account").filter((object) => rowsOf(object).some(([key]) => key.startsWith("consent/")));
    damageRow(account, "consent/", '{"Consent":{"the secret":1}}');
    return account;
  });
  const same = new Browser(server.url);
  same.cookies = browser.cookies;
  assert.equal((await same.open("/account")).status, 500);
  assert.match(logged("row", account), /Account/);
  assert.doesNotMatch(log.join("\n"), /the secret/);
});

// The keys and values of an object's rows; a record that holds several rows is split into them.
const rowsOf = (object) =>
  onDisk(object, (database) => database.prepare("select key, value from _cf_KV").all())
    .map(({ key, value }) => [key, deserialize(value)])
    .flatMap(([key, value]) => (typeof value === "object" ? Object.entries(value) : [[key, value]]));

function damageRow(object, prefix, text) {
  const rows = onDisk(object, (database) => database.prepare("select key, value from _cf_KV").all());
  for (const { key, value } of rows) {
    const held = deserialize(value);
    if (key.startsWith(prefix)) write(object, key, text);
    else if (typeof held === "object") {
      write(object, key, Object.fromEntries(
        Object.entries(held).map(([own, row]) => [own, own.startsWith(prefix) ? text : row]),
      ));
    }
  }
}

test("an effect that cannot be read is kept and does not block the others", async () => {
  const client = await publicApp(server);
  const { browser, tokens } = await signedIn(server, { client });
  const unreadable = "effect/0000000000000001/000000/0000000000000000";
  const account = await restartAfter(() => {
    const [account] = objects("Account").filter((object) =>
      rowsOf(object).some(([key]) => key === `consent/${client.client_id}`));
    write(account, unreadable, '{"Unheard":"the secret"}');
    return account;
  });
  const same = new Browser(server.url);
  same.cookies = browser.cookies;
  // Remove the app's access: an effect tells the grant.
  const page = await same.open("/account");
  const revoked = await same.submit(page, { scope: "" }, "/account/apps");
  assert.equal(revoked.status, 200, revoked.text);
  assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_grant");
  assert.match(logged("effect", account), /Account/);
  assert.doesNotMatch(log.join("\n"), /the secret/);
  await restartAfter(() => {
    assert.equal(read(account, unreadable), '{"Unheard":"the secret"}', "it was not kept");
    const waiting = rowsOf(account).filter(([key]) => key.startsWith("effect/"));
    assert.equal(waiting.length, 1, "another effect waits behind it");
  });
});

test("a client whose record cannot be read is neither absent nor replaced", async () => {
  const client = await register(server);
  const registration = await restartAfter(() => {
    const [registration] = objects("Registration").filter((object) => String(read(object, "state")).includes(client.client_id));
    write(registration, "state", "{");
    return registration;
  });
  const response = await fetch(client.registration_client_uri, {
    method: "DELETE",
    headers: { authorization: `Bearer ${client.registration_access_token}` },
  });
  assert.equal(response.status, 500);
  assert.match(logged("state", registration), /Registration/);
});

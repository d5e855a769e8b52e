// Unreadable stored data fails closed: nobody gets in, nothing is overwritten or erased, and the log names the object.
// These tests change the files on disk while the server is stopped.
import assert from "node:assert/strict";
import { statSync, truncateSync } from "node:fs";
import { after, before, test } from "node:test";
import { Browser } from "../support/browser.mjs";
import { objectsOf, read, rowsOf, write } from "../support/on_disk.mjs";
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

const objects = (name) => objectsOf(server, name);

// Stops the server, changes its stored data, and starts it again.
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

// The objects that a test has damaged.
const spent = new Set();
const broken = {
  "half of it": (text) => text.slice(0, text.length / 2),
  "another type": () => '{"version":1,"state":{"Sold":{"account":"the secret"}}}',
  "a later version": (text) => text.replace('"version":1', '"version":7'),
  "an empty text": () => "",
  "no text": () => 7,
};

for (const [name, damage] of Object.entries(broken)) {
  test(`an identifier whose state is ${name} can't be registered by a stranger`, async () => {
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

test("an unreadable row is a server error, and does not count as a missing consent or session", async () => {
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

function damageRow(object, prefix, text) {
  for (const [key] of rowsOf(object)) if (key.startsWith(prefix)) write(object, key, text);
}

test("an unreadable effect is kept and does not block the others", async () => {
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
  // Removing the app's access has an effect that notifies the grant.
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

test("a client with an unreadable record is neither absent nor replaced", async () => {
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

// The last test, because the others read the databases of all accounts.
test("an account whose database was cut off is a server error, and the log names it", async () => {
  const { person } = await signedUp(server);
  const account = await restartAfter(() => {
    const [account] = objectsOf(server, "Account").filter((object) => read(object, "state")?.includes(person.email));
    truncateSync(account.file, statSync(account.file).size / 2);
    return account;
  });
  const owner = new Browser(server.url);
  assert.equal((await owner.submit(await owner.open("/sign-in"), person)).status, 500);
  assert.match(log.join("\n"), new RegExp(`the object Account ${account.id} failed`));
});

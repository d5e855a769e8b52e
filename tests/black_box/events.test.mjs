// Events on the real runtime: lines on standard output, rows in the objects that store them, and their costs.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { counters } from "../support/costs.mjs";
import {
  authorize, basic, deviceCode, pkce, poll, post, publicApp, redeem, refresh, register, signedUp, television, userinfo,
} from "../support/oauth.mjs";
import { objectsOf, rowsOf } from "../support/on_disk.mjs";
import { TOKEN, serve } from "../support/serve.mjs";
import { freePort, startServer } from "../support/server.mjs";

let folder, served;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "vestibule-events-"));
  writeFileSync(`${folder}/settings.toml`, `REGISTRATION = "token"\nREGISTRATION_TOKEN = "${TOKEN}"\n`);
  served = await serve(await freePort(), [`STATE=${folder}/state`, `SETTINGS=${folder}/settings.toml`]);
});
after(async () => {
  await served.stop();
  rmSync(folder, { recursive: true, force: true });
});

const told = () => served.said().split("\n").filter((line) => line.startsWith('{"event":')).map((line) => JSON.parse(line));

async function manage(server, client, method, more = {}) {
  const { registration_client_uri: uri, registration_access_token: token, ...metadata } = client;
  const response = await fetch(uri, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(method === "PUT" && { body: JSON.stringify({ ...metadata, ...more }) }),
  });
  assert.ok(response.ok, `${response.status}`);
}

// An object that has never stored anything has no table.
function hasRows(object) {
  try {
    return rowsOf(object).length > 0;
  } catch (error) {
    if (error.code !== "ERR_SQLITE_ERROR") throw error;
    return false;
  }
}

// What no event may contain.
const secrets = [];

test("events are lines of standard output, in order", async () => {
  const client = await publicApp(served, { first_party: true });
  const { browser, person } = await signedUp(served);
  secrets.push(person.email, person.password);
  const { verifier, challenge } = pkce();
  const { code } = await authorize(served, client, browser, { challenge });
  const tokens = (await redeem(served, client, code, verifier)).body;
  await userinfo(served, tokens.access_token);
  const refreshed = (await refresh(served, client, tokens.refresh_token)).body;
  assert.equal((await redeem(served, client, code, verifier)).status, 400);
  const machine = await register(served, { grant_types: ["client_credentials"], redirect_uris: [] });
  const issued = await post(`${served.url}/token`, { grant_type: "client_credentials" }, basic(machine));
  const wrong = basic({ ...machine, client_secret: "wrong" });
  await post(`${served.url}/token`, { grant_type: "client_credentials" }, wrong);
  const tv = await television(served);
  const device = await deviceCode(served, tv);
  assert.equal((await poll(served, tv, device.device_code)).body.error, "authorization_pending");
  await manage(served, machine, "PUT", { client_name: "Sundial" });
  await manage(served, machine, "DELETE");
  await served.says('"client_deleted"');
  const given = [code, tokens, refreshed, machine, issued.body, device, client];
  secrets.push(...given.flatMap((answer) => (typeof answer === "string" ? answer : [
    answer.access_token, answer.refresh_token, answer.id_token, answer.client_secret, answer.registration_access_token,
    answer.device_code, answer.user_code,
  ])).filter(Boolean));

  const events = told();
  const of = (one) => events.filter(({ about }) => about.client_id === one.client_id).map(({ event }) => event);
  assert.deepEqual(of(client).filter((event) => event !== "consent_given"),
    ["client_registered", "tokens_issued", "tokens_issued", "code_replayed"]);
  assert.deepEqual(of(machine), ["client_registered", "tokens_issued", "client_changed", "client_deleted"]);
  assert.deepEqual(of(tv), ["client_registered"], "a poll that waits is told nowhere");
  const refused = events.filter(({ event }) => event === "tokens_refused").map(({ about }) => about);
  assert.deepEqual(refused, [{ reason: "invalid_client" }], "a client that has not authenticated is not named");
  const replayed = events.find(({ event }) => event === "code_replayed");
  assert.equal(replayed.source.class, "Grant");
  assert.equal(replayed.about.grant_id, replayed.source.object);
  assert.match(replayed.id, /^\d{16}-[0-9a-f]{16}-\d{3}$/);
  assert.ok(Math.abs(Date.now() - replayed.at) < 60_000);
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
});

test("kept events are stored in the event log objects and nowhere else", async () => {
  const events = told();
  await served.stop();
  const state = { state: `${folder}/state` };
  const logs = objectsOf(state, "EventLog").flatMap(rowsOf);
  const kept = logs.flatMap(([, text]) => JSON.parse(text));
  const rare = events.filter(({ event }) => !/^(tokens_(issued|refused)|device_|sign_in_|session_)/.test(event));
  const byId = (one, other) => (one.id < other.id ? -1 : 1);
  assert.deepEqual(kept.sort(byId), rare.sort(byId));
  for (const [key, text] of logs) assert.equal(key, `event/${JSON.parse(text)[0].id}`);
  const output = served.said() + JSON.stringify(logs);
  assert.ok(secrets.length > 12);
  assert.deepEqual(secrets.filter((secret) => output.includes(secret)), []);
  for (const machine of ["Grant", "Registration", "Identifier", "Account"]) {
    const waiting = objectsOf(state, machine).filter(hasRows).flatMap(rowsOf).filter(([key]) => key.startsWith("effect/"));
    assert.deepEqual(waiting, [], `${machine} has nothing left to send`);
  }
});

test("an event in a row that is written anyway costs one more call and one more row", async () => {
  const server = await startServer();
  const quiet = async () => {
    let last = await counters(server);
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const next = await counters(server);
      if (JSON.stringify(next) === JSON.stringify(last)) return next;
      last = next;
    }
  };
  // Unchanged metadata is written and published, but is no event.
  const client = await register(server);
  await manage(server, client, "PUT", { client_name: "Sundial" });
  const spent = async (name) => {
    const earlier = await quiet();
    await manage(server, client, "PUT", { client_name: name });
    const later = await quiet();
    return Object.fromEntries(Object.keys(later).map((what) => [what, later[what] - earlier[what]]));
  };
  // An alarm that fires meanwhile counts too.
  const least = async (names) => {
    const counts = [];
    for (const name of names) counts.push(await spent(name));
    return counts.sort((one, other) => one["rows written"] - other["rows written"])[0];
  };
  const without = await least(["Sundial", "Sundial", "Sundial"]);
  const withEvent = await least(["One", "Two", "Three"]);
  assert.equal(withEvent["rows written"] - without["rows written"], 1);
  assert.equal(withEvent["object requests"] - without["object requests"], 1);
  await server.stop();
});

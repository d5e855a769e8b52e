// The folder of `make serve` between two runs: overdue alarms are spread, files of erased objects are removed, and
// two servers never share it.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { deserialize, serialize } from "node:v8";
import { authorize, deviceCode, pkce, publicApp, redeem, refresh, signedUp, television } from "../support/oauth.mjs";
import { TOKEN, serve } from "../support/serve.mjs";
import { freePort } from "../support/server.mjs";
import { spreadAlarms } from "../../tools/workerd/alarms.mjs";
import { removeEmptyFiles } from "../../tools/workerd/empty_files.mjs";
import { InUse, withClasses } from "../../tools/workerd/state.mjs";

const HOUR = 3_600_000;
const HOUR_IN_NANOSECONDS = BigInt(HOUR) * 1_000_000n;
let state;
const started = [];
beforeEach(() => { state = mkdtempSync(path.join(tmpdir(), "vestibule-state-")); });
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
  rmSync(state, { recursive: true, force: true });
});

const settings = ["REGISTRATION=token", `REGISTRATION_TOKEN=${TOKEN}`, "AUTHORIZATION_CODE_LIFETIME=5", "ACCESS_TOKEN_LIFETIME=60"];
async function start() {
  const server = await serve(await freePort(), [`STATE=${state}`, ...settings]);
  started.push(server);
  return server;
}
const folderOf = (name) => path.join(state, "objects", `vestibule-${name}`);
const files = (name = "Grant") => readdirSync(folderOf(name)).filter((file) => file !== "metadata.sqlite");
const inDatabase = (file, work) => {
  const database = new DatabaseSync(file);
  try {
    return work(database);
  } finally {
    database.close();
  }
};

// Moves all alarms and all stored times of a class back, as if the server had been stopped for this many milliseconds.
function pass(milliseconds, name = "Grant") {
  const nanoseconds = BigInt(milliseconds) * 1_000_000n;
  const earlier = (text) => text.replaceAll(/\b1\d{12}\b/g, (moment) => String(Number(moment) - milliseconds));
  inDatabase(path.join(folderOf(name), "metadata.sqlite"), (index) =>
    index.prepare("UPDATE _cf_ALARM SET scheduled_time = scheduled_time - ?").run(nanoseconds));
  for (const file of files(name)) {
    inDatabase(path.join(folderOf(name), file), (object) => {
      const tables = object.prepare("SELECT name FROM sqlite_master").all().map((table) => table.name);
      if (tables.includes("_cf_METADATA")) {
        object.prepare("UPDATE _cf_METADATA SET value = value - ? WHERE key = 1").run(nanoseconds);
      }
      for (const { key, value } of object.prepare("SELECT key, value FROM _cf_KV").all()) {
        const moved = serialize(earlier(deserialize(value)));
        object.prepare("UPDATE _cf_KV SET value = ? WHERE key = ?").run(moved, key);
      }
    });
  }
}
// To erase an object, workerd removes its file and creates a new one.
const isEmpty = (file) => statSync(path.join(folderOf("Grant"), file), { throwIfNoEntry: false })?.size === 4096;
const emptyOnes = () => files().filter((file) => file.endsWith(".sqlite") && isEmpty(file));

test("overdue alarms all fire after a start, and the next start removes the files of erased objects", async () => {
  let served = await start();
  const client = await publicApp(served, { first_party: true });
  const { browser } = await signedUp(served);
  const kept = pkce();
  const { code } = await authorize(served, client, browser, { challenge: kept.challenge });
  const tokens = (await redeem(served, client, code, kept.verifier)).body;
  const device = await television(served);
  for (let count = 0; count < 40; count += 1) await deviceCode(served, device);
  await served.stop();
  assert.equal(files().length, 41);
  pass(HOUR);

  served = await start();
  assert.match(served.said(), /vestibule: 4\d alarms came due while the server was stopped; 25 of them fire each second/);
  while (emptyOnes().length < 40) await pause(100);
  await served.stop();

  served = await start();
  assert.match(served.said(), /vestibule: removed 4\d files of erased objects/);
  assert.equal(files().filter((name) => name.endsWith(".sqlite")).length, 1);
  assert.equal((await refresh(served, client, tokens.refresh_token)).status, 200);
});

test("the alarm of an account erases the grants whose codes nobody redeemed, and no other", async () => {
  let served = await start();
  const client = await publicApp(served, { first_party: true });
  const { browser } = await signedUp(served);
  const kept = pkce();
  const { code } = await authorize(served, client, browser, { challenge: kept.challenge });
  const tokens = (await redeem(served, client, code, kept.verifier)).body;
  for (let count = 0; count < 15; count += 1) {
    await authorize(served, client, browser, { challenge: pkce().challenge });
  }
  await served.stop();
  assert.equal(files().length, 16);
  for (const name of ["Account", "Grant"]) pass(8 * 24 * HOUR, name);

  served = await start();
  while (emptyOnes().length < 15) await pause(100);
  assert.equal((await refresh(served, client, tokens.refresh_token)).status, 200);
});

test("a second server on the same folder is refused, and so is one beside a workerd that was started by hand", async () => {
  const served = await start();
  const second = await start();
  assert.equal(await second.exited, 1);
  assert.match(second.said(), /another process uses .*; stop it, or choose another folder with STATE/);
  // A workerd that was started by hand doesn't hold the lock, but has the index of each class open.
  await assert.rejects(withClasses(state, () => {}), InUse);
  assert.equal((await fetch(`${served.url}/jwks`)).status, 200);
});

// A folder of objects in workerd's format, with these alarms.
function makeClass(name, alarms) {
  const folder = path.join(state, "objects", name);
  mkdirSync(folder, { recursive: true });
  inDatabase(path.join(folder, "metadata.sqlite"), (index) => {
    index.exec(`PRAGMA journal_mode = WAL;
      CREATE TABLE _cf_ALARM (actor_id TEXT PRIMARY KEY, scheduled_time INTEGER, actor_name TEXT) WITHOUT ROWID; BEGIN`);
    const add = index.prepare("INSERT INTO _cf_ALARM VALUES (?, ?, NULL)");
    for (const [id, time] of alarms) add.run(id, time);
    index.exec("COMMIT");
  });
  return folder;
}
function timesOf(name) {
  return inDatabase(path.join(state, "objects", name, "metadata.sqlite"), (index) => {
    const all = index.prepare("SELECT actor_id, scheduled_time FROM _cf_ALARM");
    all.setReadBigInts(true);
    return all.all().map(({ actor_id, scheduled_time }) => [actor_id, scheduled_time]);
  });
}

test("at most 25 overdue alarms fire each second, and a class with few never waits for one with many", async () => {
  const now = BigInt(Date.now()) * 1_000_000n;
  const due = (count) => Array.from({ length: count }, (_, n) => [`object ${n}`, now - BigInt(n + 1) * 1_000_000n]);
  makeClass("Many", [...due(3000), ["later", now + HOUR_IN_NANOSECONDS]]);
  makeClass("Few", due(3));
  assert.equal(await withClasses(state, (classes) => spreadAlarms(classes, 25)), 3003);
  const [many, few] = [timesOf("Many"), timesOf("Few")];
  assert.equal(new Map(many).get("later"), now + HOUR_IN_NANOSECONDS);
  const overdue = [...few, ...many.filter(([id]) => id !== "later")].map(([, time]) => time).sort((a, b) => (a < b ? -1 : 1));
  for (let index = 25; index < overdue.length; index += 1) {
    assert.ok(overdue[index] - overdue[index - 25] >= 1_000_000_000n);
  }
  assert.deepEqual(few.map(([, time]) => time).sort(), overdue.slice(0, 3));
  // The alarms that became due last fire first.
  const times = new Map(many);
  assert.ok(times.get("object 0") < times.get("object 1") && times.get("object 1") < times.get("object 2999"));
});

test("few overdue alarms are left as they are", async () => {
  makeClass("Few", [["one", 1n], ["two", 2n]]);
  assert.equal(await withClasses(state, (classes) => spreadAlarms(classes, 25)), 0);
  assert.deepEqual(timesOf("Few"), [["one", 1n], ["two", 2n]]);
});

// Writes a database of one page, which is what an erased object leaves.
function writeEmpty(file) {
  inDatabase(file, (object) => object.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x); DROP TABLE t; VACUUM"));
  assert.equal(statSync(file).size, 4096);
}

test("only files of objects without tables, alarm and log are removed, and no other file", async () => {
  const id = (digit) => digit.repeat(64);
  const folder = makeClass("Some", [[id("a"), 1n]]);
  const at = (name) => path.join(folder, `${name}.sqlite`);
  const remove = () => withClasses(state, (classes) =>
    removeEmptyFiles(classes, { milliseconds: 60_000, signal: new AbortController().signal, say: () => {} }));
  writeEmpty(at(id("0")));
  writeEmpty(at(id("1")));
  writeEmpty(at(id("a")));
  writeEmpty(at("notes"));
  writeFileSync(at(id("b")), Buffer.alloc(4096, "x"));
  inDatabase(at(id("c")), (object) => object.exec("CREATE TABLE t (x)"));
  // After a crash, the table is only in the log.
  inDatabase(at("crashed"), (object) => {
    object.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x)");
    for (const end of ["", "-wal"]) copyFileSync(`${at("crashed")}${end}`, `${at(id("d"))}${end}`);
  });
  assert.equal(statSync(at(id("d"))).size, 4096);
  const before = readdirSync(folder).sort();
  assert.equal(await remove(), 2);
  const removed = [`${id("0")}.sqlite`, `${id("1")}.sqlite`];
  assert.deepEqual(readdirSync(folder).sort(), before.filter((name) => !removed.includes(name)));

  // Without a readable index, nothing of the class is removed.
  writeEmpty(at(id("0")));
  writeFileSync(path.join(folder, "metadata.sqlite"), "not what workerd writes");
  assert.equal(await remove(), 0);
});

// The folder with the server's state, while no workerd uses it. workerd keeps the objects of a class in one folder:
// a SQLite file for each object, and `metadata.sqlite` with the alarms that are set.
import { chmodSync, existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";

// SQLITE_BUSY or one of its extended codes (https://sqlite.org/rescode.html).
const isBusy = (error) => (error.errcode & 0xff) === 5;
// How long a runtime that was just killed may still hold its files, in milliseconds.
const MAX_EXIT = 5_000;

export class InUse extends Error {
  constructor(state) {
    super(`another process uses ${path.resolve(state)}; stop it, or choose another folder with STATE`);
  }
}

// Opens a database with an exclusive lock; fails if another process has it open.
export function openAlone(file) {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

// Keeps every other `make serve` out of the folder until this process ends. The operating system releases a SQLite
// lock even after `kill -9`; a file with a process ID would stay.
let held;
export function lockState(state) {
  const file = path.join(state, "lock");
  try {
    held = new DatabaseSync(file, { timeout: 0 });
    // A process that may read a file may also lock it.
    chmodSync(file, 0o600);
    // The lock lasts as long as the transaction.
    held.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    throw isBusy(error) ? new InUse(state) : new Error(`${path.resolve(state)} cannot be locked: ${error.message}`);
  }
}

// Calls `work` with the classes of stored objects: the `folder` of each and the `index` of its alarms. No workerd can
// use the folder until `work` is done.
export async function withClasses(state, work) {
  const objects = path.join(state, "objects");
  const folders = existsSync(objects) ? readdirSync(objects).map((name) => path.join(objects, name)) : [];
  const classes = [];
  try {
    for (const folder of folders) {
      const index = await openIndex(state, path.join(folder, "metadata.sqlite"));
      if (index !== undefined) classes.push({ folder, index });
    }
    return await work(classes);
  } finally {
    for (const { index } of classes) index.close();
  }
}

// Undefined if the file isn't in the format of this version of workerd. Then nothing of its class is changed.
async function openIndex(state, file) {
  if (!existsSync(file)) return undefined;
  const until = performance.now() + MAX_EXIT;
  for (;;) {
    try {
      const index = openAlone(file);
      index.prepare("SELECT actor_id, scheduled_time FROM _cf_ALARM");
      return index;
    } catch (error) {
      if (!isBusy(error)) {
        console.error(`vestibule: ${file} is left unchanged: ${error.message}`);
        return undefined;
      }
      if (performance.now() > until) throw new InUse(state);
    }
    await pause(100);
  }
}

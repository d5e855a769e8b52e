// Reads what the objects of a stopped server have stored, from its files.
import { readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deserialize, serialize } from "node:v8";

// Every object of a class: its ID and its file.
export function objectsOf(server, name) {
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

export const read = (object, key) =>
  onDisk(object, (database) => {
    const row = database.prepare("select value from _cf_KV where key = ?").get(key);
    return row && deserialize(row.value);
  });

export const write = (object, key, value) =>
  onDisk(object, (database) =>
    database.prepare("insert or replace into _cf_KV (key, value) values (?, ?)").run(key, serialize(value)));

export const remove = (object, key) =>
  onDisk(object, (database) => database.prepare("delete from _cf_KV where key = ?").run(key));

// The keys and values of everything that an object has stored.
export const rowsOf = (object) =>
  onDisk(object, (database) => database.prepare("select key, value from _cf_KV").all())
    .map(({ key, value }) => [key, deserialize(value)]);

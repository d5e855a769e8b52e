// Removes the files of objects that have deleted all their data. workerd keeps a SQLite file of one page for each of
// them forever, for instance for each authorization code that nobody redeemed.
import { rmSync, statSync, unlinkSync } from "node:fs";
import { opendir } from "node:fs/promises";
import path from "node:path";
import { openAlone } from "./state.mjs";

// In bytes. A database without tables is one page, and each table takes a page (https://sqlite.org/fileformat.html).
const PAGE = 4096;
const OBJECT = /^([0-9a-f]{64})\.sqlite$/;
// How often it logs its progress, in milliseconds.
const REPORT = 5_000;

// Returns how many files it removed. Stops after `milliseconds` or when `signal` aborts; the next start does the rest.
// `classes` come from `withClasses`.
export async function removeEmptyFiles(classes, { milliseconds, signal, say }) {
  const until = performance.now() + milliseconds;
  let reportAt = performance.now() + REPORT;
  let removed = 0;
  for (const { folder, index } of classes) {
    const alarm = index.prepare("SELECT 1 FROM _cf_ALARM WHERE actor_id = ?");
    for await (const { name } of await opendir(folder)) {
      const [, id] = name.match(OBJECT) ?? [];
      if (id === undefined) continue;
      const file = path.join(folder, name);
      if (isOnePage(file) && alarm.get(id) === undefined && removeIfEmpty(file)) removed += 1;
      if (signal.aborted || performance.now() > until) return removed;
      if (performance.now() > reportAt) {
        say(`removed ${removed} files of erased objects so far`);
        reportAt = performance.now() + REPORT;
      }
    }
  }
  return removed;
}

// Whether the file is one page, with no changes waiting in a log or journal beside it.
const isOnePage = (file) => sizeOf(file) === PAGE && !sizeOf(`${file}-wal`) && !sizeOf(`${file}-journal`);

// In bytes; undefined if there is no file.
const sizeOf = (file) => statSync(file, { throwIfNoEntry: false })?.size;

// Returns false for a file that has tables, can't be read or is open elsewhere.
function removeIfEmpty(file) {
  try {
    // `countTables` closes the database first, so that SQLite removes the log that it creates beside it. A killed
    // runtime leaves the `-shm` file.
    if (countTables(file) > 0) return false;
    unlinkSync(file);
    rmSync(`${file}-shm`, { force: true });
    return true;
  } catch {
    return false;
  }
}

function countTables(file) {
  const database = openAlone(file);
  try {
    return database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get().tables;
  } finally {
    database.close();
  }
}

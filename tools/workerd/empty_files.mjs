// Removes the files of objects that have erased themselves. workerd keeps a SQLite file of one page for each of
// them for ever, as it does for each code that nobody redeemed.
import { rmSync, statSync, unlinkSync } from "node:fs";
import { opendir } from "node:fs/promises";
import path from "node:path";
import { openAlone } from "./state.mjs";

// A database without tables is one page; every table has a page of its own (https://sqlite.org/fileformat.html).
const PAGE = 4096;
const OBJECT = /^([0-9a-f]{64})\.sqlite$/;
// After how many milliseconds it says how far it is, again and again.
const REPORT = 5_000;

// Returns how many files were removed. Goes on for no longer than `milliseconds` or until `signal` aborts; the next
// start does the rest. `classes` come from `withClasses`.
export async function removeEmptyFiles(classes, { milliseconds, signal, say }) {
  const until = Date.now() + milliseconds;
  let reportAt = Date.now() + REPORT;
  let removed = 0;
  for (const { folder, index } of classes) {
    const alarm = index.prepare("SELECT 1 FROM _cf_ALARM WHERE actor_id = ?");
    for await (const { name } of await opendir(folder)) {
      const [, id] = name.match(OBJECT) ?? [];
      if (id === undefined) continue;
      const file = path.join(folder, name);
      if (isOnePage(file) && alarm.get(id) === undefined && removeIfEmpty(file)) removed += 1;
      if (signal.aborted || Date.now() > until) return removed;
      if (Date.now() > reportAt) {
        say(`${removed} files of erased objects are removed so far`);
        reportAt = Date.now() + REPORT;
      }
    }
  }
  return removed;
}

// Whether the file is one page, and no log or journal beside it has changes that are not in it yet.
const isOnePage = (file) => sizeOf(file) === PAGE && !sizeOf(`${file}-wal`) && !sizeOf(`${file}-journal`);

// Undefined where there is no file.
const sizeOf = (file) => statSync(file, { throwIfNoEntry: false })?.size;

// False for a file that has tables, cannot be read or is open elsewhere.
function removeIfEmpty(file) {
  try {
    // Closed before it is removed, so that SQLite removes the log that it makes beside it; a killed runtime leaves
    // the shared memory of its index.
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

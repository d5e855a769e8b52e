// The rows of one object. What the platform bills is the record: rows that one step adds are stored together in
// one, and each is found again by its own key.
import { count } from "./counts.js";

const TOGETHER = "together/";

// The text that is stored under a key; undefined if nothing is stored. Any other value is an error: it must
// not count as absent.
export function asText(value) {
  if (value === undefined || (typeof value === "string" && value !== "")) return value;
  throw new TypeError("what is stored is not text");
}

// The keys of the rows in one record, which stores several rows under one key.
function keysOf(record) {
  if (typeof record !== "object" || record === null) throw new TypeError("what is stored is not a record of rows");
  return Object.keys(record);
}

export class Rows {
  #kv;
  // In which record a row is that is stored with others; known once it was looked for.
  #shared;
  // What the step changes, until it is committed: the text of each row, or nothing where it goes.
  #changes = new Map();

  constructor(kv) {
    this.#kv = kv;
  }

  read(key) {
    const record = this.#records().get(key);
    return asText(record === undefined ? this.#get(key) : this.#get(record)[key]);
  }

  // Keys and texts, alternating, of all rows whose keys begin with `prefix`, in the order of the keys. A value
  // that is not text becomes an empty text, which the reader refuses: one such row must not hide the others.
  list(prefix) {
    const found = this.#all(prefix);
    const records = new Map();
    for (const [key, record] of this.#records()) {
      if (!key.startsWith(prefix)) continue;
      if (!records.has(record)) records.set(record, this.#get(record));
      found.push([key, records.get(record)[key]]);
    }
    const sorted = found.sort(([one], [other]) => (one < other ? -1 : 1));
    return sorted.flatMap(([key, text]) => [key, typeof text === "string" ? text : ""]);
  }

  write(key, text) {
    this.#changes.set(key, text);
  }

  remove(key) {
    this.#changes.set(key, undefined);
  }

  // Removes all but what begins so.
  removeAllBut(kept) {
    const shared = [...this.#records().keys()];
    const own = this.#all("").map(([key]) => key).filter((key) => !key.startsWith(TOGETHER));
    for (const key of [...shared, ...own]) if (!key.startsWith(kept)) this.remove(key);
  }

  // Writes what the step changed. Nothing awaits in between, so that it is one commit.
  commit() {
    const changes = [...this.#changes];
    this.#changes.clear();
    const added = [];
    const records = new Map();
    for (const [key, text] of changes) {
      const record = this.#records().get(key);
      if (record !== undefined) {
        if (!records.has(record)) records.set(record, this.#get(record));
        if (text === undefined) this.#shared.delete(key);
        records.get(record)[key] = text;
      } else if (text === undefined) {
        this.#delete(key);
      } else if (changes.length > 1 && this.#get(key) === undefined) {
        added.push([key, text]);
      } else {
        this.#put(key, text);
      }
    }
    for (const [record, rows] of records) {
      const left = Object.entries(rows).filter(([, text]) => text !== undefined);
      if (left.length === 0) this.#delete(record);
      else this.#put(record, Object.fromEntries(left));
    }
    if (added.length === 1) this.#put(...added[0]);
    else if (added.length > 1) this.#together(added);
  }

  // Forgets what was not committed, and what may be known wrongly since it failed.
  abandon() {
    this.#changes.clear();
    this.#shared = undefined;
  }

  #together(added) {
    const record = TOGETHER + added[0][0];
    this.#put(record, { ...this.#get(record), ...Object.fromEntries(added) });
    for (const [key] of added) this.#shared.set(key, record);
  }

  #records() {
    if (this.#shared === undefined) {
      const records = this.#all(TOGETHER);
      this.#shared = new Map(
        records.flatMap(([record, rows]) => keysOf(rows).map((key) => [key, record])),
      );
    }
    return this.#shared;
  }

  #get(key) {
    count("rows-read");
    return this.#kv.get(key);
  }
  #all(prefix) {
    const found = [...this.#kv.list({ prefix })];
    count("rows-read", found.length);
    return found;
  }
  #put(key, value) {
    count("rows-written");
    this.#kv.put(key, value);
  }
  #delete(key) {
    count("rows-written");
    this.#kv.delete(key);
  }
}

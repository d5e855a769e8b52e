// Earlier versions stored rows that one step added together, in one record. Each row gets a key of its own.
import { count } from "./counts.js";

const TOGETHER = "together/";

export function splitRecords(kv) {
  for (const [key, rows] of [...kv.list({ prefix: TOGETHER })]) {
    if (typeof rows !== "object" || rows === null) throw new TypeError("what is stored is not a record of rows");
    for (const [name, text] of Object.entries(rows)) {
      count("rows-written");
      kv.put(name, text);
    }
    count("rows-written");
    kv.delete(key);
  }
}

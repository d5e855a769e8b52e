// Makes accounts and grants by copying the files of one account and one grant, each with its own ID. In minutes this
// makes as many as a server would in days.
import { createHash, createHmac, randomBytes } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";

// An ID in workerd's format: a random part, and a part that identifies the class.
function newId(uniqueKey) {
  const key = createHash("sha256").update(uniqueKey).digest();
  const chance = randomBytes(16);
  return chance.toString("hex") + createHmac("sha256", key).update(chance).digest("hex").slice(0, 32);
}

const idOf = (token) => Buffer.from(token.slice(4), "base64url").subarray(0, 32).toString("hex");

// The same token for another object.
export function tokenOf(token, id) {
  const prefix = token.slice(0, 4);
  const bytes = Buffer.from(token.slice(4), "base64url").subarray(0, -4);
  Buffer.from(id, "hex").copy(bytes);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(Buffer.concat([Buffer.from(prefix), bytes])));
  return prefix + Buffer.concat([bytes, sum]).toString("base64url");
}

// The positions of a text in a file.
function* placesOf(text, file) {
  for (let at = file.indexOf(text); at !== -1; at = file.indexOf(text, at + 1)) yield at;
}

export class Seed {
  // The disk space of one account and its grant.
  bytes = 0;
  #folders = {};
  #templates = [];

  // `state` is the data of a stopped server: one account, to which the cookie's session belongs, and one grant.
  constructor(state, { session, refreshToken }) {
    const [account, grant] = [idOf(session), idOf(refreshToken)];
    for (const [name, id] of [["Account", account], ["Grant", grant]]) {
      const folder = path.join(state, "objects", `vestibule-${name}`);
      this.#folders[name] = folder;
      const left = readdirSync(folder).filter((file) => file.startsWith(id) && !file.endsWith(".sqlite"));
      if (left.length > 0) throw new Error(`the server has not written all: ${left}`);
      const original = path.join(folder, `${id}.sqlite`);
      const file = readFileSync(original);
      this.bytes += statSync(original).blocks * 512;
      this.#templates.push({
        name, file, accounts: [...placesOf(account, file)], grants: [...placesOf(grant, file)],
      });
    }
  }

  // Adds an account with one grant. Neither has an alarm, because the stored data is never waited for.
  add() {
    const ids = { Account: newId("vestibule-Account"), Grant: newId("vestibule-Grant") };
    for (const { name, file, accounts, grants } of this.#templates) {
      for (const at of accounts) file.write(ids.Account, at, "latin1");
      for (const at of grants) file.write(ids.Grant, at, "latin1");
      writeFileSync(path.join(this.#folders[name], `${ids[name]}.sqlite`), file);
    }
    return { account: ids.Account, grant: ids.Grant };
  }
}

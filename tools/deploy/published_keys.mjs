// Checks whether a secret sealed the signing keys of a deployment (src/jose/seal.rs).
import { hkdfSync } from "node:crypto";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { Stop } from "./terminal.mjs";

const PURPOSE = "vestibule signing key v1";
const NONCE_LENGTH = 24;

// Reads the keys that the key ring has published; undefined if there are none. Their name in KV is `keys/ID`, with the
// ID of the key ring; earlier versions wrote `keys`. A deleted deployment leaves its keys, which are older. Throws
// `Refused` for unreadable keys, because they don't count as absent.
export async function publishedKeys(cloudflare, { account, namespace }) {
  const store = `/accounts/${account}/storage/kv/namespaces/${namespace}`;
  const names = (await cloudflare.all(`${store}/keys?prefix=keys`)).map(({ name }) => name);
  const sets = [];
  for (const name of names.filter((candidate) => candidate === "keys" || candidate.startsWith("keys/"))) {
    const text = await cloudflare.text(`${store}/values/${encodeURIComponent(name)}`);
    if (text === undefined) throw new Stop(`the KV namespace lists ${name}, but returns no keys. Try again in a minute`);
    sets.push(started(name, text));
  }
  return sets.sort((one, other) => other[0].from - one[0].from)[0];
}

// The keys that sign or have signed, newest first. A published key that doesn't sign yet may have been sealed before
// the secret was replaced. If none has started by the clock of this machine, the one that starts first signs, as in the
// server (src/domain/key_ring/set.rs).
function started(name, text) {
  let keys;
  try {
    keys = JSON.parse(text).keys.map(({ pair: { sealed_private: sealed }, signs_from: from }) => ({ sealed: String(sealed), from: Number(from) }));
  } catch {
    throw new Stop(`the KV namespace has an entry ${name} that is not a set of keys`);
  }
  if (keys.length === 0) throw new Stop(`the KV namespace has an entry ${name} without keys`);
  const newestFirst = keys.toSorted((one, other) => other.from - one.from);
  const now = newestFirst.filter(({ from }) => from <= Date.now());
  return now.length > 0 ? now : newestFirst.slice(-1);
}

// Whether the secret opens the newest key, which means that the server uses it.
export const opensNewest = (keys, secret) => opens(keyOf(secret), keys[0].sealed);

// Whether the secret opens any key, which means that this deployment uses or used it.
export const opensAny = (keys, secret) => keys.some(({ sealed }) => opens(keyOf(secret), sealed));

const keyOf = (secret) => new Uint8Array(hkdfSync("sha256", secret, "", PURPOSE, 32));

function opens(key, text) {
  const bytes = Buffer.from(text, "base64url");
  try {
    xchacha20poly1305(key, bytes.subarray(0, NONCE_LENGTH)).decrypt(bytes.subarray(NONCE_LENGTH));
    return true;
  } catch {
    return false;
  }
}

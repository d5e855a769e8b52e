// Tells whether a secret sealed the signing keys of a deployment (src/jose/seal.rs).
import { hkdfSync } from "node:crypto";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { Refused } from "./cloudflare.mjs";

const PURPOSE = "vestibule signing key v1";
const NONCE_LENGTH = 24;

// Reads the keys that the key ring has published; undefined if there are none, or if the credentials may not read them.
// They are in KV under `keys/ID`, with the ID of the ring; earlier versions wrote `keys`. A deleted deployment leaves its
// keys there, so the newest set counts.
export async function publishedKeys(cloudflare, { account, namespace }) {
  const store = `/accounts/${account}/storage/kv/namespaces/${namespace}`;
  try {
    const names = (await cloudflare.get(`${store}/keys?prefix=keys`)).map(({ name }) => name);
    const sets = [];
    for (const name of names.filter((candidate) => candidate === "keys" || candidate.startsWith("keys/"))) {
      const text = await cloudflare.text(`${store}/values/${encodeURIComponent(name)}`);
      if (text !== undefined) sets.push(JSON.parse(text));
    }
    return sets.sort((one, other) => newest(other) - newest(one))[0];
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

const newest = ({ keys }) => Math.max(0, ...keys.map(({ signs_from: moment }) => moment));

// Whether the secret opens the newest key, which shows that the server uses it; undefined if there are no keys.
export function opensNewest(published, secret) {
  const last = published?.keys.toSorted((one, other) => one.signs_from - other.signs_from).at(-1);
  return last && opens(keyOf(secret), last.pair.sealed_private);
}

// Whether the secret opens any key, which shows that the server uses or used it; undefined if there are no keys.
export function opensAny(published, secret) {
  if (!published?.keys.length) return undefined;
  return published.keys.some(({ pair }) => opens(keyOf(secret), pair.sealed_private));
}

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

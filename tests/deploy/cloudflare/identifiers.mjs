// Identifiers and times as Cloudflare writes them.
import { createHash, randomBytes, randomUUID } from "node:crypto";

// 32 hexadecimal digits: accounts, zones, KV namespaces, domains, tags of workers.
export const newId = () => randomBytes(16).toString("hex");
// Versions and deployments.
export const newVersionId = () => randomUUID();
export const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");

// RFC 3339 with microseconds. No two are equal, because wrangler sorts deployments by it.
let last = 0;
export function now() {
  last = Math.max(last + 1, Date.now() * 1000);
  const micros = String(last % 1000).padStart(3, "0");
  return new Date(Math.floor(last / 1000)).toISOString().replace("Z", `${micros}Z`);
}

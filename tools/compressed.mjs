// The size that Cloudflare counts: the compressed one.
import { gzipSync } from "node:zlib";

export const kib = (bytes) => Math.round(bytes / 1024);
export const compressed = (bytes) => gzipSync(bytes, { level: 9 }).length;

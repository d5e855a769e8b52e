// Sizes in bytes: Cloudflare's limit is on the compressed size.
import { gzipSync } from "node:zlib";

export const kib = (bytes) => Math.round(bytes / 1024);
export const compressed = (bytes) => gzipSync(bytes, { level: 9 }).length;

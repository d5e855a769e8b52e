// The size of the bundle and its limit. Cloudflare's limit (3 MB on the free plan) applies to the compressed size.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { compressed } from "./compressed.mjs";

const root = path.dirname(import.meta.dirname);
export const budget = JSON.parse(readFileSync(path.join(root, "tools/budget.json"), "utf8"));

// In bytes.
export const bundleSize = () =>
  readdirSync(path.join(root, "build"))
    .filter((file) => file.endsWith(".wasm") || file.endsWith(".js"))
    .reduce((sum, file) => sum + compressed(readFileSync(path.join(root, "build", file))), 0);

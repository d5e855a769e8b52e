// The size of the bundle and its limit. Cloudflare's limit (3 MB on the free plan) applies to the compressed size.
import { readFileSync } from "node:fs";
import path from "node:path";
import { compressed } from "./compressed.mjs";

const root = path.dirname(import.meta.dirname);
export const budget = JSON.parse(readFileSync(path.join(root, "tools/budget.json"), "utf8"));

const parts = [
  "build/vestibule_bg.wasm", "build/vestibule.js",
  "src/edge/entry.js", "src/edge/platform.js", "src/edge/kept.js", "src/edge/counts.js",
  "src/edge/held.js",
];
// In bytes.
export const bundleSize = () =>
  parts.reduce((sum, file) => sum + compressed(readFileSync(path.join(root, file))), 0);

// Where the credentials for Cloudflare are, apart from `wrangler login`: in the environment, or in a file .env of the
// folder, as wrangler reads them.
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";

const NAMES = ["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", "CLOUDFLARE_ACCOUNT_ID"];

// The variables by name. Those of the environment come before those of the file.
export function credentials() {
  const file = existsSync(".env") ? parseEnv(readFileSync(".env", "utf8")) : {};
  const found = NAMES.map((name) => [name, process.env[name] ?? file[name]]);
  const all = Object.fromEntries(found.filter(([, value]) => value));
  // One kind: wrangler and this command must not choose different ones.
  const { CLOUDFLARE_API_KEY: _, CLOUDFLARE_EMAIL: __, ...withToken } = all;
  return all.CLOUDFLARE_API_TOKEN ? withToken : all;
}

// Finds Cloudflare credentials other than those of `wrangler login`: in the environment, or in the folder's .env file,
// which wrangler reads too.
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";

const NAMES = ["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", "CLOUDFLARE_ACCOUNT_ID"];

// The variables by name. The environment takes precedence over the file.
export function credentials() {
  const file = existsSync(".env") ? parseEnv(readFileSync(".env", "utf8")) : {};
  const found = NAMES.map((name) => [name, process.env[name] ?? file[name]]);
  const all = Object.fromEntries(found.filter(([, value]) => value));
  // Returns one kind only, so that wrangler and this command can't choose different ones.
  const { CLOUDFLARE_API_KEY: _, CLOUDFLARE_EMAIL: __, ...withToken } = all;
  return all.CLOUDFLARE_API_TOKEN ? withToken : all;
}

// `make deploy`: checks before it uploads, and sets the secret where it is missing. `wrangler`
// creates the KV namespace at the first deployment.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const wrangler = path.join("node_modules", "wrangler", "bin", "wrangler.js");
const run = (args, options = {}) =>
  spawnSync(process.execPath, [wrangler, ...args], { encoding: "utf8", ...options });
function stop(text) {
  console.error(`vestibule: ${text}`);
  process.exit(1);
}
const say = (text) => console.log(`vestibule: ${text}`);

say("checking the bundle");
if (run(["deploy", "--dry-run", "--outdir", "dist"], { stdio: "inherit" }).status !== 0) {
  stop("the bundle does not build; nothing was uploaded");
}
say("checking your Cloudflare login");
const who = run(["whoami"]);
if (who.status !== 0 || /not authenticated/i.test(who.stdout)) {
  stop("not signed in to Cloudflare: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN");
}
const secrets = run(["secret", "list", "--format", "json"]);
const isSet = secrets.status === 0 && secrets.stdout.includes('"VESTIBULE_SECRET"');
const mayBeNew = secrets.status !== 0 && /not found|does not exist|10007/i.test(secrets.stderr + secrets.stdout);
if (!isSet && secrets.status !== 0 && !mayBeNew) {
  // A new secret over an old one would make every stored key unreadable: better to stop.
  stop(`cannot list the secrets, so none was written:\n${secrets.stderr || secrets.stdout}`);
}
if (!isSet) {
  say("setting VESTIBULE_SECRET (random; it seals the signing keys, and only Cloudflare keeps it)");
  const input = randomBytes(32).toString("hex");
  const put = run(["secret", "put", "VESTIBULE_SECRET"], { input, stdio: ["pipe", "inherit", "inherit"] });
  if (put.status !== 0) stop("the secret could not be set; nothing was deployed");
}
say("deploying");
process.exit(run(["deploy"], { stdio: "inherit" }).status ?? 1);

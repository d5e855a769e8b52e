// `npx vestibule-auth upgrade`: deploys the newest version of the package, or the one that VERSION=… specifies.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { given, others } from "./given.mjs";

const { name, version } = JSON.parse(readFileSync(path.join(import.meta.dirname, "..", "package.json"), "utf8"));
const { VERSION: wanted = "latest", ...rest } = given();
const say = (text) => console.log(`vestibule: ${text}`);
// npx sets this variable to the path of npm.
const cli = process.env.npm_execpath;
const npm = (args, options) => {
  const [command, ...rest] = cli?.endsWith(".js") ? [process.execPath, cli, ...args] : ["npm", ...args];
  return spawnSync(command, rest, { encoding: "utf8", ...options });
};

function stop(text) {
  console.error(`vestibule: ${text}`);
  process.exit(1);
}

const odd = others();
if (odd.length > 0) stop(`${odd.join(" ")} is not NAME=value: npx ${name} upgrade VERSION=0.1.1`);
const found = npm(["view", `${name}@${wanted}`, "version"]);
const next = found.stdout?.trim().split("\n").at(-1)?.replace(/^.*'(.*)'$/, "$1");
if (found.status !== 0 || !next) stop(`npm can't find ${name}@${wanted}: ${(found.stderr ?? "").trim().split("\n")[0]}`);
say(next === version ? `${version} is the newest version; deploying it` : `upgrading from ${version} to ${next}`);
const settings = Object.entries(rest).map(([setting, value]) => `${setting}=${value}`);
const { status } = npm(["exec", "--yes", `--package=${name}@${next}`, "--", name, "deploy", ...settings], { stdio: "inherit" });
process.exit(status ?? 1);

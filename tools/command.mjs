#!/usr/bin/env node
// The command of the npm package: `npx vestibule-auth deploy`, and others.
import { readFileSync } from "node:fs";
import path from "node:path";

const NAME = "vestibule-auth";
const HELP = `
  npx ${NAME} deploy     deploy to Cloudflare; settings are in deploy/production.toml
  npx ${NAME} upgrade    deploy the newest version
  npx ${NAME} dev        run it on this machine with a demo, at http://localhost:8787
  npx ${NAME} serve      run it without Cloudflare

  Settings can follow as NAME=value: npx ${NAME} deploy ENV=staging
`;
// The settings of `dev`, unless the command line sets them.
const DEVELOPMENT = ["ENVIRONMENT=development", "STATE=.vestibule-dev"];

const commands = {
  deploy: () => import("./deploy.mjs"),
  upgrade: () => import("./upgrade.mjs"),
  serve: () => import("./serve.mjs"),
  dev: () => {
    process.argv.splice(2, 0, ...DEVELOPMENT);
    return import("./serve.mjs");
  },
};

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(`${NAME}: Node ${process.versions.node} is too old. Install Node 22.12 or newer`);
  process.exit(1);
}
const [command] = process.argv.slice(2);
if (command === "--version") {
  const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, "..", "package.json"), "utf8"));
  console.log(version);
} else if (command === undefined || command === "help" || command === "--help") {
  console.log(HELP);
} else if (Object.hasOwn(commands, command)) {
  // The imported module reads its arguments from there.
  process.argv.splice(2, 1);
  await commands[command]();
} else {
  console.error(`${NAME}: there is no command ${JSON.stringify(command)}\n${HELP}`);
  process.exit(1);
}

// `make deploy`: deploys to Cloudflare. After a failure, says what happened and what is deployed now.
import { Cloudflare, Refused } from "./deploy/cloudflare.mjs";
import { COMMAND, say, Stop } from "./deploy/terminal.mjs";
import { Transaction } from "./deploy/transaction.mjs";
import { given, others } from "./given.mjs";

const HELP = `
  make deploy                 deploy what deploy/production.toml says (docs/deploy.md)
  make deploy ENV=staging     another deployment, of deploy/staging.toml
  make deploy SIGN_UP=off     with a setting that comes before the file's
  make deploy SECRET=FILE     with a VESTIBULE_SECRET of yours, for a worker that has none
  make deploy ROTATE=yes      replace VESTIBULE_SECRET (SECURITY.md)
  make deploy NEW_ISSUER=yes  also if the issuer changes
  make deploy DRY_RUN=yes     say what changes, write deploy/production/, and upload nothing
`.replaceAll("make", COMMAND);

const odd = others();
if (odd.length > 0) {
  const isHelp = odd.some((word) => ["--help", "-h", "help"].includes(word));
  console.log(isHelp ? HELP : `vestibule: ${odd.join(" ")} is not NAME=value; nothing was uploaded\n${HELP}`);
  process.exit(isHelp ? 0 : 1);
}
// What runs in the background ends with this process (deploy/wrangler.mjs).
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

const { ENV: environment = "production", SECRET: secretFile, ROTATE: rotate, NEW_ISSUER: newIssuer, DRY_RUN: trial, ...settings } = given();

let transaction;
let cloudflare;
try {
  for (const [name, value] of Object.entries({ ROTATE: rotate, NEW_ISSUER: newIssuer, DRY_RUN: trial })) {
    if (value !== undefined && value !== "yes") throw new Stop(`${name} is ${JSON.stringify(value)}. Write ${name}=yes, or leave it out`);
  }
  const [rotates, hasNewIssuer, isTrial] = [rotate, newIssuer, trial].map((value) => value === "yes");
  transaction = new Transaction({ environment, settings, secretFile, rotates, hasNewIssuer, isTrial });
  cloudflare = await Cloudflare.signIn();
  await transaction.run(cloudflare);
} catch (error) {
  console.error(`\nvestibule: ${await explain(error)}`);
  say((await transaction?.whatStands()) ?? "nothing was uploaded");
  process.exitCode = 1;
}

async function explain(error) {
  if (error instanceof Refused) return cloudflare.explain(error, transaction.account).catch(() => error.message);
  return error instanceof Stop ? error.message : error.stack;
}

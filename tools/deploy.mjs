// `make deploy`: deploys to Cloudflare. After a failure, says what happened and what is deployed now.
import { Cloudflare, Refused } from "./deploy/cloudflare.mjs";
import { say, Stop } from "./deploy/terminal.mjs";
import { Transaction } from "./deploy/transaction.mjs";
import { given } from "./given.mjs";

const { ENV: environment = "production", SECRET: secretFile, ROTATE: rotate, ...settings } = given();

let transaction;
let cloudflare;
try {
  if (rotate !== undefined && rotate !== "yes") throw new Stop(`ROTATE is ${JSON.stringify(rotate)}. To rotate the secret, write ROTATE=yes`);
  transaction = new Transaction({ environment, settings, secretFile, rotates: rotate === "yes" });
  cloudflare = await Cloudflare.signIn();
  await transaction.run(cloudflare);
} catch (error) {
  if (!(error instanceof Stop || error instanceof Refused)) throw error;
  const text = error instanceof Refused ? await cloudflare.explain(error, transaction?.account) : error.message;
  console.error(`\nvestibule: ${text}`);
  say((await transaction?.whatStands()) ?? "nothing was uploaded");
  process.exitCode = 1;
}

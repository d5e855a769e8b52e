// Credentials: missing, wrong or without a permission, and the choice of an account.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { newDeployment } from "./support.mjs";

const deployment = await newDeployment();
after(() => deployment.end());
const { cloudflare } = deployment;
const own = cloudflare.account;
const token = (text, more) => {
  cloudflare.accounts.addToken(text, { accounts: [own], ...more });
  return { env: { CLOUDFLARE_API_TOKEN: text } };
};

test("without credentials, the message says how to sign in", () =>
  deployment.refused(/not signed in to Cloudflare\. Run `npx wrangler login`/, [], { env: { CLOUDFLARE_API_TOKEN: "" } }));

test("an unknown token gets another message than a missing one", () =>
  deployment.refused(/doesn't accept the token in CLOUDFLARE_API_TOKEN/, [], { env: { CLOUDFLARE_API_TOKEN: "a-token-that-was-revoked" } }));

test("a malformed token gets the message for an unknown one", () =>
  deployment.refused(/doesn't accept the token/, [], { env: { CLOUDFLARE_API_TOKEN: "not a token" } }));

test("a token without a permission gets a message that says so", () =>
  deployment.refused(/valid but lacks a permission/, ["ENV=poor"], token("token-without-kv", { can: ["scripts", "accounts", "user"] })));

test("a token that can't list accounts works if account_id is set", async () => {
  const lists = token("token-without-accounts", { can: ["scripts", "kv", "routes", "domains"], type: "account" });
  await deployment.refused(/Set account_id/, ["ENV=named"], lists);
  deployment.write("deploy/named.toml", `name = "vestibule-named"\naccount_id = "${own.id}"\n`);
  await deployment.deployed(["ENV=named"], lists);
});

test("with two accounts, the operator must choose", async () => {
  const second = cloudflare.accounts.add({ name: "Second", subdomain: "second" });
  const both = token("token-of-two-accounts", { accounts: [own, second] });
  const { said } = await deployment.refused(/for several accounts/, ["ENV=two"], both);
  assert.ok(said.includes(own.id) && said.includes(second.id));
  await deployment.deployed(["ENV=two"], { env: { ...both.env, CLOUDFLARE_ACCOUNT_ID: second.id } });
  assert.ok(second.script("vestibule-two"));
  assert.equal(own.script("vestibule-two"), undefined);
});

test("`wrangler login` is enough, even after its access token has expired", async () => {
  cloudflare.login({ expired: true });
  await deployment.deployed(["ENV=login"], { env: { token: null } });
});

test("at a terminal, the operator is asked for the account, and the answer is kept", async () => {
  const [third, fourth] = ["Third", "Fourth"].map((name) => cloudflare.accounts.add({ name, subdomain: name.toLowerCase() }));
  const several = token("token-of-several-accounts", { accounts: [third, fourth] });
  const { code, said } = await deployment.deployAtTerminal(["ENV=asked"], ["2"], several);
  assert.equal(code, 0, said);
  assert.ok(fourth.script("vestibule-asked"));
  assert.match(deployment.read("deploy/asked.toml"), new RegExp(`account_id = "${fourth.id}"`));
  await deployment.deployed(["ENV=asked"], several);
});

test("every request is one that the double implements", () => cloudflare.check());

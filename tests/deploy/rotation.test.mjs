// Rotating VESTIBULE_SECRET (SECURITY.md), and losing it.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ISSUER, newDeployment, nothingWasLost, withUser } from "./support.mjs";

const deployment = await newDeployment();
after(() => deployment.end());
const { cloudflare } = deployment;
const user = await withUser(deployment);
const kids = async () => (await (await fetch(`${ISSUER}/jwks`)).json()).keys.map(({ kid }) => kid);
const copyOf = (name) => deployment.read("deploy/production.secrets").match(new RegExp(`^${name}=(.*)$`, "m"))?.[1];

test("a rotation needs a copy of the current secret", async () => {
  const secrets = deployment.read("deploy/production.secrets");
  deployment.write("deploy/production.secrets", secrets.replace(/^VESTIBULE_SECRET=.*$/m, ""));
  await deployment.refused(/a rotation needs the current secret/, ["ROTATE=yes"]);
  deployment.addSecret("VESTIBULE_SECRET", "the secret of another deployment than this");
  await deployment.refused(/is not the one that sealed/, ["ROTATE=yes"]);
  deployment.write("deploy/production.secrets", secrets);
});

test("a rotation that was interrupted before its upload continues with the secret that it made", async () => {
  const old = deployment.worker.secret("VESTIBULE_SECRET");
  cloudflare.fail({ method: "POST", path: /\/versions$/, status: 400, code: 10021, message: "refused" });
  assert.equal((await deployment.deploy(["ROTATE=yes"])).code, 1);
  const made = copyOf("VESTIBULE_SECRET");
  assert.notEqual(made, old);
  assert.equal(copyOf("VESTIBULE_SECRET_PREVIOUS"), old);
  await nothingWasLost(user);
  // A deployment without ROTATE changes no secret.
  await deployment.deployed();
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), old);
  await deployment.deployed(["ROTATE=yes"]);
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET"), made);
  assert.equal(deployment.worker.secret("VESTIBULE_SECRET_PREVIOUS"), old);
});

test("after a rotation the same keys sign, and nothing is lost", async () => {
  const before = await kids();
  await nothingWasLost(user);
  assert.deepEqual(await kids(), before);
});

test("another rotation is refused until the previous secret is removed, and nothing needs it after that", async () => {
  await deployment.refused(/the last rotation isn't finished/, ["ROTATE=yes"]);
  await deployment.wrangler(["secret", "delete", "VESTIBULE_SECRET_PREVIOUS", "--name", "vestibule"]);
  const before = await kids();
  await nothingWasLost(user);
  assert.deepEqual(await kids(), before);
});

test("a lost secret invalidates no token: a fresh key signs at once", async () => {
  const before = await kids();
  await deployment.wrangler(["secret", "put", "VESTIBULE_SECRET", "--name", "vestibule"], { input: "a new secret, because the old one is lost" });
  await nothingWasLost(user);
  const now = await kids();
  assert.ok(before.every((kid) => now.includes(kid)));
  assert.ok(now.length > before.length);
  const { said } = await deployment.deployed();
  assert.match(said, /sealed with another secret than the one in deploy\/production\.secrets/);
});

test("every request is one that the double implements", () => cloudflare.check());

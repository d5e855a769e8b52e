// Wrong settings are refused before anything is uploaded.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ISSUER, newDeployment } from "./support.mjs";

const deployment = await newDeployment();
after(() => deployment.end());
const { cloudflare } = deployment;
cloudflare.accounts.addZone({ name: "example.com", account: cloudflare.account });

test("a misspelt name is refused with the right one", () =>
  deployment.refused(/SIGNUP is not a setting; did you mean SIGN_UP\?/, ["SIGNUP=off"]));

test("a name that resembles no setting is refused", () => deployment.refused(/COLOUR_OF_THE_SKY is not a setting/, ["COLOUR_OF_THE_SKY=blue"]));

test("all unknown names are reported together", async () => {
  const { said } = await deployment.refused(/SIGNUP/, ["SIGNUP=off", "BRANDNAME=Acme"]);
  assert.match(said, /did you mean BRAND_NAME\?/);
});

test("a wrong value is refused with the server's own message", () =>
  deployment.refused(/PKCE is "some" but must be all or public-clients/, ["PKCE=some"]));

test("ENVIRONMENT=development is refused", () => deployment.refused(/demo pages/, ["ENVIRONMENT=development"]));

test("registration by token is refused without a token", () =>
  deployment.refused(/REGISTRATION_TOKEN must be a secret/, ["REGISTRATION=token"]));

test("a provider without its secret is refused, and deployed with it", async () => {
  deployment.configure('[[PROVIDERS]]\nid = "google"\npreset = "google"\nclient_id = "1234"');
  await deployment.refused(/PROVIDER_GOOGLE_SECRET is missing/);
  deployment.write("deploy/production.secrets", "PROVIDER_GOOGLE_SECRET=a $ecret of 'Google'\n");
  await deployment.deployed();
  assert.equal(deployment.worker.secret("PROVIDER_GOOGLE_SECRET"), "a $ecret of 'Google'");
  assert.match(await (await fetch(`${ISSUER}/sign-in`)).text(), /Google/);
});

test("an issuer at which the worker isn't served is refused", () =>
  deployment.refused(/ISSUER is https:\/\/id\.example\.com, but the worker is served at https:\/\/vestibule\.example\.workers\.dev/, ["ISSUER=https://id.example.com"]));

test("an unknown key of the file is refused", async () => {
  await deployment.deploy(["ENV=odd"]);
  deployment.write("deploy/odd.toml", 'name = "vestibule-odd"\nworker = "x"\n');
  await deployment.refused(/has the unknown key "worker"/, ["ENV=odd"]);
});

test("a file that isn't TOML is refused", async () => {
  deployment.write("deploy/odd.toml", "name = \n");
  await deployment.refused(/deploy\/odd\.toml can't be read/, ["ENV=odd"]);
});

test("a deployment without any address is refused: no domain, and no subdomain of workers.dev", async () => {
  cloudflare.account.subdomain = undefined;
  await deployment.refused(/no subdomain of workers\.dev/, ["ENV=nowhere"]);
  cloudflare.account.subdomain = "example";
});

test("a custom domain is the issuer, and the address at workers.dev is off", async () => {
  deployment.write("deploy/own.toml", 'name = "vestibule-own"\ndomain = "id.example.com"\n');
  // The certificate isn't there at once.
  cloudflare.delaySite("id.example.com", 1);
  const { said } = await deployment.deployed(["ENV=own"]);
  assert.match(said, /not yet: https:\/\/id\.example\.com can't be reached/);
  assert.equal((await (await fetch("https://id.example.com/.well-known/openid-configuration")).json()).issuer, "https://id.example.com");
  assert.equal((await fetch("https://vestibule-own.example.workers.dev/jwks")).status, 404);
  assert.equal(cloudflare.account.script("vestibule-own").subdomain.previews_enabled, false);
});

test("a domain of another worker is refused", async () => {
  deployment.write("deploy/thief.toml", 'name = "vestibule-thief"\ndomain = "id.example.com"\n');
  await deployment.refused(/id\.example\.com belongs to the worker vestibule-own/, ["ENV=thief"]);
});

test("an existing DNS record isn't replaced, neither for a new worker nor for an existing one", async () => {
  cloudflare.account.dnsRecords.add("www.example.com");
  deployment.write("deploy/www.toml", 'name = "vestibule-www"\ndomain = "www.example.com"\n');
  for (const _ of ["new", "there"]) {
    const { code, said } = await deployment.deploy(["ENV=www"]);
    assert.equal(code, 1);
    assert.match(said, /www\.example\.com has a DNS record already/);
    assert.ok(cloudflare.account.dnsRecords.has("www.example.com"));
  }
});

test("with a route, ISSUER must be one of the origins that it serves", async () => {
  deployment.write("deploy/zone.toml", 'name = "vestibule-zone"\nroutes = [{ pattern = "login.example.com/*", zone_name = "example.com" }]\n');
  await deployment.refused(/ISSUER is https:\/\/other\.example\.com, but/, ["ENV=zone", "ISSUER=https://other.example.com"]);
  await deployment.deployed(["ENV=zone", "ISSUER=https://login.example.com"]);
});

test("staging is a deployment of its own", async () => {
  await deployment.deployed();
  await deployment.deployed(["ENV=staging", "BRAND_NAME=Staging"]);
  const staging = cloudflare.account.script("vestibule-staging");
  assert.notEqual(staging.secret("VESTIBULE_SECRET"), deployment.worker.secret("VESTIBULE_SECRET"));
  assert.ok(cloudflare.account.kv.byTitle("vestibule-staging-kv"));
  const page = async (host) => (await fetch(`https://${host}.example.workers.dev/sign-in`)).text();
  assert.match(await page("vestibule-staging"), /Staging/);
  assert.doesNotMatch(await page("vestibule"), /Staging/);
});

test("an ENV that can't be a worker's name is refused", () => deployment.refused(/ENV is "\.\.\/x"/, ["ENV=../x"]));

test("a change of the jurisdiction is refused", () =>
  deployment.refused(/JURISDICTION was not set/, ["JURISDICTION=eu"]));

test("a jurisdiction is deployed; objects then fail, because workerd doesn't implement jurisdictions", async () => {
  const { code, said } = await deployment.deploy(["ENV=eu", "JURISDICTION=eu"]);
  assert.equal(code, 1);
  assert.match(said, /JURISDICTION: its default -> "eu"/);
  assert.match(said, /metadata: names this issuer/);
  assert.match(said, /\/jwks answers 500/);
  await deployment.refused(/JURISDICTION was eu/, ["ENV=eu"]);
});

test("a new file of an existing worker gets the settings that are deployed", async () => {
  const other = deployment.path("elsewhere");
  const { mkdirSync } = await import("node:fs");
  mkdirSync(other);
  await deployment.deployed(["BRAND_NAME=Acme"]);
  const { said } = await deployment.deployed([], { folder: other });
  assert.match(said, /with what is deployed already: BRAND_NAME/);
  const text = deployment.read("elsewhere/deploy/production.toml");
  assert.match(text, /BRAND_NAME = "Acme"/);
  assert.match(text, /\[\[PROVIDERS\]\]/);
  assert.match(await (await fetch(`${ISSUER}/sign-in`)).text(), /Acme/);
});

test("every request is one that the double implements", () => cloudflare.check());

// A deployment in four steps: check, show the changes, upload, and check that the issuer works.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../workerd/config.mjs";
import { firstDeployment, nextDeployment } from "./changes.mjs";
import { check, checkIssuer } from "./check.mjs";
import { chooseSecrets } from "./choose_secrets.mjs";
import { writeConfiguration, writeWorker } from "./configuration.mjs";
import { filesOf, hasSettings, hostsOf, ignoreSecrets, makeSettings, originsOf, readDeployment, rememberAccount } from "./deployment.mjs";
import { checkIsNotOlder, checkIsOurs, checkIssuerStays, checkNoRollout, checkStores, isOurs } from "./guards.mjs";
import { probe } from "./probe.mjs";
import { opensNewest, publishedKeys } from "./published_keys.mjs";
import { offerRollback } from "./rollback.mjs";
import { PREVIOUS, readSecrets, SECRET, writeSecrets } from "./secrets.mjs";
import { findAccount, Standing } from "./standing.mjs";
import { COMMAND, detail, say, step, Stop } from "./terminal.mjs";
import { attach, upload } from "./upload.mjs";

const release = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")).version;

export class Transaction {
  #given;
  #cloudflare;
  #files;
  #deployment;
  #standing;
  // What was deployed before; undefined for a first deployment.
  #before;
  #hasUploaded = false;
  #namespace;
  // The tag of this deployment's version.
  #tag = randomBytes(8).toString("hex");

  // `given` are the environment, the settings on the command line, the path of a secret, and whether the secret rotates
  // and the issuer may change. Throws `Stop` if the name of the environment isn't valid.
  constructor({ environment, ...given }) {
    this.#given = given;
    this.#files = filesOf(environment);
  }

  // The account's ID, once it is known.
  account;

  async run(cloudflare) {
    this.#cloudflare = cloudflare;
    step(1, "Checking");
    await this.#find();
    const secrets = await this.#chooseSecrets();
    const issuer = await this.#check(secrets);
    detail(`worker ${this.#deployment.name}, issuer ${issuer}`);

    step(2, "What changes");
    await this.#describe(secrets);
    if (this.#given.isTrial) return say(`nothing was uploaded. ${this.#files.folder} is what would be`);

    step(3, "Uploading");
    const version = await this.#upload(secrets);
    detail(`version ${version} is deployed`);

    step(4, `Checking ${issuer}`);
    const place = { cloudflare, account: this.account, namespace: this.#namespace };
    const reason = await probe(issuer, { name: this.#deployment.name, version, isFirst: this.#before === undefined, ...place });
    if (reason !== undefined) await this.#offerRollback(reason);
    await this.#conclude(issuer);
    return undefined;
  }

  // Reads the file of the deployment and what exists at Cloudflare.
  async #find() {
    const isNew = !hasSettings(this.#files);
    this.#deployment = readDeployment(this.#files, this.#given.settings);
    const { id, isChosen } = await findAccount(this.#cloudflare, this.#deployment);
    this.account = id;
    this.#standing = new Standing(this.#cloudflare, { account: this.account, name: this.#deployment.name });
    const secrets = await this.#standing.secrets();
    if (secrets !== undefined) this.#before = { secrets, ...(await this.#standing.version()) };
    if (isNew) await this.#makeSettings();
    if (isChosen) rememberAccount(this.#files, id);
    ignoreSecrets(this.#files);
    if (this.#before === undefined) return;
    checkIsOurs(this.#deployment, this.#before);
    checkNoRollout(this.#deployment, this.#before);
    checkIsNotOlder(this.#before);
    checkStores(this.#deployment, this.#before);
  }

  // Creates the file, with the settings that are already deployed.
  async #makeSettings() {
    const { settings = {}, domain } = isOurs(this.#before) ? this.#before : {};
    const adopted = makeSettings(this.#files, { domain, settings });
    this.#deployment = readDeployment(this.#files, this.#given.settings);
    const taken = [...(domain === undefined ? [] : ["the domain"]), ...adopted];
    if (isOurs(this.#before) && domain === undefined && settings.ISSUER === undefined && !(await this.#standing.isAtWorkersDev())) {
      throw new Stop(`created ${this.#files.file}. The worker has no domain and isn't at workers.dev: if routes serve it, write them and ISSUER into that file. Then run the command again`);
    }
    say(`created ${this.#files.file}${taken.length === 0 ? "" : `, with what is deployed already: ${taken.join(", ")}`}`);
  }

  async #chooseSecrets() {
    const { secrets: standing, exposed } = this.#before ?? {};
    const readKeys = async () => {
      const namespace = await this.#findNamespace();
      return namespace && publishedKeys(this.#cloudflare, { account: this.account, namespace });
    };
    return chooseSecrets(this.#files, this.#given, { standing, exposed, readKeys });
  }

  // Returns the ID of the KV namespace: from the file, from the worker, or from the title; undefined if there is none.
  async #findNamespace() {
    const known = this.#deployment.namespace ?? this.#before?.namespace;
    this.#namespace ??= known ?? (await this.#standing.namespace(this.#title));
    return this.#namespace;
  }

  get #title() {
    return `${this.#deployment.name}-kv`;
  }

  // Returns the issuer.
  async #check({ uploaded }) {
    const { domain } = this.#deployment;
    const namespace = await this.#findNamespace();
    if (namespace !== undefined) await this.#standing.checkNamespace(namespace);
    const hosts = hostsOf(this.#deployment);
    if (hosts.length > 0) await this.#standing.checkZones(hosts, this.#deployment.file);
    const owner = domain === undefined ? undefined : await this.#standing.ownerOf(domain);
    if (owner !== undefined) throw new Stop(`${domain} belongs to the worker ${owner}. Remove it there, or choose another domain`);
    await check(this.#deployment, { uploaded, standing: this.#before?.secrets ?? [] });
    const subdomain = await this.#standing.subdomain();
    const issuer = checkIssuer(this.#deployment, originsOf(this.#deployment, subdomain));
    const was = this.#before && (await this.#issuerBefore(subdomain));
    checkIssuerStays({ was, becomes: issuer, isWanted: this.#given.hasNewIssuer });
    return issuer;
  }

  // The issuer of the deployed version; undefined if it is unknown, because the worker has no address, or has routes
  // but no `ISSUER`, which earlier versions allowed.
  async #issuerBefore(subdomain) {
    const { settings, domain } = this.#before;
    if (settings.ISSUER !== undefined) return new URL(settings.ISSUER).origin;
    if (domain !== undefined) return `https://${domain}`;
    return (await this.#standing.isAtWorkersDev()) ? originsOf({ name: this.#deployment.name, routes: [] }, subdomain)[0] : undefined;
  }

  #offerRollback(reason) {
    const { configuration } = this.#files;
    return offerRollback(reason, { before: this.#before, configuration, hasRotated: this.#given.rotates });
  }

  async #describe({ uploaded, left }) {
    const size = writeWorker(this.#deployment);
    const namespace = await this.#findNamespace();
    writeConfiguration(this.#deployment, { account: this.account, namespace });
    const lines =
      this.#before === undefined
        ? firstDeployment(this.#deployment, { size, isFound: namespace !== undefined })
        : nextDeployment(this.#deployment, this.#before, size);
    const names = Object.keys(uploaded);
    if (names.length > 0) lines.push(`secrets that are uploaded: ${names.sort().join(", ")}`);
    if (left.length > 0) lines.push(`secrets that stay as they are at Cloudflare, whatever the file has: ${left.join(", ")}`);
    for (const line of lines) detail(line);
  }

  async #upload({ uploaded, written }) {
    this.#namespace = await this.#claimNamespace();
    writeConfiguration(this.#deployment, { account: this.account, namespace: this.#namespace });
    // Written before the upload: the upload's response may be lost, but the secret must not be.
    if (Object.keys(written).length > 0) {
      writeSecrets(this.#files.secrets, written);
      detail(`the secret is in ${this.#files.secrets}: keep a copy in a safe place`);
    }
    const version = await this.#uploadVersion(uploaded);
    const { isDeployed, id } = await this.#standing.predecessor(version);
    if (!isDeployed || id !== this.#before?.versions[0]?.version_id) {
      const more = Object.keys(written).length > 0 ? `. The secret that is used may be theirs and not the one in ${this.#files.secrets}: compare them` : "";
      throw new Stop(`somebody else deployed ${this.#deployment.name} at the same time${more}`);
    }
    return version;
  }

  // Uploads the worker. Attaches a new domain only after checking that nothing else uses it.
  async #uploadVersion(secrets) {
    const { name, domain } = this.#deployment;
    const { configuration, unattached } = this.#files;
    const isFirst = this.#before === undefined;
    const attached = this.#before?.domain;
    const isNewDomain = domain !== undefined && attached !== domain;
    if (isNewDomain && !isFirst) await this.#standing.checkDomain(domain);
    const target = { name, configuration: isNewDomain && isFirst ? unattached : configuration };
    const version = await this.#uploadOnce(target, secrets);
    if (domain === undefined && attached !== undefined) await this.#standing.detach(attached);
    if (isNewDomain && isFirst) {
      await this.#standing.checkDomain(domain);
      await attach({ name, configuration });
    }
    return version;
  }

  async #uploadOnce(target, secrets) {
    this.#hasUploaded = true;
    const deployed = () => this.#standing.deployedVersionWith(this.#tag).catch(() => undefined);
    const mayRepeat = async () => {
      if ((await deployed()) !== undefined) {
        throw new Stop("the version is deployed, so it isn't uploaded again");
      }
      if (this.#before === undefined && (await this.#standing.secrets()) !== undefined) {
        throw new Stop("the worker exists now, so its secret isn't uploaded again. Run the command again");
      }
    };
    try {
      return await upload(target, { secrets, message: `Vestibule ${release}`, tag: this.#tag, mayRepeat });
    } catch (error) {
      // The response may have been lost after the upload took effect. In that case, what wrangler does after an upload
      // is still to be done.
      const version = error instanceof Stop ? await deployed() : undefined;
      if (version === undefined) throw error;
      detail("the version is deployed, but wrangler failed afterwards or its response was lost; attaching its addresses again");
      // A failure here is permanent.
      await attach(target).catch((again) => this.#offerRollback(`its addresses can't be attached: ${again.message}`));
      return version;
    }
  }

  // Finds or creates the KV namespace. If several first deployments run at once, only one creates it. The others, and a
  // deployment that finds an older namespace, wait to see whether a worker appears: a secret must never replace the one
  // that the worker has.
  async #claimNamespace() {
    const found = await this.#findNamespace();
    const created = found === undefined ? await this.#standing.createNamespace(this.#title) : undefined;
    // Another user may have created it meanwhile.
    const claimed = created ?? (await this.#findNamespace());
    if (this.#before !== undefined) return claimed;
    const mayWait = created === undefined && readSecrets(this.#files.secrets)[SECRET] === undefined;
    if (mayWait) {
      detail(`the KV namespace ${this.#title} exists; waiting 20 s, in case somebody else is deploying the worker now`);
    }
    const secrets = mayWait ? await this.#standing.waitForOthers() : await this.#standing.secrets();
    if (secrets !== undefined) throw new Stop("somebody else has deployed the worker meanwhile. Run the command again to deploy over it");
    return claimed;
  }

  async #conclude(issuer) {
    const { configuration, secrets: file } = this.#files;
    const copy = readSecrets(file)[SECRET];
    // It is only used for a warning.
    const keys = await publishedKeys(this.#cloudflare, { account: this.account, namespace: this.#namespace }).catch(() => undefined);
    if (copy !== undefined && keys !== undefined && !opensNewest(keys, copy)) {
      say(`warning: the keys are sealed with another secret than the one in ${file}, so that copy can't restore this deployment. Replace it by the right one`);
    }
    if (this.#given.rotates) {
      console.log(`
  VESTIBULE_SECRET was replaced. In a day or more (SECURITY.md), remove the old one:
    npx wrangler secret delete ${PREVIOUS} --config ${configuration}
  and its line in ${file}.`);
    } else if (this.#before?.secrets.includes(PREVIOUS)) {
      console.log(`\n  ${PREVIOUS} is set. SECURITY.md says when to remove it.`);
    }
    console.log(`
  Vestibule serves ${issuer}

  Discovery       ${issuer}/.well-known/openid-configuration
  First client    docs/deploy.md#the-first-client
  Logs            npx wrangler tail --config ${configuration}
  Settings        ${this.#files.file}
`);
  }

  // Reports what is deployed after a failure.
  async whatStands() {
    if (!this.#hasUploaded) return "nothing was uploaded";
    try {
      if ((await this.#standing.secrets()) === undefined) {
        return `no worker ${this.#deployment.name} exists. The next ${COMMAND} deploy uses the KV namespace and ${this.#files.secrets} again`;
      }
      const versions = await this.#standing.versions();
      const ids = versions.map(({ version_id: id, percentage }) => `${id} (${percentage}%)`).join(", ");
      const previous = this.#before?.versions[0]?.version_id;
      const isPrevious = versions.length === 1 && versions[0].version_id === previous;
      return isPrevious ? `version ${previous} still serves, as before` : `deployed now: ${ids}`;
    } catch (error) {
      return `can't find out what is deployed now: ${error.message}`;
    }
  }
}

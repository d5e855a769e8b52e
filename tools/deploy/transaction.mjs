// One deployment, in four steps: check, say what changes, upload, and ask the issuer whether it works.
import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../workerd/config.mjs";
import { adopt } from "./adopt.mjs";
import { firstDeployment, nextDeployment, pendingMigrations } from "./changes.mjs";
import { check, checkIssuer } from "./check.mjs";
import { writeConfiguration, writeWorker } from "./configuration.mjs";
import { filesOf, makeSettings, originsOf, readDeployment } from "./deployment.mjs";
import { chooseSecrets } from "./choose_secrets.mjs";
import { ClientRegistry, NotWorking, Probe, verifyToken } from "./probe.mjs";
import { opensNewest, publishedKeys } from "./published_keys.mjs";
import { PREVIOUS, readSecrets, SECRET, writeSecrets } from "./secrets.mjs";
import { findAccount, Standing } from "./standing.mjs";
import { ask, detail, isInteractive, say, step, Stop } from "./terminal.mjs";
import { attach, upload } from "./upload.mjs";
import { runWrangler } from "./wrangler.mjs";

const release = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")).version;

export class Transaction {
  #given;
  #files;
  #deployment;
  #standing;
  // What was deployed before this: undefined for a first deployment.
  #before;
  #hasUploaded = false;
  #namespace;

  // `secretFile` is a path. Throws `Stop` if the environment has no valid name.
  constructor({ environment, settings, secretFile, rotates }) {
    this.#given = { settings, secretFile, rotates };
    this.#files = filesOf(environment);
  }

  // The account's ID, once it is known.
  account;

  async run(cloudflare) {
    step(1, "Checking");
    await this.#find(cloudflare);
    const secrets = await this.#chooseSecrets(cloudflare);
    const issuer = await this.#check(secrets);
    detail(`worker ${this.#deployment.name}, issuer ${issuer}`);

    step(2, "What changes");
    await this.#describe();

    step(3, "Uploading");
    const version = await this.#upload(secrets);
    detail(`version ${version} is deployed`);

    step(4, `Checking ${issuer}`);
    await this.#probe(cloudflare, issuer, version);
    await this.#conclude(cloudflare, issuer);
  }

  // Reads the file of the deployment and what stands at Cloudflare.
  async #find(cloudflare) {
    const isMade = makeSettings(this.#files);
    this.#deployment = readDeployment(this.#files, this.#given.settings);
    this.account = await findAccount(cloudflare, this.#deployment);
    this.#standing = new Standing(cloudflare, { account: this.account, name: this.#deployment.name });
    const secrets = await this.#standing.secrets();
    if (isMade) say(`made ${this.#files.file}, where the settings of this deployment are`);
    if (secrets === undefined) return;
    await this.#readBefore(secrets);
    if (isMade) {
      await adopt(this.#deployment, this.#before, this.#standing);
      this.#deployment = readDeployment(this.#files, this.#given.settings);
    }
  }

  async #readBefore(secrets) {
    this.#before = { secrets, ...(await this.#standing.version()) };
    if (this.#before.versions.length > 1) {
      const shares = this.#before.versions.map(({ version_id: id, percentage }) => `  ${percentage}%  ${id}`).join("\n");
      throw new Stop(`a gradual rollout is under way:\n${shares}\nFinish it first: npx wrangler versions deploy --name ${this.#deployment.name}`);
    }
  }

  async #chooseSecrets(cloudflare) {
    const id = await this.#findNamespace();
    const hasKeys = this.#before !== undefined && id !== undefined;
    const keys = hasKeys ? await publishedKeys(cloudflare, { account: this.account, namespace: id }) : undefined;
    return chooseSecrets(this.#files, this.#given, { standing: this.#before?.secrets, exposed: this.#before?.exposed, keys });
  }

  // The KV namespace: the one that is named, the worker's, or the one with the title. Undefined if there is none.
  async #findNamespace() {
    this.#namespace ??= this.#deployment.namespace ?? this.#before?.namespace ?? (await this.#standing.namespace(this.#title));
    return this.#namespace;
  }

  get #title() {
    return `${this.#deployment.name}-kv`;
  }

  // Returns the issuer.
  async #check(secrets) {
    const { name, domain } = this.#deployment;
    const owner = domain === undefined ? undefined : await this.#standing.ownerOf(domain, name);
    if (owner !== undefined) throw new Stop(`${domain} belongs to the worker ${owner}. Remove it there, or choose another domain`);
    const jurisdiction = this.#deployment.settings.JURISDICTION;
    if (this.#before !== undefined && jurisdiction !== this.#before.settings.JURISDICTION) {
      const was = this.#before.settings.JURISDICTION ?? "not set";
      throw new Stop(`JURISDICTION was ${was} when the objects were made. Changing it would leave all accounts behind`);
    }
    const issuer = checkIssuer(this.#deployment, originsOf(this.#deployment, await this.#standing.subdomain()));
    await check(this.#deployment, [...new Set([...(this.#before?.secrets ?? []), ...Object.keys(secrets.uploaded)])]);
    return issuer;
  }

  async #describe() {
    const size = writeWorker(this.#deployment);
    const lines =
      this.#before === undefined
        ? firstDeployment(this.#deployment, { size, isFound: (await this.#findNamespace()) !== undefined })
        : nextDeployment(this.#deployment, this.#before, size);
    for (const line of lines) detail(line);
  }

  async #upload({ uploaded, written }) {
    this.#namespace = await this.#claimNamespace();
    writeConfiguration(this.#deployment, { account: this.account, namespace: this.#namespace });
    // Before the upload: its response may be lost, but never the secret.
    if (Object.keys(written).length > 0) writeSecrets(this.#files.secrets, written);
    const version = await this.#uploadVersion(uploaded);
    if (this.#before === undefined && (await this.#standing.countVersions()) > 1) {
      throw new Stop(
        `somebody else deployed ${this.#deployment.name} at the same time. The secret that is used may be theirs and not the one in ${this.#files.secrets}: compare them`,
      );
    }
    return version;
  }

  // Uploads, and attaches a domain only after it was looked at whether something else uses its name.
  async #uploadVersion(secrets) {
    const { configuration, unattached } = this.#files;
    const { domain } = this.#deployment;
    const isNewDomain = domain !== undefined && (await this.#standing.domainOf(this.#deployment.name)) !== domain;
    if (isNewDomain && this.#before !== undefined) await this.#standing.checkDomain(domain);
    const isFirst = isNewDomain && this.#before === undefined;
    this.#hasUploaded = true;
    const version = await upload(isFirst ? unattached : configuration, { secrets, message: `Vestibule ${release}` });
    if (isFirst) {
      await this.#standing.checkDomain(domain);
      await attach(configuration);
    }
    return version;
  }

  // Finds or creates the KV namespace. Of several first deployments at once only one creates it. The others, and one
  // that finds the namespace of an earlier deployment, wait to see whether a worker appears: a secret must never
  // replace the one that it has.
  async #claimNamespace() {
    const found = await this.#findNamespace();
    if (this.#before !== undefined) return found ?? this.#standing.createNamespace(this.#title);
    const created = found === undefined ? await this.#standing.createNamespace(this.#title) : undefined;
    const mayWait = created === undefined && readSecrets(this.#files.secrets)[SECRET] === undefined;
    if (mayWait) detail(`the KV namespace ${this.#title} exists; waiting 20 s, in case somebody is deploying its worker now`);
    const secrets = mayWait ? await this.#standing.waitForOthers() : await this.#standing.secrets();
    if (secrets !== undefined) throw new Stop("somebody else has deployed the worker meanwhile. Run the command again");
    return created ?? found ?? this.#findNamespace();
  }

  async #probe(cloudflare, issuer, version) {
    const probe = new Probe(issuer, { name: this.#deployment.name, version });
    let told = "";
    const waiting = (reason) => {
      if (reason !== told) detail(`not yet: ${reason}`);
      told = reason;
    };
    const patience = { isFirst: this.#before === undefined, waiting };
    try {
      const metadata = await probe.until(() => probe.metadata(), patience);
      detail("metadata: as it should be");
      const keys = await probe.until(() => probe.keys(metadata), patience);
      detail(`keys: ${keys.map(({ alg, kid }) => `${alg} ${kid}`).join(", ")}`);
      const registry = new ClientRegistry(cloudflare, { account: this.account, namespace: this.#namespace });
      await probe.until(async () => {
        const { token, keys: published } = await probe.token(metadata, registry);
        verifyToken(token, published);
      }, patience);
      detail("token: signed, and verifies with the keys");
    } catch (error) {
      if (error instanceof NotWorking) await this.#offerRollback(error.message);
      throw error;
    }
  }

  // Throws `Stop`, after a rollback if the user wants one.
  async #offerRollback(reason) {
    const previous = this.#before?.versions[0]?.version_id;
    const failed = `the new version is deployed, but ${reason}`;
    if (previous === undefined) throw new Stop(`${failed}.\nThere is no version before it to return to`);
    if (pendingMigrations(this.#before.migration).length > 0) {
      throw new Stop(`${failed}.\nThis deployment added classes, so the version before can't come back (docs/deploy.md)`);
    }
    const args = ["rollback", previous, "--config", this.#files.configuration];
    const command = `npx wrangler ${args.join(" ")}`;
    if (!isInteractive() || !/^y(es)?$/i.test(await ask(`${failed}.\nReturn to the version before? [y/N]`))) {
      throw new Stop(`${failed}.\nTo return to the version before:\n  ${command}`);
    }
    const { status, stderr } = await runWrangler([...args, "--yes", "--message", "The new version did not work"]);
    throw new Stop(status === 0 ? `${failed}. The version before is back` : `the rollback failed: ${stderr.trim()}\n  ${command}`);
  }

  async #conclude(cloudflare, issuer) {
    const { configuration, secrets: file } = this.#files;
    const copy = readSecrets(file)[SECRET];
    const keys = await publishedKeys(cloudflare, { account: this.account, namespace: this.#namespace });
    if (copy !== undefined && opensNewest(keys, copy) === false) {
      say(`warning: the keys are sealed with another secret than the one in ${file}. That copy can't bring this deployment back`);
    }
    if (this.#before === undefined) {
      console.log(`
  The secret of this deployment was written to ${file}. Keep a copy in a safe
  place: without it, no backup and no other account can open what is stored.`);
    } else if (this.#before.secrets.includes(PREVIOUS)) {
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

  // What stands at Cloudflare after a failure.
  async whatStands() {
    if (!this.#hasUploaded) return "nothing was uploaded";
    try {
      if ((await this.#standing.secrets()) === undefined) {
        return `no worker ${this.#deployment.name} exists. The KV namespace and ${this.#files.secrets} are used again by the next make deploy`;
      }
      const { versions } = await this.#standing.version();
      const ids = versions.map(({ version_id: id, percentage }) => `${id} (${percentage}%)`).join(", ");
      const previous = this.#before?.versions[0]?.version_id;
      const isPrevious = versions.length === 1 && versions[0].version_id === previous;
      return isPrevious ? `version ${previous} still serves, as before` : `deployed now: ${ids}`;
    } catch (error) {
      return `what is deployed now can't be read: ${error.message}`;
    }
  }
}

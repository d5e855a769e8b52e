// One deployment, in four steps: check, describe the changes, upload, and verify that the issuer works.
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
  // What was deployed before; undefined for a first deployment.
  #before;
  #hasUploaded = false;
  #namespace;

  // `secretFile` is a path. Throws `Stop` if `environment` can't be the name of one.
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

  // Reads the file of the deployment and what is deployed at Cloudflare.
  async #find(cloudflare) {
    const isMade = makeSettings(this.#files);
    this.#deployment = readDeployment(this.#files, this.#given.settings);
    this.account = await findAccount(cloudflare, this.#deployment);
    this.#standing = new Standing(cloudflare, { account: this.account, name: this.#deployment.name });
    const secrets = await this.#standing.secrets();
    if (isMade) say(`created ${this.#files.file} for the settings of this deployment`);
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
      const shares = this.#before.versions.map(({ version_id: id, percentage }) => `  ${percentage}%  ${id}`);
      const command = `npx wrangler versions deploy --name ${this.#deployment.name}`;
      throw new Stop(`a gradual rollout is under way:\n${shares.join("\n")}\nFinish it first: ${command}`);
    }
  }

  async #chooseSecrets(cloudflare) {
    const id = await this.#findNamespace();
    const hasKeys = this.#before !== undefined && id !== undefined;
    const keys = hasKeys ? await publishedKeys(cloudflare, { account: this.account, namespace: id }) : undefined;
    const { secrets: standing, exposed } = this.#before ?? {};
    return chooseSecrets(this.#files, this.#given, { standing, exposed, keys });
  }

  // Returns the ID of the KV namespace: the one in the file, the worker's, or the one with the title; undefined if there
  // is none.
  async #findNamespace() {
    const known = this.#deployment.namespace ?? this.#before?.namespace;
    this.#namespace ??= known ?? (await this.#standing.namespace(this.#title));
    return this.#namespace;
  }

  get #title() {
    return `${this.#deployment.name}-kv`;
  }

  // Returns the issuer.
  async #check(secrets) {
    const { name, domain } = this.#deployment;
    const owner = domain === undefined ? undefined : await this.#standing.ownerOf(domain, name);
    if (owner !== undefined) {
      throw new Stop(`${domain} belongs to the worker ${owner}. Remove it there, or choose another domain`);
    }
    const jurisdiction = this.#deployment.settings.JURISDICTION;
    if (this.#before !== undefined && jurisdiction !== this.#before.settings.JURISDICTION) {
      const was = this.#before.settings.JURISDICTION ?? "not set";
      throw new Stop(`JURISDICTION was ${was} when the objects were created, and other objects would have no accounts. Set it back in ${this.#files.file}`);
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
    // Written before the upload: if the response to the upload gets lost, the secret doesn't.
    if (Object.keys(written).length > 0) writeSecrets(this.#files.secrets, written);
    const version = await this.#uploadVersion(uploaded);
    if (this.#before === undefined && (await this.#standing.countVersions()) > 1) {
      throw new Stop(
        `somebody else deployed ${this.#deployment.name} at the same time, and the worker may have their secret instead of the one in ${this.#files.secrets}. Run the command again: it says whether this copy is the right one`,
      );
    }
    return version;
  }

  // Uploads, and attaches a new domain only after checking that nothing else uses it. For a new worker that check comes
  // after the upload, because the API can't answer before.
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

  // Finds or creates the KV namespace. Of several simultaneous first deployments, only one creates it. The others wait
  // whether a worker appears, and so does one that finds the namespace of a deleted deployment, since it can't tell the
  // two apart: its secret must never replace another's (docs/decisions/secrets-of-first-deployments.md).
  async #claimNamespace() {
    const found = await this.#findNamespace();
    if (this.#before !== undefined) return found ?? this.#standing.createNamespace(this.#title);
    const created = found === undefined ? await this.#standing.createNamespace(this.#title) : undefined;
    const mayWait = created === undefined && readSecrets(this.#files.secrets)[SECRET] === undefined;
    if (mayWait) {
      detail(`the KV namespace ${this.#title} exists; waiting 20 s, in case somebody else is deploying the worker now`);
    }
    const secrets = mayWait ? await this.#standing.waitForOthers() : await this.#standing.secrets();
    if (secrets !== undefined) throw new Stop("somebody else has deployed the worker meanwhile. Run the command again to deploy over it");
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
      detail("metadata: names this issuer");
      const keys = await probe.until(() => probe.keys(metadata), patience);
      detail(`keys: ${keys.map(({ alg, kid }) => `${alg} ${kid}`).join(", ")}`);
      const registry = new ClientRegistry(cloudflare, { account: this.account, namespace: this.#namespace });
      await probe.until(async () => {
        const { token, keys: published } = await probe.token(metadata, registry);
        verifyToken(token, published);
      }, patience);
      detail("token: its signature verifies with a published key");
    } catch (error) {
      if (error instanceof NotWorking) await this.#offerRollback(error.message);
      throw error;
    }
  }

  // Rolls back if the user agrees. Always throws `Stop`.
  async #offerRollback(reason) {
    const previous = this.#before?.versions[0]?.version_id;
    const failed = `the new version is deployed, but it doesn't work: ${reason}`;
    if (previous === undefined) throw new Stop(`${failed}.\nThere is no previous version to roll back to. Fix the cause and deploy again`);
    if (pendingMigrations(this.#before.migration).length > 0) {
      throw new Stop(`${failed}.\nThis deployment had a migration, so it can't be rolled back. Fix the cause and deploy again`);
    }
    const args = ["rollback", previous, "--config", this.#files.configuration];
    const command = `npx wrangler ${args.join(" ")}`;
    if (!isInteractive() || !/^y(es)?$/i.test(await ask(`${failed}.\nRoll back to the previous version? [y/N]`))) {
      throw new Stop(`${failed}.\nTo roll back to the previous version:\n  ${command}`);
    }
    const { status, stderr } = await runWrangler([...args, "--yes", "--message", "The new version did not work"]);
    if (status !== 0) throw new Stop(`${failed}, and the rollback failed: ${stderr.trim()}\nTry again:\n  ${command}`);
    throw new Stop(`${failed}.\nThe previous version serves again`);
  }

  async #conclude(cloudflare, issuer) {
    const { configuration, secrets: file } = this.#files;
    const copy = readSecrets(file)[SECRET];
    const keys = await publishedKeys(cloudflare, { account: this.account, namespace: this.#namespace });
    if (copy !== undefined && opensNewest(keys, copy) === false) {
      say(`warning: the keys are sealed with another secret than the one in ${file}, so that copy can't restore this deployment. Replace it by the right one`);
    }
    if (this.#before === undefined) {
      console.log(`
  The secret of this deployment is in ${file}. Keep a copy in a safe place:
  Cloudflare never shows it again, and without it nothing can open what is sealed.`);
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

  // Says what is deployed after a failure.
  async whatStands() {
    if (!this.#hasUploaded) return "nothing was uploaded";
    try {
      if ((await this.#standing.secrets()) === undefined) {
        return `no worker ${this.#deployment.name} exists. The next deployment uses the KV namespace and ${this.#files.secrets} again`;
      }
      const { versions } = await this.#standing.version();
      const ids = versions.map(({ version_id: id, percentage }) => `${id} (${percentage}%)`).join(", ");
      const previous = this.#before?.versions[0]?.version_id;
      const isPrevious = versions.length === 1 && versions[0].version_id === previous;
      return isPrevious ? `version ${previous} still serves, as before` : `deployed now: ${ids}`;
    } catch (error) {
      return `can't find out what is deployed now: ${error.message}`;
    }
  }
}

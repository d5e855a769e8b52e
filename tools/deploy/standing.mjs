// Reads what exists at Cloudflare: the account, the worker with its settings and secrets, and the KV namespace.
import { setTimeout as pause } from "node:timers/promises";
import { Refused } from "./cloudflare.mjs";
import { KV } from "./configuration.mjs";
import { credentials } from "./credentials.mjs";
import { isSecret } from "./secrets.mjs";
import { ask, isInteractive, Stop } from "./terminal.mjs";

// How long to wait for another user's first deployment to finish, in milliseconds.
const OTHERS_TIME = 20_000;
// The types of the bindings that a deployment has.
const OURS = ["plain_text", "json", "secret_text", "durable_object_namespace", "kv_namespace"];
// The error code for a KV namespace whose title is taken.
const TITLE_EXISTS = 10014;

// The account for the deployment: the configured one, or the only one. If there are several, the user chooses. Returns
// its ID, and whether the user chose it.
export async function findAccount(cloudflare, deployment) {
  const named = deployment.account ?? credentials().CLOUDFLARE_ACCOUNT_ID;
  if (named) return { id: named, isChosen: false };
  const accounts = await readAccounts(cloudflare);
  if (accounts.length === 1) return { id: accounts[0].id, isChosen: false };
  const list = accounts.map(({ id, name }, index) => `  ${index + 1}  ${id}  ${name}`).join("\n");
  if (!isInteractive()) {
    throw new Stop(`these credentials are for several accounts. Set account_id in ${deployment.file} to one of these:\n${list}`);
  }
  console.log(`\n${list}\n`);
  const chosen = accounts[Number(await ask(`Which account, 1 to ${accounts.length}?`)) - 1];
  if (chosen === undefined) throw new Stop("no account was chosen; nothing was uploaded");
  return { id: chosen.id, isChosen: true };
}

// Some tokens may list accounts, others memberships, and some neither.
async function readAccounts(cloudflare) {
  let refusal;
  for (const path of ["/accounts", "/memberships"]) {
    try {
      const items = await cloudflare.list(path);
      const accounts = items.map((item) => item.account ?? item).filter(({ id }) => id !== undefined);
      if (accounts.length > 0) return accounts;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refusal ??= error;
    }
  }
  // A token that belongs to an account can't be verified without the account's ID. So a token counts as wrong only if
  // Cloudflare's message says so too.
  const isUnknown = refusal !== undefined && /invalid/i.test(refusal.message) && !(await cloudflare.isAccepted());
  if (isUnknown) throw refusal;
  throw new Stop("these credentials can't list accounts. Set account_id in the file of the deployment, or CLOUDFLARE_ACCOUNT_ID");
}

export class Standing {
  #cloudflare;
  #accountId;
  #name;

  constructor(cloudflare, { account, name }) {
    this.#cloudflare = cloudflare;
    this.#accountId = account;
    this.#name = name;
  }

  get #account() {
    return `/accounts/${this.#accountId}`;
  }

  get #script() {
    return `${this.#account}/workers/scripts/${this.#name}`;
  }

  // Returns the names of the worker's secrets; undefined if the worker doesn't exist. Two different requests must
  // confirm that, because otherwise a wrong response would let a new secret replace the old one
  // (docs/decisions/secrets-of-first-deployments.md).
  async secrets() {
    try {
      return (await this.#cloudflare.all(`${this.#script}/secrets`)).map(({ name }) => name);
    } catch (error) {
      if (!(error instanceof Refused && error.isNoWorker)) throw error;
    }
    try {
      await this.#cloudflare.get(`${this.#account}/workers/services/${this.#name}`);
    } catch (error) {
      if (error instanceof Refused && error.isNoWorker) return undefined;
      throw error;
    }
    throw new Stop("Cloudflare gave contradictory answers on whether the worker exists. Try again in a minute");
  }

  // Returns what is deployed: `settings` and `exposed` by name, the ID of the KV `namespace`, the Durable Object
  // `classes`, the `versions` with their percentages, the tag of the last `migration`, and the `domain` if there is one.
  async version() {
    const [{ bindings = [], migration_tag: tag }, versions, domain, scripts] = await Promise.all([
      this.#cloudflare.get(`${this.#script}/settings`),
      this.versions(),
      this.#domain(),
      this.#cloudflare.all(`${this.#account}/workers/scripts`).catch(() => []),
    ]);
    const settings = bindings.flatMap((binding) => {
      if (binding.type === "plain_text") return [[binding.name, binding.text]];
      return binding.type === "json" ? [[binding.name, binding.json]] : [];
    });
    return {
      domain,
      versions,
      settings: Object.fromEntries(settings.filter(([setting]) => !isSecret(setting))),
      // Secrets that were deployed as plain settings, so that everyone with access to the worker can read them.
      exposed: Object.fromEntries(settings.filter(([setting]) => isSecret(setting))),
      namespace: bindings.find((binding) => binding.type === "kv_namespace" && binding.name === KV)?.namespace_id,
      others: bindings.filter((binding) => !OURS.includes(binding.type)).map(({ name: binding, type }) => `${binding} (${type})`),
      classes: bindings.flatMap((binding) => (binding.type === "durable_object_namespace" ? [binding.class_name] : [])),
      migration: tag ?? scripts.find(({ id }) => id === this.#name)?.migration_tag,
    };
  }

  // The deployments, newest first.
  async #deployments() {
    return (await this.#cloudflare.get(`${this.#script}/deployments`)).deployments ?? [];
  }

  // The deployed versions with their percentages.
  async versions() {
    return (await this.#deployments())[0]?.versions ?? [];
  }

  // The ID of the version that was deployed before this one, and whether this one is the only one deployed.
  async predecessor(version) {
    const deployments = await this.#deployments();
    const alone = ({ versions }) => versions.length === 1 && versions[0].version_id === version;
    return { isDeployed: deployments.length > 0 && alone(deployments[0]), id: deployments.find((entry) => !alone(entry))?.versions[0]?.version_id };
  }

  // The ID of the deployed version if it has this tag: an upload whose response was lost.
  async deployedVersionWith(tag) {
    const [{ items = [] }, deployed] = await Promise.all([this.#cloudflare.get(`${this.#script}/versions`), this.versions()]);
    const tagged = items.filter(({ annotations }) => annotations?.["workers/tag"] === tag).map(({ id }) => id);
    return deployed.map(({ version_id: id }) => id).find((id) => tagged.includes(id));
  }

  // The account's subdomain of workers.dev; undefined if it has none.
  async subdomain() {
    try {
      return (await this.#cloudflare.get(`${this.#account}/workers/subdomain`)).subdomain;
    } catch (error) {
      if (error instanceof Refused && error.codes.includes(10007)) return undefined;
      throw error;
    }
  }

  // Throws `Stop` if a host name is in no zone of the account: the upload would succeed, but no request would reach the
  // worker. Skipped if the token may not list zones, because it then gets an empty list.
  async checkZones(hosts, file) {
    const zones = (await this.#cloudflare.list(`/zones?account.id=${this.#accountId}`).catch(() => [])).map(({ name }) => name);
    const isInside = (host) => zones.some((zone) => host === zone || host.endsWith(`.${zone}`));
    const outside = hosts.find((host) => !isInside(host));
    if (zones.length === 0 || outside === undefined) return;
    throw new Stop(`${outside} is in no zone of this account, which has ${zones.slice(0, 10).join(", ")}. Correct ${file}, or add the zone in Cloudflare's dashboard`);
  }

  // Throws `Refused` if these credentials may not use the KV namespace.
  async checkNamespace(id) {
    await this.#cloudflare.get(`${this.#account}/storage/kv/namespaces/${id}`);
  }

  // The name of another worker to which the domain belongs.
  async ownerOf(domain) {
    const domains = await this.#domains(`hostname=${domain}`);
    return domains.find((entry) => entry.hostname === domain && entry.service !== this.#name)?.service;
  }

  // Throws `Stop` if the domain has another DNS record, which wrangler would replace without asking. The API can check
  // this only for an existing worker.
  async checkDomain(domain) {
    const path = `${this.#script}/domains/changeset?replace_state=true`;
    const { conflicting = [] } = await this.#cloudflare.post(path, [{ hostname: domain }]);
    if (conflicting.length > 0) {
      throw new Stop(`${domain} has a DNS record already, and a deployment would replace it. Remove the record in Cloudflare's dashboard, or choose another domain`);
    }
  }

  // The worker's domain; undefined if it has none.
  async #domain() {
    const domains = await this.#domains(`service=${this.#name}`);
    return domains.find((entry) => entry.service === this.#name)?.hostname;
  }

  #domains = (query) => this.#cloudflare.all(`${this.#account}/workers/domains?${query}`);

  // Whether the worker has its address at workers.dev.
  async isAtWorkersDev() {
    return (await this.#cloudflare.get(`${this.#script}/subdomain`)).enabled === true;
  }

  // Detaches the domain from the worker. Wrangler keeps a domain that is no longer in its configuration.
  async detach(domain) {
    const domains = await this.#domains(`hostname=${domain}`);
    for (const { id, hostname } of domains) {
      if (hostname === domain) await this.#cloudflare.delete(`${this.#account}/workers/domains/${id}`);
    }
  }

  // The ID of the KV namespace with this title; undefined if there is none.
  async namespace(title) {
    const namespaces = await this.#cloudflare.list(`${this.#account}/storage/kv/namespaces`);
    return namespaces.find((namespace) => namespace.title === title)?.id;
  }

  // Creates the KV namespace and returns its ID; undefined if the title has been taken meanwhile.
  async createNamespace(title) {
    try {
      return (await this.#cloudflare.post(`${this.#account}/storage/kv/namespaces`, { title })).id;
    } catch (error) {
      if (error instanceof Refused && error.codes.includes(TITLE_EXISTS)) return undefined;
      throw error;
    }
  }

  // Waits for a worker that another user may be deploying for the first time. Returns the names of its secrets, or
  // undefined if no worker appears.
  async waitForOthers() {
    for (const end = performance.now() + OTHERS_TIME; performance.now() < end; ) {
      await pause(2_000);
      const secrets = await this.secrets();
      if (secrets !== undefined) return secrets;
    }
    return undefined;
  }
}

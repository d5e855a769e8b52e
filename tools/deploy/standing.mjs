// Reads what is deployed at Cloudflare: the account, the worker with its settings and secrets, and the KV namespace.
import { writeFileSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Refused } from "./cloudflare.mjs";
import { KV } from "./configuration.mjs";
import { isSecret } from "./secrets.mjs";
import { ask, isInteractive, say, Stop } from "./terminal.mjs";

// How long to wait for somebody else's first deployment to finish, in milliseconds.
const OTHERS_TIME = 20_000;
// The API's code for a KV namespace whose title is taken.
const TITLE_EXISTS = 10014;

// Returns the ID of the account to deploy to: the one that is named, or the only one. With several, the user chooses.
export async function findAccount(cloudflare, deployment) {
  const named = deployment.account ?? process.env.CLOUDFLARE_ACCOUNT_ID;
  if (named) return named;
  const accounts = await readAccounts(cloudflare);
  if (accounts.length === 1) return accounts[0].id;
  const list = accounts.map(({ id, name }, index) => `  ${index + 1}  ${id}  ${name}`).join("\n");
  if (!isInteractive()) {
    throw new Stop(`these credentials are for several accounts. Set account_id in ${deployment.file} to one of these:\n${list}`);
  }
  console.log(`\n${list}\n`);
  const chosen = accounts[Number(await ask(`Which account, 1 to ${accounts.length}?`)) - 1];
  if (chosen === undefined) throw new Stop("that is no number of the list. Run the command again");
  const text = readFileSync(deployment.file, "utf8");
  writeFileSync(deployment.file, text.replace(/^name = .*$/m, `$&\naccount_id = "${chosen.id}"`));
  say(`wrote account_id into ${deployment.file}`);
  return chosen.id;
}

// Some tokens may list accounts, others memberships, and others neither.
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
  // An account's own token can't be verified without the account's ID. So a token counts as wrong only if Cloudflare's
  // message says so, too.
  const isUnknown = refusal !== undefined && /invalid/i.test(refusal.message) && !(await cloudflare.isAccepted());
  if (isUnknown) throw refusal;
  throw new Stop("these credentials can't list accounts. Set account_id in the file of the deployment, or CLOUDFLARE_ACCOUNT_ID");
}

export class Standing {
  #cloudflare;
  #account;
  #script;

  constructor(cloudflare, { account, name }) {
    this.#cloudflare = cloudflare;
    this.#account = `/accounts/${account}`;
    this.#script = `${this.#account}/workers/scripts/${name}`;
  }

  // Returns the names of the worker's secrets; undefined if the worker doesn't exist, which two different requests must
  // confirm: a wrong answer would let a new secret replace the old one (docs/decisions/secrets-of-first-deployments.md).
  async secrets() {
    try {
      return (await this.#cloudflare.get(`${this.#script}/secrets`)).map(({ name }) => name);
    } catch (error) {
      if (!(error instanceof Refused && error.isNoWorker)) throw error;
    }
    const service = this.#script.replace("/scripts/", "/services/");
    try {
      await this.#cloudflare.get(service);
    } catch (error) {
      if (error instanceof Refused && error.isNoWorker) return undefined;
      throw error;
    }
    throw new Stop("Cloudflare gave contradictory answers on whether the worker exists. Try again in a minute");
  }

  // Returns what is deployed: `settings` and `exposed` by name, the ID of the KV `namespace`, the Durable Object
  // `classes`, the `versions` with their percentages, and the tag of the last `migration`.
  async version() {
    const [{ bindings = [], migration_tag: tag }, { deployments = [] }, scripts] = await Promise.all([
      this.#cloudflare.get(`${this.#script}/settings`),
      this.#cloudflare.get(`${this.#script}/deployments`),
      this.#cloudflare.get(`${this.#account}/workers/scripts`).catch(() => []),
    ]);
    const settings = bindings.flatMap((binding) => {
      if (binding.type === "plain_text") return [[binding.name, binding.text]];
      return binding.type === "json" ? [[binding.name, binding.json]] : [];
    });
    const name = this.#script.split("/").at(-1);
    return {
      settings: Object.fromEntries(settings.filter(([setting]) => !isSecret(setting))),
      // Secrets that somebody deployed as plain settings, which everyone with access to the worker can read.
      exposed: Object.fromEntries(settings.filter(([setting]) => isSecret(setting))),
      namespace: bindings.find((binding) => binding.type === "kv_namespace" && binding.name === KV)?.namespace_id,
      classes: bindings.flatMap((binding) => (binding.type === "durable_object_namespace" ? [binding.class_name] : [])),
      versions: deployments[0]?.versions ?? [],
      migration: tag ?? scripts.find(({ id }) => id === name)?.migration_tag,
    };
  }

  // How many versions the worker has had.
  async countVersions() {
    const { items } = await this.#cloudflare.get(`${this.#script}/versions`);
    return items.length;
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

  // The name of the other worker that has the domain; undefined if none has.
  async ownerOf(domain, name) {
    const path = `${this.#account}/workers/domains?hostname=${domain}`;
    const domains = await this.#cloudflare.get(path).catch(() => []);
    return domains.find((entry) => entry.hostname === domain && entry.service !== name)?.service;
  }

  // Throws `Stop` if the domain has a DNS record of something else, which wrangler would replace without a question. The
  // API can tell only for a worker that exists.
  async checkDomain(domain) {
    const path = `${this.#script}/domains/changeset?replace_state=true`;
    const { conflicting = [] } = await this.#cloudflare.post(path, [{ hostname: domain }]);
    if (conflicting.length > 0) {
      throw new Stop(`${domain} has a DNS record already, and a deployment would replace it. Remove the record in Cloudflare's dashboard, or choose another domain`);
    }
  }

  // The worker's domain; undefined if it has none.
  async domainOf(name) {
    const domains = await this.#cloudflare.get(`${this.#account}/workers/domains?service=${name}`).catch(() => []);
    return domains.find((entry) => entry.service === name)?.hostname;
  }

  // The ID of the KV namespace with this title; undefined if there is none.
  async namespace(title) {
    const namespaces = await this.#cloudflare.list(`${this.#account}/storage/kv/namespaces`);
    return namespaces.find((namespace) => namespace.title === title)?.id;
  }

  // Creates the KV namespace and returns its ID; undefined if the title is taken by now.
  async createNamespace(title) {
    try {
      return (await this.#cloudflare.post(`${this.#account}/storage/kv/namespaces`, { title })).id;
    } catch (error) {
      if (error instanceof Refused && error.codes.includes(TITLE_EXISTS)) return undefined;
      throw error;
    }
  }

  // Waits for a worker that somebody else may be deploying for the first time. Returns the names of its secrets, or
  // undefined if none appears.
  async waitForOthers() {
    for (const end = Date.now() + OTHERS_TIME; Date.now() < end; ) {
      await pause(2_000);
      const secrets = await this.secrets();
      if (secrets !== undefined) return secrets;
    }
    return undefined;
  }
}

// Workers, which the API calls scripts: their versions and deployments.
import { ApiError, migratedSince, migrationInVersion, noNamespace, secretsChanged, versionNotFound } from "./errors.mjs";
import { newId, newVersionId, now, sha256 } from "./identifiers.mjs";
import { checkExports, migrate } from "./migrations.mjs";
import { checkBindings, checkCode, resolveBindings } from "./upload.mjs";

// A rollback can go to one of this many versions.
const MAX_DEPLOYABLE = 100;

export class Script {
  tag = newId();
  tags = [];
  createdOn = now();
  modifiedOn = this.createdOn;
  // The oldest first; versions are never changed.
  versions = [];
  deployments = [];
  // The Durable Object classes that the migrations have made.
  migrated = { tag: undefined, classes: new Map() };
  // At workers.dev. A new worker has neither, until it is enabled.
  subdomain = { enabled: false, previews_enabled: false };
  // Settings that belong to no version.
  settings = { logpush: false, tail_consumers: [], observability: { enabled: false } };
  schedules = [];
  // How many more requests the deployment before gets.
  lag = 0;

  constructor(account, name) {
    Object.assign(this, { account, name });
  }

  get latest() {
    return this.versions.at(-1);
  }

  get deployment() {
    return this.deployments.at(-1);
  }

  // The version that most requests get.
  get current() {
    const { versions } = this.deployment;
    return this.version(versions.toSorted((a, b) => b.percentage - a.percentage)[0].version_id);
  }

  get deployable() {
    return this.versions.slice(-MAX_DEPLOYABLE).reverse();
  }

  version(id) {
    const version = this.versions.find((candidate) => candidate.id === id);
    if (version === undefined) throw versionNotFound(id);
    return version;
  }

  // The text of a secret in the current version, for tests: no endpoint returns it.
  secret(name) {
    return this.current.bindings.find((binding) => binding.name === name && binding.type === "secret_text")?.text;
  }

  // Adds a version from an upload. Nothing changes if it is refused.
  addVersion({ upload, by, trigger, strict, mayMigrate }) {
    const { metadata, modules } = upload;
    checkCode(upload, this.account.sizeLimit);
    if (metadata.migrations && !mayMigrate) throw migrationInVersion();
    const migrated = migrate(this.migrated, metadata.migrations);
    const main = metadata.main_module ?? metadata.body_part;
    checkExports(migrated.classes, modules.find(({ name }) => name === main).content.toString());
    const bindings = resolveBindings(metadata, this.latest, strict);
    checkBindings(bindings, { classes: migrated.classes, kv: this.account.kv });
    this.migrated = migrated;
    if (metadata.observability) this.settings.observability = metadata.observability;
    return this.#add({
      by, main, modules, bindings,
      annotations: { ...metadata.annotations, "workers/triggered_by": trigger },
      date: metadata.compatibility_date, flags: metadata.compatibility_flags ?? [],
    });
  }

  // A version with the code of the latest one and other bindings.
  addBindings(bindings, { by }) {
    const { main, modules, date, flags } = this.latest;
    return this.#add({ by, main, modules, bindings, date, flags, annotations: { "workers/triggered_by": "secret" } });
  }

  #add({ by, ...content }) {
    const version = {
      id: newVersionId(), number: this.versions.length + 1, createdOn: now(), source: by,
      migrationTag: this.migrated.tag, etag: sha256(...content.modules.map((module) => module.content)), ...content,
    };
    this.versions.push(version);
    this.modifiedOn = version.createdOn;
    return version;
  }

  // `versions` are `{ version_id, percentage }`; see `POST …/deployments`.
  deploy(versions, { by, annotations = {}, force = false }) {
    const sum = versions.reduce((total, { percentage }) => total + percentage, 0);
    if (versions.length === 0 || versions.length > 2 || Math.abs(sum - 100) > 0.01) {
      throw new ApiError(400, 10021, "A deployment needs one or two versions whose percentages add up to 100.");
    }
    const targets = versions.map(({ version_id: id }) => this.version(id));
    for (const target of targets) this.#checkDeployable(target, force);
    const identity = { id: newVersionId(), source: by, strategy: "percentage", created_on: now() };
    const deployment = { ...identity, annotations, versions };
    this.deployments.push(deployment);
    this.lag = this.account.lag;
    this.modifiedOn = deployment.created_on;
    return deployment;
  }

  // Which rollbacks are refused: https://developers.cloudflare.com/workers/versions-and-deployments/rollbacks/
  #checkDeployable(target, force) {
    if (target.migrationTag !== this.migrated.tag) throw migratedSince();
    for (const { type, namespace_id: id } of target.bindings) {
      if (type === "kv_namespace" && !this.account.kv.has(id)) throw noNamespace(id);
    }
    if (force || this.deployment === undefined || target.number >= this.current.number) return;
    const [old, current] = [secretsOf(target), secretsOf(this.current)];
    const names = new Set([...old.keys(), ...current.keys()]);
    const changed = [...names].filter((name) => old.get(name) !== current.get(name));
    if (changed.length > 0) throw secretsChanged(changed);
  }
}

const secretsOf = ({ bindings }) =>
  new Map(bindings.filter(({ type }) => type === "secret_text").map(({ name, text }) => [name, text]));

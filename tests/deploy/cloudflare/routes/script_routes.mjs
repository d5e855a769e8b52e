// Uploading, describing and deleting workers. https://developers.cloudflare.com/api/resources/workers/
import { environmentNotFound, malformed, scriptNotFound, serviceNotFound } from "../errors.mjs";
import { Answer, paged } from "../router.mjs";
import { Script } from "../scripts.mjs";
import { parseForm } from "../upload.mjs";
import { bindingView } from "./views.mjs";

export const SCRIPTS = "/accounts/:account/workers/scripts";
export const SCRIPT = `${SCRIPTS}/:script`;
const SERVICE = "/accounts/:account/workers/services/:script";
const NAME = /^[a-z0-9_][a-z0-9_-]{0,62}$/;

// Handlers of these routes get the `account`.
export const forAccount = (router, permission) => (method, shape, handle) =>
  router.add(method, shape, (call) => {
    const account = call.accounts.open(call.params.account, call.token, permission);
    return handle({ ...call, account });
  });

// Handlers of these routes get the `script`, which must exist.
export const forScript = (router, missing = scriptNotFound, permission = "scripts") => (method, shape, handle) =>
  forAccount(router, permission)(method, shape, (call) => {
    const script = call.account.script(call.params.script);
    if (script === undefined) throw missing();
    return handle({ ...call, script });
  });

export function addScriptRoutes(router) {
  const withAccount = forAccount(router, "scripts");
  const withScript = forScript(router);
  withAccount("GET", SCRIPTS, ({ account }) => [...account.scripts.values()].map(scriptView));
  withAccount("PUT", SCRIPT, upload);
  withScript("GET", SCRIPT, ({ script }) => {
    const [{ content, type }] = script.latest.modules;
    return new Answer({ raw: content, headers: { "content-type": type } });
  });
  withScript("DELETE", SCRIPT, remove);
  withScript("GET", `${SCRIPT}/settings`, ({ script }) => settingsView(script));
  withScript("GET", `${SCRIPT}/script-settings`, ({ script }) => ({ ...script.settings, tags: script.tags }));
  withScript("PATCH", `${SCRIPT}/script-settings`, ({ script, json }) => {
    const { tags, ...settings } = json();
    if (tags) script.tags = tags;
    Object.assign(script.settings, settings);
    return { ...script.settings, tags: script.tags };
  });
  addServiceRoutes(forScript(router, serviceNotFound));
  // `wrangler delete` asks whether something needs the worker, and whether its Durable Objects run containers.
  const none = { services: { incoming: [], outgoing: [] }, durable_objects: [], dispatch_outbounds: [] };
  withScript("GET", `${SCRIPT}/references`, () => none);
  withAccount("GET", "/accounts/:account/workers/tails/by-consumer/:script", () => []);
  const NAMESPACES = "/accounts/:account/workers/durable_objects/namespaces";
  withAccount("GET", NAMESPACES, ({ account, query }) => paged(namespaces(account), query));
  withAccount("GET", "/accounts/:account/containers/me", () => ({ external_account_id: "", limits: {} }));
  withAccount("GET", "/accounts/:account/containers/applications", () => []);
}

function addServiceRoutes(withService) {
  const withEnvironment = (method, shape, handle) =>
    withService(method, shape, (call) => {
      if (call.params.environment !== "production") throw environmentNotFound();
      return handle(call);
    });
  const ENVIRONMENT = `${SERVICE}/environments/:environment`;
  withService("GET", SERVICE, ({ script }) => serviceView(script));
  withService("DELETE", SERVICE, remove);
  withEnvironment("GET", ENVIRONMENT, ({ script }) => environmentView(script));
  withEnvironment("GET", `${ENVIRONMENT}/bindings`, ({ script }) => script.latest.bindings.map(bindingView));
  withEnvironment("GET", `${ENVIRONMENT}/subdomain`, ({ script }) => script.subdomain);
  withEnvironment("GET", `${ENVIRONMENT}/routes`, ({ script, accounts }) => {
    const all = [...accounts.zones.values()].flatMap(({ name, routes }) => routes.map((route) => ({ ...route, zone_name: name })));
    return all.filter((route) => route.script === script.name);
  });
}

// A PUT deploys what it uploads, in one step.
async function upload({ account, params, query, headers, body, by }) {
  if (!NAME.test(params.script)) throw malformed("script name");
  const form = await parseForm(headers, body);
  // Looked up only now: another upload may have made it meanwhile.
  const script = account.script(params.script) ?? new Script(account, params.script);
  const strict = query.get("bindings_inherit") === "strict";
  const version = script.addVersion({ upload: form, by, trigger: "upload", strict, mayMigrate: true });
  const message = form.metadata.annotations?.["workers/message"];
  const annotations = { "workers/triggered_by": "upload", ...(message && { "workers/message": message }) };
  script.deploy([{ version_id: version.id, percentage: 100 }], { by, annotations });
  script.lastDeployedFrom = by;
  account.scripts.set(params.script, script);
  const deployed = { startup_time_ms: 8, deployment_id: version.id.replaceAll("-", ""), entry_point: version.main };
  return { ...scriptView(script), ...deployed };
}

// Its objects are deleted with it; KV namespaces stay.
async function remove({ account, script, accounts, runtimes }) {
  account.scripts.delete(script.name);
  for (const [id, domain] of account.domains) if (domain.service === script.name) account.domains.delete(id);
  for (const zone of accounts.zones.values()) {
    if (zone.account === account) zone.routes = zone.routes.filter((route) => route.script !== script.name);
  }
  await runtimes.delete(script);
  return null;
}

const namespaces = (account) =>
  [...account.scripts.values()].flatMap((script) =>
    [...script.migrated.classes].map(([name, { id, sqlite }]) => ({
      id, name: `${script.name}_${name}`, script: script.name, class: name, use_sqlite: sqlite,
    })));

function scriptView(script) {
  const { latest } = script;
  return {
    id: script.name, tag: script.tag, tags: script.tags, etag: latest.etag, handlers: ["fetch"],
    created_on: script.createdOn, modified_on: script.modifiedOn, usage_model: "standard",
    last_deployed_from: script.lastDeployedFrom, has_assets: false, has_modules: true,
    compatibility_date: latest.date, compatibility_flags: latest.flags, ...script.settings,
    ...(script.migrated.tag !== undefined && { migration_tag: script.migrated.tag }),
  };
}

const settingsView = (script) => ({
  bindings: script.latest.bindings.map(bindingView), compatibility_date: script.latest.date,
  compatibility_flags: script.latest.flags, usage_model: "standard", tags: script.tags, placement: {},
  ...script.settings,
  ...(script.migrated.tag !== undefined && { migration_tag: script.migrated.tag }),
});

const environmentView = (script) => ({
  environment: "production", created_on: script.createdOn, modified_on: script.modifiedOn, script_tag: script.tag,
  script: scriptView(script),
});

const serviceView = (script) => ({
  id: script.name, created_on: script.createdOn, modified_on: script.modifiedOn, usage_model: "standard",
  default_environment: environmentView(script), environments: [environmentView(script)],
});

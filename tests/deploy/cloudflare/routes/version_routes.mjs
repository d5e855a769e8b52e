// Versions, deployments and secrets of a worker.
import { ApiError, latestNotDeployed } from "../errors.mjs";
import { Answer, paged } from "../router.mjs";
import { parseForm } from "../upload.mjs";
import { SCRIPT, forScript } from "./script_routes.mjs";
import { bindingView, deploymentView, versionDetail, versionView } from "./views.mjs";

// `GET …/deployments` returns this many, the latest first.
const DEPLOYMENTS = 10;

export function addVersionRoutes(router) {
  const withScript = forScript(router);
  withScript("GET", `${SCRIPT}/versions`, ({ script, query }) => {
    if (query.get("deployable") === "true") return { items: script.deployable.map(versionView) };
    const { result, info } = paged(script.versions.toReversed().map(versionView), query, { perPage: 10 });
    return new Answer({ result: { items: result }, info });
  });
  withScript("POST", `${SCRIPT}/versions`, async ({ script, query, headers, body, by }) => {
    const upload = await parseForm(headers, body);
    const strict = query.get("bindings_inherit") === "strict";
    const version = script.addVersion({ upload, by, trigger: "version_upload", strict, mayMigrate: false });
    return { ...versionDetail(version), startup_time_ms: 8 };
  });
  withScript("GET", `${SCRIPT}/versions/:version`, ({ script, params }) => versionDetail(script.version(params.version)));
  withScript("GET", `${SCRIPT}/deployments`, ({ script }) => ({
    deployments: script.deployments.slice(-DEPLOYMENTS).reverse().map(deploymentView),
  }));
  withScript("POST", `${SCRIPT}/deployments`, ({ script, query, json, by }) => {
    const { versions, annotations = {} } = json();
    const isOlder = script.version(versions[0].version_id).number < script.current.number;
    const annotated = { "workers/triggered_by": isOlder ? "rollback" : "deployment", ...annotations };
    const deployment = script.deploy(versions, { by, annotations: annotated, force: query.get("force") === "true" });
    script.lastDeployedFrom = by;
    return deploymentView(deployment);
  });
  addSecretRoutes(withScript);
}

function addSecretRoutes(withScript) {
  withScript("GET", `${SCRIPT}/secrets`, ({ script }) => secretsOf(script).map(bindingView));
  withScript("GET", `${SCRIPT}/secrets/:name`, ({ script, params }) => bindingView(openSecret(script, params.name)));
  withScript("PUT", `${SCRIPT}/secrets`, ({ script, json, by }) => {
    const { name, text } = json();
    change(script, by, { [name]: text });
    return { name, type: "secret_text" };
  });
  withScript("DELETE", `${SCRIPT}/secrets/:name`, ({ script, params, by }) => {
    openSecret(script, params.name);
    change(script, by, { [params.name]: null });
    return null;
  });
  // A merge patch (RFC 7396): `null` deletes a secret.
  withScript("PATCH", `${SCRIPT}/secrets-bulk`, ({ script, json, by }) => {
    const texts = Object.entries(json().secrets).map(([name, secret]) => [name, secret?.text ?? null]);
    change(script, by, Object.fromEntries(texts));
    return secretsOf(script).map(bindingView);
  });
}

const secretsOf = (script) => script.latest.bindings.filter(({ type }) => type === "secret_text");

function openSecret(script, name) {
  const secret = secretsOf(script).find((candidate) => candidate.name === name);
  if (secret === undefined) throw new ApiError(404, 10056, `Binding "${name}" not found`);
  return secret;
}

// Deploys a new version at once, so it is refused while another version than the latest is deployed.
function change(script, by, secrets) {
  const { versions } = script.deployment;
  if (versions.length > 1 || versions[0].version_id !== script.latest.id) throw latestNotDeployed();
  const bindings = script.latest.bindings.filter(({ name }) => !(name in secrets));
  for (const [name, text] of Object.entries(secrets)) {
    if (text !== null) bindings.push({ name, type: "secret_text", text });
  }
  const version = script.addBindings(bindings, { by });
  script.deploy([{ version_id: version.id, percentage: 100 }], { by, annotations: { "workers/triggered_by": "secret" } });
}

// Refuses changes that would lose data or break clients.
import { base } from "./configuration.mjs";
import { COMMAND, Stop } from "./terminal.mjs";

// A class that every deployment of Vestibule has.
const OWN_CLASS = "KeyRing";

// Whether the deployed worker is Vestibule; false if there is none.
export const isOurs = (before) => before?.classes.includes(OWN_CLASS) ?? false;

// Throws `Stop` for a worker of another program, because a deployment would replace it.
export function checkIsOurs({ name, file }, before) {
  if (isOurs(before)) return;
  throw new Stop(`there is a worker ${name} in this account that isn't Vestibule. Choose another name in ${file}`);
}

// Throws `Stop` if two versions are deployed, because a deployment would end the gradual rollout.
export function checkNoRollout({ configuration }, { versions }) {
  if (versions.length < 2) return;
  const shares = versions.map(({ version_id: id, percentage }) => `  ${percentage}%  ${id}`).join("\n");
  throw new Stop(`a gradual rollout is under way:\n${shares}\nFinish it first: npx wrangler versions deploy --config ${configuration}`);
}

// Throws `Stop` if a newer release has made a migration that this one doesn't know.
export function checkIsNotOlder({ migration }) {
  if (migration === undefined || base().migrations.some(({ tag }) => tag === migration)) return;
  throw new Stop(`a newer version of Vestibule is deployed: it has made the migration ${migration}, which this one doesn't know`);
}

// Throws `Stop` if the deployment would use other objects or another KV namespace.
export function checkStores(deployment, before) {
  const { settings, namespace, file } = deployment;
  if (settings.JURISDICTION !== before.settings.JURISDICTION) {
    const was = before.settings.JURISDICTION;
    const advice = was === undefined ? `Remove it from ${file}` : `Write JURISDICTION = "${was}" into ${file}`;
    throw new Stop(`JURISDICTION was ${was ?? "not set"} when the objects were created, and other objects would have no accounts. ${advice}`);
  }
  if (namespace !== undefined && before.namespace !== undefined && namespace !== before.namespace) {
    throw new Stop(`the worker uses the KV namespace ${before.namespace}. Another one would leave all clients behind: correct kv_namespace_id in ${file}`);
  }
}

// Throws `Stop` if the issuer would change, unless that is wanted.
export function checkIssuerStays({ was, becomes, isWanted }) {
  if (was === undefined || was === becomes || isWanted) return;
  throw new Stop(
    `the issuer would change from ${was} to ${becomes}. Every app knows the issuer, every token names it, and passwords saved in browsers belong to it.\nIf you want that: ${COMMAND} deploy NEW_ISSUER=yes`,
  );
}

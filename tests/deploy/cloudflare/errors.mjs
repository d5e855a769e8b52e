// The errors of Cloudflare's API: each has an HTTP status, a code and a message. Codes and messages that wrangler or
// Cloudflare's documentation name are used as they are there.

export class ApiError extends Error {
  constructor(status, code, message, { headers = {}, more = {} } = {}) {
    super(message);
    Object.assign(this, { status, code, headers, more });
  }
}

// Two endpoints report a missing worker with different codes: `scripts/…` with 10007, `services/…` with 10090.
export const scriptNotFound = () => new ApiError(404, 10007, "This Worker does not exist on your account.");
export const serviceNotFound = () => new ApiError(404, 10090, "workers.api.error.service_not_found");
export const environmentNotFound = () => new ApiError(404, 10092, "workers.api.error.environment_not_found");
export const versionNotFound = (id) => new ApiError(404, 100146, `Version ${id} was not found.`);
export const invalidUpload = (message) => new ApiError(400, 10021, message);
export const malformed = (message) => new ApiError(400, 10004, `workers.api.error.malformed_param: ${message}`);
export const tooLarge = (limit) =>
  new ApiError(400, 10027, `Your Worker exceeded the size limit of ${Math.round(limit / 1024 ** 2)} MiB. Refer to the ` +
    "Workers documentation (https://developers.cloudflare.com/workers/observability/errors/#errors-on-worker-upload) for more details.");
export const bindingWithoutClass = (name) =>
  new ApiError(400, 10061, `Cannot create binding for class '${name}' because it is not currently configured to ` +
    "implement Durable Objects.");
export const classNotExported = (name) =>
  new ApiError(400, 10070, `New version of script does not export class '${name}' which is depended on by existing ` +
    "Durable Objects.");
export const classExists = (name, kind) =>
  new ApiError(400, 10074, `Cannot apply ${kind} migration to class '${name}' that is already depended on by existing ` +
    "Durable Objects");
export const noNamespace = (id) => new ApiError(400, 10041, `KV namespace '${id}' not found.`);
export const migrationInVersion = () =>
  new ApiError(400, 10211, "Version upload failed. You attempted to upload a version of a Worker that includes a Durable " +
    "Object migration, but migrations must be fully applied via a non-versioned deployment. Refer to the documentation " +
    "for more information.");
export const latestNotDeployed = () =>
  new ApiError(400, 10215, "Secret edit failed. You attempted to modify a secret, but the latest version of your Worker " +
    "isn't currently deployed.");
// This code is made up: the documentation gives none.
export const migratedSince = () =>
  new ApiError(400, 10212, "Cannot deploy this version: a Durable Object migration has occurred since it was uploaded.");
// wrangler reads the names after the colon.
export const secretsChanged = (names) =>
  new ApiError(400, 10220, "Cannot rollback to a version with different secrets. The following secrets have changed: " +
    names.join(", "));
export const subdomainTaken = () => new ApiError(409, 10031, "workers.api.error.subdomain_unavailable");
export const subdomainFree = () => new ApiError(404, 10032, "workers.api.error.subdomain_available");
export const noSubdomain = () =>
  new ApiError(409, 10063, "You need a workers.dev subdomain in order to proceed. Please go to the dashboard and open the " +
    "Workers menu. Opening the Workers landing page for the first time will create a workers.dev subdomain automatically.");
export const domainTaken = (hostname, service) =>
  new ApiError(409, 100116, `Hostname '${hostname}' is already in use by Worker '${service}'.`);
export const dnsRecordExists = (hostname) =>
  new ApiError(409, 100117, `Hostname '${hostname}' already has externally managed DNS records (A, CNAME, etc). Either ` +
    "delete them, try a different hostname, or use the option 'override_existing_dns_record' to override.");
export const unauthorized = () => new ApiError(403, 10000, "Authentication error");
export const noRoute = (path) =>
  new ApiError(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`);

// The code and message for a status if the test names none.
export const USUAL = {
  401: [10000, "Authentication error"],
  403: [10000, "Authentication error"],
  404: [7003, "Could not route to that path, perhaps your object identifier is invalid?"],
  413: [10027, "Your Worker exceeded the size limit of 3 MiB."],
  429: [971, "Please wait and consider throttling your request speed"],
  500: [10013, "workers.api.error.unknown"],
  502: [10013, "workers.api.error.unknown"],
  503: [10013, "workers.api.error.unknown"],
};

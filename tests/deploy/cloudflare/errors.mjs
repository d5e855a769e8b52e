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
export const unauthorized = () => new ApiError(403, 10000, "Authentication error");
export const noRoute = (path) =>
  new ApiError(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`);

// What Cloudflare answers with a status when a test names no code.
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

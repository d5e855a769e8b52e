// Accounts, tokens and zones, and what each token may do.
import { ApiError, unauthorized } from "./errors.mjs";
import { newId, now } from "./identifiers.mjs";
import { KvNamespaces } from "./kv.mjs";

// What a token may be allowed to do. The last four belong to a user; an account's own tokens never have them.
export const PERMISSIONS = ["scripts", "kv", "routes", "domains", "accounts", "memberships", "user", "zones"];

export class Account {
  id = newId();
  createdOn = now();
  scripts = new Map();
  kv = new KvNamespaces();
  // Custom domains by ID.
  domains = new Map();
  // Host names that have a DNS record of something other than a worker.
  dnsRecords = new Set();
  // Compressed bytes that a worker may have: 3 MiB on the free plan.
  sizeLimit = 3 * 1024 * 1024;
  // How many requests after a deployment still reach the previous version.
  lag = 0;

  // `subdomain` is the one at workers.dev; undefined until one is registered.
  constructor({ name, subdomain }) {
    Object.assign(this, { name, subdomain });
  }

  script(name) {
    return this.scripts.get(name);
  }
}

export class Accounts {
  #accounts = new Map();
  #tokens = new Map();
  zones = new Map();

  add({ name, subdomain }) {
    const account = new Account({ name, subdomain });
    this.#accounts.set(account.id, account);
    return account;
  }

  get all() {
    return [...this.#accounts.values()];
  }

  addZone({ name, account }) {
    const zone = { id: newId(), name, account, routes: [] };
    this.zones.set(zone.id, zone);
    return zone;
  }

  // The zone of an account to which a host name belongs.
  zoneOf(host, account) {
    const zones = [...this.zones.values()].filter((zone) => zone.account === account);
    return zones.find(({ name }) => host === name || host.endsWith(`.${name}`));
  }

  // `type` is "user", or "account" for a token that belongs to an account and to no user. `lists` says which accounts
  // it sees in `/accounts`.
  addToken(text, { accounts, can = PERMISSIONS, type = "user", lists = accounts, email = "operator@example.com" }) {
    this.#tokens.set(text, { id: newId(), text, accounts, can: new Set(can), type, lists, email });
  }

  revokeToken(text) {
    this.#tokens.delete(text);
  }

  // RFC 6750 §2.1. Cloudflare distinguishes a header that can't be a token from an unknown token.
  authenticate(headers, path) {
    const header = headers.authorization ?? "";
    if (!/^Bearer [\w.-]{8,}$/.test(header)) {
      const chain = [{ code: 6111, message: "Invalid format for Authorization header" }];
      throw new ApiError(400, 6003, "Invalid request headers", { more: { error_chain: chain } });
    }
    const token = this.#tokens.get(header.slice(7));
    if (token !== undefined) return token;
    if (path === "/user/tokens/verify") throw new ApiError(401, 1000, "Invalid API Token");
    if (path === "/accounts" || path.startsWith("/user") || path.startsWith("/memberships")) {
      throw new ApiError(403, 9109, "Invalid access token");
    }
    throw new ApiError(401, 10000, "Authentication error");
  }

  // The account of a path, if the token may use it.
  open(id, token, permission) {
    const account = this.#accounts.get(id);
    if (account === undefined) {
      throw new ApiError(404, 7003, `Could not route to /accounts/${id}, perhaps your object identifier is invalid?`);
    }
    if (!token.accounts.includes(account) || !token.can.has(permission)) throw unauthorized();
    return account;
  }
}

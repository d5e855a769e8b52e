// The login of someone who ran `wrangler login` instead of setting a token: wrangler's file with an access token, and
// the authorization server that renews it (RFC 6749 §6). Each refresh token works once.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { newId } from "./identifiers.mjs";

export const LOGIN_HOST = "dash.cloudflare.com";
// In seconds.
const LIFETIME = 3600;

export class Login {
  #accounts;
  #grants = new Map();

  constructor(accounts) {
    this.#accounts = accounts;
  }

  // Writes wrangler's file. With `expired`, wrangler must renew the access token before it can call the API.
  write(home, { accounts, expired = false }) {
    const { access, refresh } = this.#issue(accounts);
    if (expired) this.#accounts.revokeToken(access);
    const folder = path.join(home, ".config/.wrangler/config");
    mkdirSync(folder, { recursive: true });
    const expiry = new Date(Date.now() + (expired ? -1 : LIFETIME) * 1000).toISOString();
    writeFileSync(path.join(folder, "default.toml"), `oauth_token = "${access}"
refresh_token = "${refresh}"
expiration_time = "${expiry}"
scopes = [ "account:read", "workers:write", "workers_kv:write", "offline_access" ]
`);
  }

  async handle(request, response) {
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    const answer = (status, json) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    // wrangler checks whether Cloudflare Access protects this host.
    if (request.method !== "POST" || request.url !== "/oauth2/token") return answer(200, {});
    const form = new URLSearchParams(body);
    const accounts = this.#grants.get(form.get("refresh_token"));
    const isGranted = form.get("grant_type") === "refresh_token" && accounts !== undefined;
    if (!isGranted) return answer(400, { error: "invalid_grant" });
    this.#grants.delete(form.get("refresh_token"));
    const { access, refresh } = this.#issue(accounts);
    return answer(200, {
      access_token: access, refresh_token: refresh, expires_in: LIFETIME, scope: "account:read workers:write", token_type: "bearer",
    });
  }

  #issue(accounts) {
    const [access, refresh] = [`oauth-${newId()}`, `refresh-${newId()}`];
    this.#accounts.addToken(access, { accounts, type: "oauth" });
    this.#grants.set(refresh, accounts);
    return { access, refresh };
  }
}

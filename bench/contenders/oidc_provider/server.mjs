// oidc-provider, set up for production as its documentation says, with a store in memory.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";
import { MemoryStore } from "./memory.mjs";

const port = Number(process.argv[2]);
const key = { ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig" };
const API = "urn:bench:api";
const provider = new Provider(`http://localhost:${port}`, {
  adapter: MemoryStore,
  clients: [
    { client_id: "machine", client_secret: "a secret of the machine", grant_types: ["client_credentials"], redirect_uris: [], response_types: [] },
    { client_id: "tv", token_endpoint_auth_method: "none", application_type: "native", response_types: [], redirect_uris: [],
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code"] },
    { client_id: "app", token_endpoint_auth_method: "none", redirect_uris: ["https://app.example.test/callback"],
      grant_types: ["authorization_code", "refresh_token"] },
  ],
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  jwks: { keys: [key] },
  cookies: { keys: ["a key of the cookies"] },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, email: `${sub}@example.test`, email_verified: true, name: "Somebody" }) }),
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  issueRefreshToken: () => true,
  // First-party apps, so users aren't asked for consent. A session has one grant for each app.
  async loadExistingGrant(ctx) {
    const { client, session } = ctx.oidc;
    const existing = session.grantIdFor(client.clientId);
    if (existing) return ctx.oidc.provider.Grant.find(existing);
    const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope("openid profile email offline_access");
    await grant.save();
    return grant;
  },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx, client) => (client.clientId === "machine" ? API : undefined),
      getResourceServerInfo: () => ({ scope: "read", audience: API, accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } } }),
    },
  },
});
const answer = provider.callback();
let people = 0;
createServer((request, response) => {
  // Signs every visitor in.
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  provider.interactionFinished(request, response, { login: { accountId: `person-${(people += 1)}` } });
}).listen(port, "127.0.0.1", () => console.log("ready"));

// oidc-provider as its documentation sets it up for production, with a store in memory.
import { generateKeyPairSync } from "node:crypto";
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
  ],
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  jwks: { keys: [key] },
  cookies: { keys: ["a key of the cookies"] },
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
provider.listen(port, "127.0.0.1", () => console.log("ready"));

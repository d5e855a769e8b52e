// The demo's providers: a social network and a company, each a real OpenID provider on this machine. `make dev` starts
// them with the server.
import { startUpstream } from "../tests/support/upstream/oidc.mjs";

const SECRET = "the secret of the demo, on this machine alone";
const person = (login, domain, more = {}) => ({
  sub: login,
  email: `${login}@${domain}`,
  email_verified: true,
  name: `${login[0].toUpperCase()}${login.slice(1)} Demo`,
  ...more,
});
const client = (url, id) => ({
  client_id: "vestibule-demo",
  client_secret: SECRET,
  redirect_uris: [`${url}/callback/${id}`],
  post_logout_redirect_uris: [`${url}/signed-out/${id}`],
  backchannel_logout_uri: `${url}/backchannel_logout/${id}`,
  backchannel_logout_session_required: true,
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
});

// Starts the providers for a server at `url`, on the two ports from `port` on. The ports are fixed, because a user is
// identified by the issuer, which must stay the same after a restart. Returns the server's settings for them.
export async function startUpstreams(url, port) {
  const friendface = await startUpstream({
    port,
    clients: [client(url, "friendface")],
    accounts: { dana: person("dana", "friendface.example"), sam: person("sam", "friendface.example") },
  });
  const acme = await startUpstream({
    port: port && port + 1,
    clients: [client(url, "acme")],
    accounts: { dana: person("dana", "acme.example", { groups: ["staff"] }) },
  });
  const PROVIDERS = [
    {
      id: "friendface",
      name: "Friendface",
      issuer: friendface.issuer,
      client_id: "vestibule-demo",
      trust_email: true,
      connection_scope: "openid profile offline_access",
    },
    { id: "acme", name: "Acme", issuer: acme.issuer, client_id: "vestibule-demo", domains: ["acme.example"] },
  ];
  return {
    vars: { PROVIDERS, PROVIDER_FRIENDFACE_SECRET: SECRET, PROVIDER_ACME_SECRET: SECRET },
    async stop() {
      await friendface.stop();
      await acme.stop();
    },
  };
}

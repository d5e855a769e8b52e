// @cloudflare/workers-oauth-provider, set up as its README says, with a page that signs everyone in.
import { OAuthProvider } from "@cloudflare/workers-oauth-provider";

const handler = {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/client") {
      const redirectUris = ["https://app.example.test/callback"];
      const client = await env.OAUTH_PROVIDER.createClient({ redirectUris, clientName: "Bench", tokenEndpointAuthMethod: "none" });
      return Response.json(client);
    }
    if (pathname !== "/authorize") return new Response("no such page", { status: 404 });
    const asked = await env.OAUTH_PROVIDER.parseAuthRequest(request);
    const { redirectTo } = await env.OAUTH_PROVIDER.completeAuthorization({
      request: asked, userId: crypto.randomUUID(), metadata: {}, scope: asked.scope, props: { name: "Somebody" },
    });
    return Response.redirect(redirectTo, 302);
  },
};

export default new OAuthProvider({
  apiRoute: "/api/",
  apiHandler: { fetch: () => new Response("api") },
  defaultHandler: handler,
  authorizeEndpoint: "/authorize",
  tokenEndpoint: "/token",
  clientRegistrationEndpoint: "/register",
  scopesSupported: ["read", "offline_access"],
  resourceMetadata: { resource: "https://api.example.test/api", authorization_servers: ["https://api.example.test"] },
});

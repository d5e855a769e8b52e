// The crate openidconnect, unmodified, against the built worker.
import { after, before, test } from "node:test";
import { converse } from "../support/conversation.mjs";
import { CALLBACK, DEVICE, register } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

test("the crate openidconnect goes through every flow", async () => {
  const client = await register(server, {
    redirect_uris: [CALLBACK],
    post_logout_redirect_uris: ["https://app.example.test/bye"],
    grant_types: ["authorization_code", "refresh_token", "client_credentials", DEVICE],
    scope: "openid email offline_access jobs",
  });
  const manifest = "tests/clients/openidconnect/Cargo.toml";
  await converse(server, "cargo", ["run", "--quiet", "--locked", "--manifest-path", manifest], {
    CARGO_TARGET_DIR: "target/clients",
    ISSUER: server.url,
    CLIENT_ID: client.client_id,
    CLIENT_SECRET: client.client_secret,
  });
});

// Peers that run on workerd and keep their state in KV.
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { CALLBACK, pkce } from "../../tests/support/oauth.mjs";
import { readBundle } from "../../tools/workerd/config.mjs";
import { run } from "../../tools/workerd/runtime.mjs";
import { times } from "../load.mjs";
import { document, formBody, succeeds } from "../operations.mjs";

const peers = path.resolve(import.meta.dirname, "../peers");

// With the default settings of V8: none of these says another.
async function start({ file, kv }, { port, folder }) {
  const require = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
  const { build } = await import(require.resolve("esbuild"));
  await build({
    entryPoints: [path.join(peers, file)], outfile: path.join(folder, "peer.js"), bundle: true, minify: true, format: "esm",
    target: "es2024", conditions: ["workerd", "worker", "browser"], external: ["cloudflare:*", "node:*"], logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  mkdirSync(path.join(folder, "values"), { recursive: true });
  const config = path.join(folder, "peer.capnp");
  const date = JSON.stringify(readBundle().date);
  writeFileSync(config, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "peer", worker = (
      modules = [(name = "peer.js", esModule = embed "peer.js")], compatibilityDate = ${date},
      compatibilityFlags = ["global_fetch_strictly_public"],
      bindings = [(name = ${JSON.stringify(kv)}, kvNamespace = "kv")])),
    (name = "kv", worker = (
      modules = [(name = "kv.js", esModule = embed ${JSON.stringify(path.relative(folder, path.join(peers, "kv.js")))})],
      compatibilityDate = ${date}, bindings = [(name = "NAMESPACE", durableObjectNamespace = "Namespace")],
      durableObjectNamespaces = [(className = "Namespace", uniqueKey = "kv", enableSql = true)],
      durableObjectStorage = (localDisk = "values"))),
    (name = "values", disk = (path = ${JSON.stringify(path.join(folder, "values"))}, writable = true)),
  ],
  sockets = [(name = "http", address = "localhost:${port}", http = (), service = "peer")],
);
`);
  // openauth writes a line for each request.
  const { child, ready, stop } = run(config, { stdout: "ignore" });
  await ready;
  return { port, pid: child.pid, stop };
}

const query = (client_id, challenge) => new URLSearchParams({
  response_type: "code", client_id, redirect_uri: CALLBACK, scope: "read offline_access", state: "a state", code_challenge: challenge,
  code_challenge_method: "S256",
});

// What redeems and refreshes, where a code is had by `codeOf(server, send, query)`.
function flows({ clientOf, codeOf }) {
  const prepare = async (server, count) => {
    const client_id = await clientOf(server);
    const { verifier, challenge } = pkce();
    const codes = await times(count, server.port, (send) => codeOf(send, query(client_id, challenge)));
    const redemption = (code) => ({ path: "/token", ...formBody({ grant_type: "authorization_code", code, redirect_uri: CALLBACK, client_id, code_verifier: verifier }) });
    return { client_id, codes, redemption };
  };
  const isRight = succeeds('"access_token"', '"refresh_token"');
  return {
    async code(server, { count }) {
      const { codes, redemption } = await prepare(server, count);
      return async (send) => {
        if (codes.length === 0) throw new Error("out of codes");
        return isRight(await send(redemption(codes.pop())));
      };
    },
    async refresh(server) {
      const { client_id, codes, redemption } = await prepare(server, 64);
      const held = await times(64, server.port, async (send, index) => JSON.parse((await send(redemption(codes[index]))).body).refresh_token);
      return async (send, user) => {
        const answer = await send({ path: "/token", ...formBody({ grant_type: "refresh_token", refresh_token: held[user], client_id }) });
        if (!isRight(answer)) return false;
        held[user] = JSON.parse(answer.body).refresh_token;
        return true;
      };
    },
  };
}

const codeIn = (answer) => new URL(answer.headers("location")).searchParams.get("code");

export const workersOAuthProvider = {
  name: "workers-oauth-provider",
  start: (where) => start({ file: "workers_oauth_provider.js", kv: "OAUTH_KV" }, where),
  works: {
    ...flows({
      clientOf: async ({ port }) => (await (await fetch(`http://localhost:${port}/client`)).json()).clientId,
      codeOf: async (send, asked) => codeIn(await send({ path: `/authorize?${asked}` })),
    }),
    discovery: document("/.well-known/oauth-authorization-server", '"token_endpoint"'),
  },
};

export const openauth = {
  name: "openauth",
  start: (where) => start({ file: "openauth.js", kv: "KV" }, where),
  works: {
    ...flows({
      clientOf: async () => "bench",
      codeOf: async (send, asked) => {
        const begun = await send({ path: `/authorize?${asked}` });
        const cookie = begun.headers("set-cookie").map((line) => line.split(";")[0]).join("; ");
        const { pathname, search } = new URL(begun.headers("location"), "http://localhost");
        return codeIn(await send({ path: pathname + search, headers: { cookie } }));
      },
    }),
    jwks: document("/.well-known/jwks.json", '"P-256"'),
    discovery: document("/.well-known/oauth-authorization-server", '"token_endpoint"'),
  },
};

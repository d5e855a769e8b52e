// The floors: hand-written JavaScript workers that do only the work that can't be left out.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CALLBACK, authorizeUrl } from "../../tests/support/oauth.mjs";
import { V8_FLAGS, readBundle } from "../../tools/workerd/config.mjs";
import { run } from "../../tools/workerd/runtime.mjs";
import { CODES, PEOPLE, TELEVISIONS, times, using } from "../load.mjs";
import { always, codeIn, formBody, inTurn, signOns, succeeds } from "../operations.mjs";

const folderOfFloors = path.resolve(import.meta.dirname, "../floors");

// The floors that call a Durable Object.
const STORING = ["object.js", "single_sign_on.js", "least.js"];

// Uses the same runtime and V8 settings as `make serve`.
export async function start(file, { port, folder }) {
  mkdirSync(path.join(folder, "objects"), { recursive: true });
  const config = path.join(folder, "floor.capnp");
  const embedded = (name) => JSON.stringify(path.relative(folder, path.join(folderOfFloors, name)));
  const objects = `bindings = [(name = "FLOORS", durableObjectNamespace = "Floor")],
    durableObjectNamespaces = [(className = "Floor", uniqueKey = "floor", enableSql = true)],
    durableObjectStorage = (localDisk = "objects"),`;
  writeFileSync(config, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "floor", worker = (
    modules = [(name = "floor.js", esModule = embed ${embedded(file)}), (name = "token.js", esModule = embed ${embedded("token.js")})],
    compatibilityDate = ${JSON.stringify(readBundle().date)}, ${STORING.includes(file) ? objects : ""})),
    (name = "objects", disk = (path = ${JSON.stringify(path.join(folder, "objects"))}, writable = true)),
  ],
  v8Flags = ${V8_FLAGS},
  sockets = [(name = "http", address = "localhost:${port}", http = (), service = "floor")],
);
`);
  const { child, ready, stop } = run(config);
  await ready;
  return { port, pid: child.pid, stop };
}

const answers = (text) => ({ status, body }) => status === 200 && body === text;
const hello = async () => always({ path: "/" }, answers("hello"));
const token = async () =>
  always(
    { path: "/token", ...formBody({ grant_type: "client_credentials", client_id: "one", scope: "read" }) },
    succeeds('"access_token"'),
  );
// Creates an object for each of `count` IDs, and writes to each once.
const objects = (path, text, most) => async (server, { count }) => {
  const ids = Array.from({ length: Math.min(count, most) }, (_, id) => id);
  await times(ids.length, server.port, (send, id) => send({ path: `/row?id=${id}` }));
  return inTurn(ids.map((id) => ({ path: `${path}?id=${id}` })), answers(text));
};
// Uses as many objects at a time as there are codes. Each was written to shortly before and is used once, because a
// code is redeemed in the object that /authorize made for it.
const code = async (server) => {
  let made = 0;
  const requests = async () => {
    const ids = Array.from({ length: CODES }, () => (made += 1));
    await times(ids.length, server.port, (send, index) => send({ path: `/row?id=${ids[index]}` }));
    return ids.map((id) => ({ path: `/row?id=${id}` }));
  };
  return using(requests, async (send, request) => answers("written")(await send(request)));
};
const single_sign_on = async (server, { count }) => {
  const path = authorizeUrl({ url: "" }, { client_id: "one" }, { challenge: "c".repeat(43) });
  const codeOf = async (send, session) => codeIn(await send({ path, headers: { cookie: session } }));
  const redeem = (code) => ({
    path: "/token",
    ...formBody({ grant_type: "authorization_code", code, redirect_uri: CALLBACK, client_id: "one", code_verifier: "v".repeat(43) }),
  });
  const sessions = Array.from({ length: Math.min(count, PEOPLE) }, (_, person) => `person=${person}`);
  return signOns(sessions, { codeOf, redeem }, succeeds('"access_token"'));
};

const floor = (file, works) => ({ name: "floor", start: (where) => start(file, where), works });
export const floors = [
  floor("hello.js", { jwks: hello, discovery: hello }),
  floor("token.js", { client_credentials: token }),
  floor("single_sign_on.js", { single_sign_on }),
  floor("object.js", {
    code,
    refresh: objects("/row", "written", 64),
    device_poll: objects("/memory", "a state", TELEVISIONS),
    introspect: objects("/memory", "a state", 64),
    userinfo: objects("/memory", "a state", 64),
  }),
];

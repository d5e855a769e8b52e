// The floors: hand-written JavaScript workers that do the one thing that cannot be left out.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run } from "../../tools/workerd/runtime.mjs";
import { formBody } from "../http.mjs";
import { TELEVISIONS, times } from "../load.mjs";

const folderOfFloors = path.resolve(import.meta.dirname, "../floors");

// With the setting of V8 that `make serve` has.
async function start(file, { port, folder }) {
  mkdirSync(path.join(folder, "objects"), { recursive: true });
  const config = path.join(folder, "floor.capnp");
  const embedded = path.relative(folder, path.join(folderOfFloors, file));
  const objects = `bindings = [(name = "FLOORS", durableObjectNamespace = "Floor")],
    durableObjectNamespaces = [(className = "Floor", uniqueKey = "floor", enableSql = true)],
    durableObjectStorage = (localDisk = "objects"),`;
  writeFileSync(config, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "floor", worker = (modules = [(name = "floor.js", esModule = embed ${JSON.stringify(embedded)})],
    compatibilityDate = "2026-11-01", ${file === "object.js" ? objects : ""})),
    (name = "objects", disk = (path = ${JSON.stringify(path.join(folder, "objects"))}, writable = true)),
  ],
  v8Flags = ["--max-semi-space-size=1"],
  sockets = [(name = "http", address = "localhost:${port}", http = (), service = "floor")],
);
`);
  const { child, ready, exited } = run(config);
  await ready;
  const stop = () => {
    child.kill("SIGTERM");
    return exited;
  };
  return { url: `http://localhost:${port}`, port, pid: child.pid, stop };
}

const is = (path, body) => async () => async (send) => {
  const answer = await send({ path });
  return answer.status === 200 && answer.body === body;
};
// An object for each of `count` ids, which have all been written to before.
const objects = (path, body, most) => async (server, { count }) => {
  const ids = Math.min(count, most);
  await times(ids, server.port, (send, id) => send({ path: `/row?id=${id}` }));
  let next = 0;
  return async (send) => {
    next = (next + 1) % ids;
    const answer = await send({ path: `${path}?id=${next}` });
    return answer.status === 200 && answer.body === body;
  };
};
const token = async () => {
  const request = { path: "/token", ...formBody({ grant_type: "client_credentials", client_id: "one", scope: "read" }) };
  return async (send) => {
    const answer = await send(request);
    return answer.status === 200 && answer.body.includes('"access_token"');
  };
};

const floor = (file, works) => ({ name: "floor", isFloor: true, start: (where) => start(file, where), works });
export const floors = [
  floor("hello.js", { jwks: is("/", "hello"), discovery: is("/", "hello") }),
  floor("token.js", { client_credentials: token }),
  floor("object.js", {
    code: objects("/row", "written", Infinity),
    refresh: objects("/row", "written", 64),
    device_poll: objects("/memory", "a state", TELEVISIONS),
    introspect: objects("/memory", "a state", 64),
    userinfo: objects("/memory", "a state", 64),
  }),
];

// oidc-provider on Node, with a store in memory.
import { spawn } from "node:child_process";
import path from "node:path";
import { DEVICE, basic } from "../../tests/support/oauth.mjs";
import { formBody } from "../http.mjs";
import { TELEVISIONS, times } from "../load.mjs";

export const name = "oidc-provider";

export async function start({ port }) {
  const file = path.join(import.meta.dirname, "oidc_provider/server.mjs");
  const env = { ...process.env, NODE_ENV: "production" };
  const child = spawn(process.execPath, [file, String(port)], { env, stdio: ["ignore", "pipe", "ignore"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    exited.then((code) => reject(new Error(`oidc-provider stopped (${code})`)));
  });
  const stop = () => {
    child.kill("SIGTERM");
    return exited;
  };
  return { url: `http://localhost:${port}`, port, pid: child.pid, stop };
}

async function client_credentials() {
  const request = { path: "/token", ...formBody({ grant_type: "client_credentials", scope: "read" }) };
  Object.assign(request.headers, basic({ client_id: "machine", client_secret: "a secret of the machine" }));
  return async (send) => {
    const answer = await send(request);
    return answer.status === 200 && answer.body.includes('"access_token":"ey');
  };
}

async function device_poll(server, { count }) {
  const request = { path: "/device/auth", ...formBody({ client_id: "tv", scope: "openid" }) };
  const held = await times(Math.min(count, TELEVISIONS), server.port, async (send) => JSON.parse((await send(request)).body).device_code);
  const polls = held.map((device_code) => ({ path: "/token", ...formBody({ grant_type: DEVICE, client_id: "tv", device_code }) }));
  let next = 0;
  return async (send) => {
    next = (next + 1) % polls.length;
    const answer = await send(polls[next]);
    return answer.status === 400 && answer.body.includes("authorization_pending");
  };
}

const document = (path, has) => async () => async (send) => {
  const answer = await send({ path });
  return answer.status === 200 && answer.body.includes(has);
};

export const works = {
  client_credentials,
  device_poll,
  jwks: document("/jwks", '"P-256"'),
  discovery: document("/.well-known/openid-configuration", '"token_endpoint"'),
};

// `make held`: measures televisions that wait for their tokens (`Prefer: wait`): the memory that each needs, and the
// time from the user's approval to the response.
//   make held TELEVISIONS=5000 APPROVALS=200
// Each television takes five open files of the runtime, so one runtime holds at most EACH. More televisions need more
// runtimes, each a separate server.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../tests/support/server.mjs";
import { DEVICE, signedUp, television } from "../tests/support/oauth.mjs";
import { start } from "./contenders/vestibule.mjs";
import { Connection, asFetch } from "./http.mjs";
import { percentile, times } from "./load.mjs";
import { formBody } from "./operations.mjs";
import { cpu } from "./process.mjs";
import { given } from "../tools/given.mjs";
import { Browser } from "../tests/support/browser.mjs";

const { TELEVISIONS = 5000, APPROVALS = 200, EACH = 2500 } = given();
const many = Number(TELEVISIONS);
// The longest time that a response is held (src/protocol/prefer.rs), in milliseconds.
const WAIT = 30_000;
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

const folder = mkdtempSync(path.join(tmpdir(), "vestibule-held-"));
const servers = [];
const resident = () => sum(servers.map(({ pid }) => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1])));
const busy = () => sum(servers.map(({ pid }) => cpu(pid)));

// The codes for the televisions of one more server.
async function addServer(index, count) {
  const server = await start({ port: await freePort(), folder: path.join(folder, `${index}`) });
  servers.push(server);
  const { client_id } = await television(server);
  const codes = await times(count, server.port, async (send) =>
    JSON.parse((await send({ path: "/device_authorization", ...formBody({ client_id, scope: "openid" }) })).body));
  return codes.map((code) => ({ ...code, client_id, server }));
}

// A television whose wait ended without a decision polls again; the first time is recorded in `waits`.
async function ask({ device_code, client_id, server }, waits, answered) {
  const connection = new Connection(server.port);
  const poll = { path: "/token", ...formBody({ grant_type: DEVICE, client_id, device_code }, { prefer: `wait=${WAIT / 1000}` }) };
  for (let time = 1; ; time += 1) {
    const sent = performance.now();
    const { status, body } = await connection.send(poll);
    const at = performance.now();
    if (body.includes("authorization_pending")) {
      if (time === 1) waits.push({ sent, at });
      continue;
    }
    answered.push(status);
    connection.close();
    return { status, at };
  }
}

// The period during which all polls were held. A poll that ended without a decision was held for the whole of WAIT,
// which started after the request was sent and ended before its response arrived.
const allHeld = (waits) => ({
  begin: Math.max(...waits.map(({ at }) => at - WAIT)),
  end: Math.min(...waits.map(({ sent }) => sent + WAIT)),
});

async function held(codes) {
  const before = resident();
  const [waits, answered, waiting] = [[], [], []];
  for (const code of codes) {
    const answer = ask(code, waits, answered);
    answer.catch(() => answered.push("no answer"));
    waiting.push(answer);
    // One after the other, like real televisions. Of thousands at the same moment, the server would refuse some.
    if (waiting.length % 25 === 0) await pause(0.03);
  }
  await pause(6);
  const from = performance.now();
  const idle = busy();
  await pause(4);
  const idling = (busy() - idle) / 4 / 10000;
  const memory = (resident() - before) / many;
  const until = performance.now();

  for (let second = 0; waits.length + answered.length < many && second < 60; second += 1) await pause(1);
  if (answered.length > 0) throw new Error(`${answered.length} were answered before anyone decided: ${[...new Set(answered)]}`);
  if (waits.length < many) throw new Error(`${many - waits.length} were not answered`);
  const { begin, end } = allHeld(waits);
  if (begin > from || end < until) throw new Error("not all were held while that was measured");
  console.log(`${many} televisions wait at ${servers.length} runtimes, all at once for ${((end - begin) / 1000).toFixed(1)} s: ` +
    `${memory.toFixed(1)} KiB of memory each; ${idling.toFixed(1)} % of a core while nothing happens`);
  return waiting;
}

async function approvals(codes, waiting) {
  const people = new Map();
  for (const server of servers) {
    const { browser } = await signedUp(server);
    const connection = new Connection(server.port);
    const person = new Browser(server.url, asFetch((request) => connection.send(request)));
    person.cookies = browser.cookies;
    people.set(server, person);
  }
  const [took, spread] = [[], Math.floor(many / Number(APPROVALS))];
  for (let index = 0; index < Number(APPROVALS); index += 1) {
    const { server, user_code } = codes[index * spread];
    const person = people.get(server);
    const page = await person.submit(await person.open("/device"), { user_code });
    const begin = performance.now();
    const [{ status, at }] = await Promise.all([waiting[index * spread], person.submit(page, { decision: "allow" }, "/device/decide")]);
    if (status !== 200) throw new Error(`a television was answered ${status}`);
    took.push(at - begin);
  }
  const sorted = took.toSorted((a, b) => a - b);
  console.log(`${sorted.length} approvals: from the person's click to the television's tokens p50 ${percentile(sorted, 0.5).toFixed(1)} ms, ` +
    `p99 ${percentile(sorted, 0.99).toFixed(1)} ms`);
}

try {
  console.log("making the codes");
  const codes = [];
  while (codes.length < many) codes.push(...(await addServer(servers.length, Math.min(Number(EACH), many - codes.length))));
  console.log("waiting until their objects have left the memory");
  await pause(15);
  const waiting = await held(codes);
  // All have polled again.
  await pause(3);
  await approvals(codes, waiting);
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

// `make held`: televisions that wait for their answer (`Prefer: wait`), the memory that each takes, and the
// time from a person's word to the answer.
//   make held TELEVISIONS=2000 APPROVALS=200     each takes the runtime five open files (ulimit -n)
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

const { TELEVISIONS = 2000, APPROVALS = 200 } = given();
const many = Number(TELEVISIONS);
console.log("making the codes");
const folder = mkdtempSync(path.join(tmpdir(), "vestibule-held-"));
const server = await start({ port: await freePort(), folder });
const resident = () => Number(readFileSync(`/proc/${server.pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]);
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const { client_id } = await television(server);
const codes = await times(many, server.port, async (send) =>
  JSON.parse((await send({ path: "/device_authorization", ...formBody({ client_id, scope: "openid" }) })).body));
console.log("waiting until their objects have left the memory");
// Their objects leave the memory.
await pause(15);

const before = resident();
let answered = 0;
const waiting = codes.map(({ device_code }) => {
  const connection = new Connection(server.port);
  const poll = { path: "/token", ...formBody({ grant_type: DEVICE, client_id, device_code }, { prefer: "wait=30" }) };
  // Who was held in vain asks again.
  const ask = async () => {
    for (;;) {
      const given = await connection.send(poll);
      if (given.body.includes("authorization_pending")) continue;
      answered += 1;
      connection.close();
      return { ...given, at: performance.now() };
    }
  };
  const answer = ask();
  answer.catch(() => {});
  return answer;
});
await pause(15);
if (answered > 0) throw new Error(`${answered} were answered before anyone decided`);
const each = (resident() - before) / many;
const idle = cpu(server.pid);
await pause(5);
const idling = (cpu(server.pid) - idle) / 5 / 10000;
console.log(`${many} televisions wait: ${each.toFixed(1)} KiB of memory each; ${idling.toFixed(1)} % of a core while nothing happens`);

const { browser } = await signedUp(server);
const connection = new Connection(server.port);
const person = new Browser(server.url, asFetch((request) => connection.send(request)));
person.cookies = browser.cookies;
const [took, spread] = [[], Math.floor(many / Number(APPROVALS))];
for (let index = 0; index < Number(APPROVALS); index += 1) {
  const television = index * spread;
  const page = await person.submit(await person.open("/device"), { user_code: codes[television].user_code });
  const begin = performance.now();
  const [{ status, at }] = await Promise.all([waiting[television], person.submit(page, { decision: "allow" }, "/device/decide")]);
  if (status !== 200) throw new Error(`a television was answered ${status}`);
  took.push(at - begin);
}
const sorted = took.toSorted((a, b) => a - b);
console.log(`${sorted.length} approvals: from the person's click to the television's tokens p50 ${percentile(sorted, 0.5).toFixed(1)} ms, ` +
  `p99 ${percentile(sorted, 0.99).toFixed(1)} ms`);
await server.stop();
rmSync(folder, { recursive: true, force: true });
process.exit(0);

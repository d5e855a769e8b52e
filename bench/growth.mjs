// `make growth`: what a request costs as accounts and grants grow, in local storage on plain workerd.
//   make growth MOST=100000     steps of ten from 1,000 to this many grants; writes docs/growth.md with WRITE=1
// There are 50 grants for each account, each an object with a file of its own.
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../tests/support/server.mjs";
import { answerOf, authorizeUrl, pkce, signedUp } from "../tests/support/oauth.mjs";
import { SCOPE, app, redemption, start } from "./contenders/vestibule.mjs";
import { saturate, times } from "./load.mjs";
import { formBody } from "./operations.mjs";
import { cpu, peakMemory } from "./process.mjs";
import { given } from "../tools/given.mjs";
import { writeMarked } from "../tools/marked.mjs";

const { MOST = 100000, WRITE, SECONDS = 5 } = given();
const GRANTS_OF_ONE = 50;
const SAMPLE = 500;

const folder = mkdtempSync(path.join(tmpdir(), "vestibule-growth-"));
const server = await start({ port: await freePort(), folder, more: { ACCESS_TOKEN_LIFETIME: "86400" } });
const client = await app(server);
const { verifier, challenge } = pkce();
const target = authorizeUrl(server, client, { challenge, scope: SCOPE }).slice(server.url.length);
const people = [];
// Tokens of grants that were picked evenly from all.
let held = [];
let grants = 0;

const any = (list) => list[Math.floor(Math.random() * list.length)];
const authorize = async (send, cookie) => answerOf({ location: (await send({ path: target, headers: { cookie } })).headers("location") }).code;

async function growTo(count) {
  const begin = performance.now();
  const lacking = Math.ceil(count / GRANTS_OF_ONE) - people.length;
  for (let made = 0; made < lacking; made += 20) {
    const some = Array.from({ length: Math.min(20, lacking - made) }, async () => (await signedUp(server)).browser.cookieHeader());
    people.push(...(await Promise.all(some)));
    process.stdout.write(`\r${people.length} accounts `);
  }
  const more = count - grants;
  const every = Math.max(1, Math.floor(more / SAMPLE));
  const picked = [];
  await times(more, server.port, async (send, index) => {
    const code = await authorize(send, people[(grants + index) % people.length]);
    if (index % every === 0) picked.push(JSON.parse((await send(redemption(client, code, verifier))).body));
    if (index % 1000 === 0) process.stdout.write(`\r${people.length} accounts, ${grants + index} grants `);
  });
  grants = count;
  // As many at each step, so that what differs is how many there are beside them.
  held = [...held, ...picked].toSorted(() => Math.random() - 0.5).slice(0, SAMPLE);
  process.stdout.write(`\r${people.length} accounts, ${grants} grants in ${((performance.now() - begin) / 1000).toFixed(0)} s\n`);
}

const works = {
  authorize: async (send) => (await authorize(send, any(people))) !== undefined,
  userinfo: async (send) => {
    const { access_token } = any(held);
    return (await send({ path: "/userinfo", headers: { authorization: `Bearer ${access_token}` } })).status === 200;
  },
  // Each user refreshes grants of its own, so that no two meet at one.
  refresh: async (send, user) => {
    const own = held.filter((_, index) => index % 32 === user);
    const one = any(own);
    const fields = { grant_type: "refresh_token", refresh_token: one.refresh_token, client_id: client.client_id };
    const answer = await send({ path: "/token", ...formBody(fields) });
    if (answer.status === 200) Object.assign(one, JSON.parse(answer.body));
    return answer.status === 200;
  },
};

function storage() {
  const objects = path.join(folder, "objects");
  let [files, bytes] = [0, 0];
  for (const name of readdirSync(objects)) {
    for (const file of readdirSync(path.join(objects, name))) {
      files += 1;
      if (files % 100 === 0) bytes += statSync(path.join(objects, name, file)).blocks * 512 * 100;
    }
  }
  return { files, gigabytes: bytes / 2 ** 30 };
}

const rows = [];
try {
  for (let count = 1000; count <= Number(MOST); count *= 10) {
    await growTo(count);
    const row = { grants, accounts: people.length };
    for (const [name, work] of Object.entries(works)) {
      await saturate(server.port, work, 1);
      const before = cpu(server.pid);
      const { done, seconds } = await saturate(server.port, work, Number(SECONDS));
      row[name] = { microseconds: (cpu(server.pid) - before) / done, perSecond: done / seconds };
      console.log(`  ${name}: ${row[name].microseconds.toFixed(0)} µs CPU, ${row[name].perSecond.toFixed(0)}/s`);
      if (name === "authorize") grants += done;
    }
    rows.push({ ...row, ...storage(), memory: peakMemory(server.pid) });
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

const names = Object.keys(works);
const table = [
  `| grants | accounts | ${names.map((name) => `${name}, CPU µs | per second`).join(" | ")} | files | GiB | peak MiB |`,
  `|${"---:|".repeat(names.length * 2 + 5)}`,
  ...rows.map((row) =>
    `| ${row.grants} | ${row.accounts} | ${names.map((name) => `${row[name].microseconds.toFixed(0)} | ${row[name].perSecond.toFixed(0)}`).join(" | ")} ` +
    `| ${row.files} | ${row.gigabytes.toFixed(2)} | ${row.memory.toFixed(0)} |`),
].join("\n");
console.log(table);
if (WRITE) {
  const file = path.resolve(import.meta.dirname, "../docs/growth.md");
  writeMarked(file, "measured", table);
}
process.exit(0);

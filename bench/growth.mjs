// `make growth`: measures what a request costs as accounts and grants grow, in local storage on plain workerd.
//   make growth MOST=1000000    steps of ten from 1,000 to this many accounts; writes docs/growth.md with WRITE=1
// Every account has one grant, and both are objects with a file each. Each step uses the same number of them, picked at
// random, so the steps differ only in how many others exist.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../tools/free_port.mjs";
import { given } from "../tools/given.mjs";
import { writeMarked } from "../tools/marked.mjs";
import { answerOf, authorize, authorizeUrl, pkce, redeem, signedUp } from "../tests/support/oauth.mjs";
import { SCOPE, app, start } from "./contenders/vestibule.mjs";
import { USERS, saturate, times } from "./load.mjs";
import { formBody } from "./operations.mjs";
import { cpu, peakMemory } from "./process.mjs";
import { Seed, tokenOf } from "./seed.mjs";

const { MOST = 100000, WRITE, SECONDS = 5 } = given();
const IN_USE = 1000;
const WARM_UP = 200;

const folder = mkdtempSync(path.join(tmpdir(), "vestibule-growth-"));
const port = await freePort();
let server = await start({ port, folder });
const client = await app(server);
const { verifier, challenge } = pkce();
const target = authorizeUrl(server, client, { challenge, scope: SCOPE }).slice(server.url.length);

// The account and the grant from which all others are copied.
async function template() {
  const { browser } = await signedUp(server);
  const { code } = await authorize(server, client, browser, { challenge, scope: SCOPE });
  const { body } = await redeem(server, client, code, verifier);
  await server.stop();
  const [, session] = browser.cookieHeader().match(/__Host-session=([^;]+)/);
  return { session, refreshToken: body.refresh_token };
}

const first = await template();
const seed = new Seed(folder, first);
let total = 0;
// Picks objects evenly distributed among all.
const picked = [];

function growTo(count) {
  const begin = performance.now();
  for (; total < count; total += 1) {
    const pair = seed.add();
    if (picked.length < IN_USE) picked.push(pair);
    else {
      const place = Math.floor(Math.random() * (total + 1));
      if (place < IN_USE) picked[place] = pair;
    }
    if (total % 5000 === 0) process.stdout.write(`\r${total} accounts with a grant each `);
  }
  console.log(`\r${total} accounts with a grant each, made in ${((performance.now() - begin) / 1000).toFixed(0)} s`);
}

const any = (list) => list[Math.floor(Math.random() * list.length)];

const operations = {
  async authorize(send, { account }) {
    const cookie = `__Host-session=${tokenOf(first.session, account)}`;
    const answer = await send({ path: target, headers: { cookie } });
    return answerOf({ location: answer.headers("location") }).code !== undefined;
  },
  async userinfo(send, { tokens }) {
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    return (await send({ path: "/userinfo", headers })).status === 200;
  },
  async refresh(send, pair) {
    const refresh_token = pair.tokens?.refresh_token ?? tokenOf(first.refreshToken, pair.grant);
    const fields = { grant_type: "refresh_token", refresh_token, client_id: client.client_id };
    const answer = await send({ path: "/token", ...formBody(fields) });
    if (answer.status === 200) pair.tokens = JSON.parse(answer.body);
    return answer.status === 200;
  },
};

// Each virtual user has its own tokens, so that no grant is refreshed twice at the same time.
const share = (pairs, user) => pairs.filter((_, index) => index % USERS === user);

async function forAWhile(operate, pairs, seconds) {
  const own = Array.from({ length: USERS }, (_, user) => share(pairs, user));
  const before = cpu(server.pid);
  const { done } = await saturate(port, (send, user) => operate(send, any(own[user])), seconds);
  return (cpu(server.pid) - before) / done;
}

async function eachOnce(operate, pairs) {
  const before = cpu(server.pid);
  const right = await times(pairs.length, port, (send, index) => operate(send, pairs[index]));
  if (right.includes(false)) throw new Error("an answer was not what it should be");
  return (cpu(server.pid) - before) / pairs.length;
}

// CPU time in microseconds: for the first request to an object, which loads it from disk, and for the requests that
// follow. Requests to other objects warm the server up first.
async function measure(operate) {
  const [warmUp, counted] = [picked.slice(0, WARM_UP), picked.slice(WARM_UP)];
  await eachOnce(operate, warmUp);
  await forAWhile(operate, warmUp, 1.5);
  const first = await eachOnce(operate, counted);
  return { first, again: await forAWhile(operate, counted, Number(SECONDS)) };
}

const rows = [];
try {
  for (let count = IN_USE; count <= Number(MOST); count *= 10) {
    growTo(count);
    server = await start({ port, folder });
    const row = { total };
    for (const name of ["refresh", "userinfo", "authorize"]) {
      row[name] = await measure(operations[name]);
      console.log(`  ${name}: ${row[name].again.toFixed(0)} µs CPU, the first time ${row[name].first.toFixed(0)} µs`);
    }
    rows.push({ ...row, gigabytes: (total * seed.bytes) / 2 ** 30, memory: peakMemory(server.pid) });
    await server.stop();
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

const cells = ({ first, again }) => `${again.toFixed(0)} | ${first.toFixed(0)}`;
const table = [
  "| accounts, and grants | refresh | the first | userinfo | the first | authorize | the first | GiB | peak MiB |",
  `|${"---:|".repeat(9)}`,
  ...rows.map(({ total, refresh, userinfo, authorize, gigabytes, memory }) =>
    `| ${total} | ${cells(refresh)} | ${cells(userinfo)} | ${cells(authorize)} | ${gigabytes.toFixed(2)} | ${memory.toFixed(0)} |`),
].join("\n");
console.log(table);
if (WRITE) writeMarked(path.resolve(import.meta.dirname, "../docs/growth.md"), "measured", table);
process.exit(0);

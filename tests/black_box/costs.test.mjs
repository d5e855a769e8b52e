// What each flow costs at Cloudflare, counted on the real runtime. docs/costs.md has the table.
//   WRITE=1 node --test tests/black_box/costs.test.mjs    writes the table anew
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { readMarked, writeMarked } from "../../tools/marked.mjs";
import { CPU, FREE, OBJECT_MS, PRICES, counters, dollars } from "../support/costs.mjs";
import { newBrowser, startWithUpstream, through } from "../support/federation.mjs";
import {
  answerOf, authorizeUrl, basic, decideDevice, deviceCode, pkce, poll, post, publicApp, redeem, refresh, register,
  signedUp, television, userinfo,
} from "../support/oauth.mjs";

const page = path.resolve(import.meta.dirname, "../../docs/costs.md");
const SCOPE = "openid profile email";

let world;
let server;
let asked = 0;
const realFetch = globalThis.fetch;
before(async () => {
  world = await startWithUpstream();
  server = world.server;
  globalThis.fetch = (url, init) => {
    asked += String(url).startsWith(server.url) ? 1 : 0;
    return realFetch(url, init);
  };
});
after(async () => {
  globalThis.fetch = realFetch;
  await world.stop();
});

// Waits for the work that is done after a response.
async function quiet() {
  let last = await counters(server);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const next = await counters(server);
    if (JSON.stringify(next) === JSON.stringify(last)) return next;
    last = next;
  }
}

const counted = {};
const withoutRowsRead = (counts) => dollars({ ...counts, "rows read": 0 });
const isTypical = (counts, others) => {
  const difference = withoutRowsRead(counts) - withoutRowsRead(others);
  return difference < 0 || (difference === 0 && counts["rows read"] > others["rows read"]);
};

// Counts five times with filled caches and keeps the cheapest, because an alarm of an earlier flow may fall into a run.
// If several are equally cheap, keeps the one that read the most rows: the object that stores an event may be in memory
// by chance, and then its state isn't read.
async function count(name, work) {
  await work();
  for (let time = 0; time < 5; time += 1) {
    const before = await quiet();
    asked = 0;
    await work();
    const requests = asked;
    const after = await quiet();
    const spent = Object.fromEntries(Object.keys(after).map((what) => [what, after[what] - before[what]]));
    const counts = { "worker requests": requests, "CPU ms": CPU[name], "object ms": OBJECT_MS[name] ?? 0, ...spent };
    if (counted[name] === undefined || isTypical(counts, counted[name])) counted[name] = counts;
  }
}

async function logIn(client, person, browser = newBrowser(server)) {
  const { verifier, challenge } = pkce();
  const shown = await browser.open(authorizeUrl(server, client, { challenge, scope: SCOPE }));
  const back = shown.location ? shown : await browser.submit(shown, person, "/sign-in");
  const tokens = await redeem(server, client, answerOf(back).code, verifier);
  assert.equal(tokens.status, 200);
  return { tokens: tokens.body, browser };
}

async function logInThroughProvider(client) {
  const browser = newBrowser(server);
  const { verifier, challenge } = pkce();
  const shown = await browser.open(authorizeUrl(server, client, { challenge, scope: SCOPE }));
  const [, link] = shown.text.match(/href="([^"]*\/sign-in\/up[^"]*)"/);
  const back = await through(browser, link.replaceAll("&#38;", "&"), "dana");
  const tokens = await redeem(server, client, answerOf(back).code, verifier);
  assert.equal(tokens.status, 200);
}

// How often the free plan allows each flow in a day, if nothing else happens, by each of its limits.
function freeTable() {
  const limits = Object.keys(FREE).filter((what) => Object.values(counted).some((counts) => counts[what] > 0));
  const lines = Object.entries(counted).map(([name, counts]) => {
    const most = limits.map((what) => (counts[what] > 0 ? Math.floor(FREE[what] / counts[what]) : Infinity));
    const least = Math.min(...most);
    const cells = most.map((times) => (times === Infinity ? "" : times.toLocaleString("en")));
    return `| ${name} | ${cells.join(" | ")} | ${least.toLocaleString("en")} |`;
  });
  return [`| flow | ${limits.join(" | ")} | a day |`, `|---|${"---:|".repeat(limits.length + 1)}`, ...lines].join("\n");
}

function check(name, table) {
  if (process.env.WRITE) writeMarked(page, name, table);
  else assert.equal(readMarked(page, name), table);
}

test("each flow costs what the table says", async () => {
  const client = await publicApp(server, { first_party: true });
  const { person } = await signedUp(server);
  let held;
  await count("log in with a password", async () => { held = await logIn(client, person); });
  await count("log in where a session is", () => logIn(client, person, held.browser));
  await count("userinfo", () => userinfo(server, held.tokens.access_token));
  await count("refresh", async () => {
    const { body } = await refresh(server, client, held.tokens.refresh_token);
    held.tokens.refresh_token = body.refresh_token ?? held.tokens.refresh_token;
  });
  const machine = await register(server, { grant_types: ["client_credentials"], redirect_uris: [] });
  let token;
  await count("a token for a machine", async () => {
    token = (await post(`${server.url}/token`, { grant_type: "client_credentials" }, basic(machine))).body.access_token;
  });
  await count("introspect an access token", () => post(`${server.url}/introspect`, { token }, basic(machine)));
  const tv = await television(server);
  await count("a device: request, 12 polls, approval, tokens", async () => {
    const { device_code, user_code } = await deviceCode(server, tv);
    for (let time = 0; time < 12; time += 1) await poll(server, tv, device_code);
    await decideDevice(held.browser, user_code, "allow");
    assert.equal((await poll(server, tv, device_code)).status, 200);
  });
  await count("log in through a provider", () => logInThroughProvider(client));
  await count("keys or metadata", () => fetch(`${server.url}/jwks`));
  // These come last, because each sets an alarm for ten seconds later.
  await count("sign up", () => signedUp(server));

  const columns = Object.keys(PRICES);
  const lines = Object.entries(counted).map(([name, counts]) =>
    `| ${name} | ${columns.map((what) => counts[what] ?? 0).join(" | ")} | ${dollars(counts).toFixed(2)} |`);
  const table = [
    `| flow | ${columns.join(" | ")} | dollars for a million |`,
    `|---|${"---:|".repeat(columns.length + 1)}`,
    ...lines,
  ].join("\n");
  check("counted", table);
  check("free", freeTable());
});

// `make bench`: every contender does the same work, one after the other, in alternating rounds.
//   make bench                            everything; writes docs/benchmarks.md and bench/results.json
//   make bench WORK=device_poll ROUNDS=1  a part; prints it and writes nothing (PEERS=none too)
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../tests/support/server.mjs";
import { floors } from "./contenders/floors.mjs";
import * as least from "./contenders/least.mjs";
import * as betterAuth from "./contenders/better_auth.mjs";
import * as oidcProvider from "./contenders/oidc_provider.mjs";
import { openauth, workersOAuthProvider } from "./contenders/on_workerd.mjs";
import * as vestibule from "./contenders/vestibule.mjs";
import { counters } from "../tests/support/costs.mjs";
import { Connection } from "./http.mjs";
import { atRate, percentile, saturate } from "./load.mjs";
import { cpu, peakMemory } from "./process.mjs";
import { report } from "./report.mjs";
import { given } from "../tools/given.mjs";

const { WORK, ROUNDS = 3, SECONDS = 4, COUNT, PEERS } = given();
const works = ["client_credentials", "code", "refresh", "device_poll", "introspect", "userinfo", "jwks", "discovery", "login"];
const chosen = WORK?.split(",") ?? works;
const unknown = chosen.find((work) => !works.includes(work));
if (unknown) {
  console.error(`vestibule: WORK is ${unknown}, and must be one of ${works.join(", ")}`);
  process.exit(1);
}
const rounds = Number(ROUNDS);
const seconds = Number(SECONDS);
// The most operations that a work is prepared for, where each needs something of its own.
const enough = Number(COUNT ?? 3000 * seconds);

const contenders = [...floors, least, vestibule, ...(PEERS === "none" ? [] : [oidcProvider, workersOAuthProvider, openauth, betterAuth])];

// One contender at one work: what it can do, then how long it takes at half of that.
async function measure(contender, work) {
  const folder = mkdtempSync(path.join(tmpdir(), "vestibule-bench-"));
  const server = await contender.start({ port: await freePort(), folder });
  try {
    const operate = await contender.works[work](server, { count: work === "login" ? 100 : enough });
    await operate.more?.();
    // Until the runtime has compiled what is called.
    await saturate(server.port, operate, 2);
    await operate.more?.();
    const before = cpu(server.pid);
    const { done, seconds: taken } = await saturate(server.port, operate, seconds);
    const microseconds = (cpu(server.pid) - before) / done;
    const perSecond = done / taken;
    await operate.more?.();
    const latencies = await atRate(server.port, operate, perSecond / 2, seconds);
    const [p50, p99, p999] = [0.5, 0.99, 0.999].map((part) => percentile(latencies, part));
    return { perSecond, microseconds, p50, p99, p999, memory: peakMemory(server.pid) };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

// What Vestibule asks of the platform for one operation of a work: calls of objects, rows read and written,
// KV. Counted in development, where it tells.
async function storageOf(work) {
  const folder = mkdtempSync(path.join(tmpdir(), "vestibule-bench-"));
  const server = await vestibule.start({ port: await freePort(), folder, more: { ENVIRONMENT: "development" } });
  try {
    const operate = await vestibule.works[work](server, { count: 50 });
    await operate.more?.();
    const times = 20;
    const repeat = async () => {
      for (let time = 0; time < times; time += 1) {
        const sent = new Connection(server.port);
        await operate((request) => sent.send(request), time);
        sent.close();
      }
    };
    await repeat();
    const before = await counters(server);
    await repeat();
    const after = await counters(server);
    const each = (what) => Math.round((after[what] - before[what]) / times);
    return { objects: each("object requests"), read: each("rows read"), written: each("rows written"), kv: each("KV reads") + each("KV writes") };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const results = {};
const storage = {};
for (const work of chosen) {
  results[work] = {};
  storage[work] = await storageOf(work);
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of contenders) {
      if (!contender.works[work]) continue;
      const measured = await measure(contender, work);
      (results[work][contender.name] ??= []).push(measured);
      console.log(
        `${work} ${round}/${rounds}  ${contender.name.padEnd(24)} ${measured.perSecond.toFixed(0).padStart(7)}/s` +
          `  p50 ${measured.p50.toFixed(2)} p99 ${measured.p99.toFixed(2)} p99.9 ${measured.p999.toFixed(2)} ms` +
          `  ${measured.microseconds.toFixed(0)} µs CPU  ${measured.memory.toFixed(0)} MiB`,
      );
    }
  }
}
report({ measured: results, storage }, { isWhole: WORK === undefined && PEERS === undefined, rounds, seconds });

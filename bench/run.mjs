// `make bench`: every contender does the same work, one after the other, in alternating rounds.
//   make bench                            everything; writes docs/benchmarks.md and bench/results.json
//   make bench WORK=code,refresh ROUNDS=1 CONTENDERS=vestibule,floor   a part; prints it and writes nothing
//   make bench BEFORE=../other/dist       an earlier build too, and what has changed since
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

const { WORK, ROUNDS = 3, SECONDS = 4, COUNT, CONTENDERS, BEFORE } = given();
const works = ["client_credentials", "code", "single_sign_on", "refresh", "device_poll", "introspect", "userinfo", "jwks", "discovery", "login"];
const all = [...floors, least, vestibule, oidcProvider, workersOAuthProvider, openauth, betterAuth];
// Several contenders have the name `floor`: one for each kind of work.
const names = [...new Set(all.map(({ name }) => name))];

// The values on the command line, separated by commas, or else all.
function chosenOf(setting, value, known) {
  const chosen = value?.split(",") ?? known;
  const unknown = chosen.find((name) => !known.includes(name));
  if (unknown === undefined) return chosen;
  console.error(`vestibule: ${setting} is ${unknown}, and must be one of ${known.join(", ")}`);
  process.exit(1);
}
const chosen = chosenOf("WORK", WORK, works);
const chosenNames = chosenOf("CONTENDERS", CONTENDERS, names);
const contenders = all.filter(({ name }) => chosenNames.includes(name));
if (BEFORE) {
  const bundle = path.resolve(BEFORE);
  contenders.push({ ...vestibule, name: "before", start: (where) => vestibule.start({ ...where, bundle }) });
}
const rounds = Number(ROUNDS);
const seconds = Number(SECONDS);
// The maximum number of operations that are prepared, for works in which each needs its own token or code.
const enough = Number(COUNT ?? 3000 * seconds);

// Measures a contender at a work: first its throughput, then its latency at half of that.
async function measure(contender, work) {
  const folder = mkdtempSync(path.join(tmpdir(), "vestibule-bench-"));
  const server = await contender.start({ port: await freePort(), folder });
  try {
    const operate = await contender.works[work](server, { count: work === "login" ? 100 : enough });
    await operate.more?.();
    // Repeats until the runtime has compiled the code.
    await saturate(server.port, operate, 2);
    await operate.more?.();
    const used = cpu(server.pid);
    const { done, seconds: taken } = await saturate(server.port, operate, seconds);
    const microseconds = (cpu(server.pid) - used) / done;
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

// The storage operations of Vestibule for one operation of a work: calls to objects, rows read and written, KV. A
// development server reports them.
async function storageOf(work) {
  const folder = mkdtempSync(path.join(tmpdir(), "vestibule-bench-"));
  const server = await vestibule.start({ port: await freePort(), folder, more: { ENVIRONMENT: "development" } });
  try {
    // Every user or object has already done the operation once before it is counted.
    const times = 20;
    const operate = await vestibule.works[work](server, { count: times });
    await operate.more?.();
    const repeat = async () => {
      for (let time = 0; time < times; time += 1) {
        const sent = new Connection(server.port);
        await operate((request) => sent.send(request), time);
        sent.close();
      }
    };
    await repeat();
    const first = await counters(server);
    await repeat();
    const last = await counters(server);
    const each = (what) => Math.round((last[what] - first[what]) / times);
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
  if (contenders.includes(vestibule)) storage[work] = await storageOf(work);
  for (let round = 1; round <= rounds; round += 1) {
    // Of two contenders that are compared, each comes first equally often.
    for (const contender of round % 2 === 1 ? contenders : contenders.toReversed()) {
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
report({ measured: results, storage }, { isWhole: [WORK, CONTENDERS, BEFORE].every((part) => part === undefined), rounds, seconds });

// What a flow costs at Cloudflare, in what it bills: counted on the real runtime, priced as published
// (Workers, Durable Objects and KV, paid plan, without what the plan includes).
export const PRICES = {
  "worker requests": 0.3,
  "CPU ms": 0.02,
  "object requests": 0.15,
  // A millisecond of an object with 128 MB of memory, at $12.50 for a million GB-seconds.
  "object ms": 0.0016,
  "rows read": 0.001,
  "rows written": 1,
  "KV reads": 0.5,
  "KV writes": 5,
};
// What a million would cost, in dollars; the same as that many millionths for one.
export const dollars = (counts) =>
  Object.entries(PRICES).reduce((sum, [what, price]) => sum + price * (counts[what] ?? 0), 0);

// What the free plan permits in a day (UTC), as published.
export const FREE = {
  "worker requests": 100_000,
  "object requests": 100_000,
  // 13,000 GB-seconds.
  "object ms": 101_562_500,
  "rows read": 5_000_000,
  "rows written": 100_000,
  "KV reads": 100_000,
  "KV writes": 1_000,
};

// CPU of the worker that a flow costs, in milliseconds, as `make bench` measured it on the machine that
// docs/benchmarks.md describes. What the objects' calls cost is in it, since each takes a fraction of a millisecond;
// only hashing a password is not (OBJECT_MS). A test counts, and does not time.
export const CPU = {
  "log in with a password": 9,
  "log in where a session is": 1.5,
  "sign up": 10,
  "userinfo": 0.2,
  "refresh": 0.4,
  "a token for a machine": 0.1,
  "introspect an access token": 0.2,
  "a device: request, 12 polls, approval, tokens": 6,
  "log in through a provider": 4,
  "keys or metadata": 0.05,
};

// How long an account's object hashes a password, in milliseconds.
export const OBJECT_MS = {
  "log in with a password": 23,
  "sign up": 23,
};

// The counters that development tells, since the start.
export async function counters(server) {
  const { headers } = await fetch(`${server.url}/no-such-page`);
  const entries = [...headers.get("server-timing").matchAll(/all-([a-z-]+);desc="(\d+)"/g)];
  const { objects, alarms, ...rest } = Object.fromEntries(entries.map(([, name, count]) => [name, Number(count)]));
  return {
    "object requests": objects + alarms,
    "rows read": rest["rows-read"],
    "rows written": rest["rows-written"],
    "KV reads": rest["kv-reads"],
    "KV writes": rest["kv-writes"],
  };
}

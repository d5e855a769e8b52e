// What a flow costs at Cloudflare, counted on the real runtime in the units that Cloudflare bills, at its published
// prices (Workers, Durable Objects and KV, paid plan, without the amounts that the plan includes).
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
// The cost of a million flows, in dollars; also the cost of one flow, in millionths of a dollar.
export const dollars = (counts) =>
  Object.entries(PRICES).reduce((sum, [what, price]) => sum + price * (counts[what] ?? 0), 0);

// What the free plan allows per day (UTC), as published.
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

// CPU time of the worker for each flow, in milliseconds, as `make bench` measured it on the machine that
// docs/benchmarks.md describes. It includes the calls to objects, each a fraction of a millisecond, but not the hashing
// of a password (OBJECT_MS). Tests check counts, not times.
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

// How long an account's object takes to hash a password, in milliseconds.
export const OBJECT_MS = {
  "log in with a password": 23,
  "sign up": 23,
};

// The counters that a development server reports, since it started.
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

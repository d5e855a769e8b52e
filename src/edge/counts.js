// What this isolate has asked of the platform since it started, of all that is billed, and how often
// something stored could not be read. Development tells it, and a test counts by it what each flow costs.
const counts = {
  objects: 0, alarms: 0, "rows-read": 0, "rows-written": 0, "kv-reads": 0, "kv-writes": 0, unreadable: 0,
};

export function count(what, times = 1) {
  counts[what] += times;
}

// As entries of Server-Timing.
export const totals = () =>
  Object.entries(counts)
    .map(([what, times]) => `all-${what};desc="${times}"`)
    .join(", ");

// How often this isolate has used each billed operation of the platform since it started, and how often
// stored data could not be read. Development shows the counts; a test uses them to check what each flow costs.
const counts = {
  objects: 0, alarms: 0, "rows-read": 0, "rows-written": 0, "kv-reads": 0, "kv-writes": 0, unreadable: 0,
};

export function count(what, times = 1) {
  counts[what] += times;
}

// The counts in the format of the Server-Timing header.
export const totals = () =>
  Object.entries(counts)
    .map(([what, times]) => `all-${what};desc="${times}"`)
    .join(", ");

// Spreads the alarms that came due while the server was stopped. workerd would wake all of their objects at its
// start, before the worker could say a word: three files and 300 KiB for each, and nothing else is answered
// meanwhile.

// An object that was woken stays in memory for ten seconds, and seldom longer than this, in seconds.
const AWAKE = 12;
const FILES_PER_OBJECT = 3;
// More than these a second would take more than a tenth of a core.
const MOST_PER_SECOND = 25;

// How many alarms may fire each second, so that they open no more than a quarter of the files that may be open.
export const alarmsPerSecond = (openFiles) =>
  Math.max(1, Math.min(MOST_PER_SECOND, Math.floor(openFiles / 4 / FILES_PER_OBJECT / AWAKE)));

const OVERDUE = "SELECT count(*) AS overdue FROM _cf_ALARM WHERE scheduled_time <= ?";
// Those that came due last come first: they may be another try at something unfinished, where the others delete
// what has expired long ago. Times are in nanoseconds since 1970.
const SPREAD = `
  UPDATE _cf_ALARM SET scheduled_time = :first + place.number * :step
  FROM (
    SELECT actor_id AS id, row_number() OVER (ORDER BY scheduled_time DESC, actor_id) AS number
    FROM _cf_ALARM WHERE scheduled_time <= :now
  ) AS place
  WHERE actor_id = place.id`;

// Puts overdue alarms off so that no more than `perSecond` fire each second; returns how many were put off. An
// object whose own alarm is overdue takes whatever time the index has; workerd warns once that the two differ
// ("SQLite alarm overdue"). `classes` come from `withClasses`.
export function spreadAlarms(classes, perSecond) {
  const now = BigInt(Date.now()) * 1_000_000n;
  const step = BigInt(Math.floor(1e9 / perSecond));
  // The classes with few alarms come first: the keys and the accounts do not wait for thousands of expired grants.
  const counted = classes
    .map(({ index }) => ({ index, overdue: index.prepare(OVERDUE).get(now).overdue }))
    .sort((one, other) => one.overdue - other.overdue);
  const all = counted.reduce((sum, { overdue }) => sum + overdue, 0);
  if (all <= perSecond) return 0;
  let first = now;
  for (const { index, overdue } of counted) {
    index.prepare(SPREAD).run({ first, step, now });
    first += BigInt(overdue) * step;
  }
  return all;
}

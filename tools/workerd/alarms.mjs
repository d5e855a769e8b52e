// Spreads the alarms that became due while the server was stopped. workerd would wake all of their objects when it
// starts, and would respond to nothing else meanwhile. Each object takes three open files and 300 KiB. The worker can't
// prevent this, because workerd wakes the objects before it runs.

// How long an object stays in memory after it was woken, in seconds: usually ten, and rarely longer than this.
const AWAKE = 12;
const FILES_PER_OBJECT = 3;
// A higher rate would take more than a tenth of a core.
const MAX_PER_SECOND = 25;

// How many alarms may fire each second: so few that their objects open at most a quarter of the allowed files.
export const alarmsPerSecond = (openFiles) =>
  Math.max(1, Math.min(MAX_PER_SECOND, Math.floor(openFiles / 4 / FILES_PER_OBJECT / AWAKE)));

const OVERDUE = "SELECT count(*) AS overdue FROM _cf_ALARM WHERE scheduled_time <= ?";
// The alarms that came due last fire first: they may retry something unfinished, while the others delete what
// expired long ago. Times are in nanoseconds since 1970.
const SPREAD = `
  UPDATE _cf_ALARM SET scheduled_time = :first + place.number * :step
  FROM (
    SELECT actor_id AS id, row_number() OVER (ORDER BY scheduled_time DESC, actor_id) AS number
    FROM _cf_ALARM WHERE scheduled_time <= :now
  ) AS place
  WHERE actor_id = place.id`;

// Postpones overdue alarms so that at most `perSecond` fire each second. Returns how many it postponed. Changes only
// the index, which workerd uses; workerd warns once that an object's own alarm differs ("SQLite alarm overdue").
// `classes` come from `withClasses`.
export function spreadAlarms(classes, perSecond) {
  const now = BigInt(Date.now()) * 1_000_000n;
  const step = BigInt(Math.floor(1e9 / perSecond));
  // The classes with few alarms come first, so that keys and accounts don't wait for thousands of expired grants.
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

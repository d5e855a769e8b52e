// Load: virtual users who each do one operation after the other. Every response is checked.
import { Connection } from "./http.mjs";

export const USERS = 32;
export const TELEVISIONS = 1000;
// How many codes are created at a time. They are redeemed within seconds, as apps do, so their objects are still in
// memory.
export const CODES = 1500;
// How many users are signed in, for works in which they request codes.
export const PEOPLE = 64;

// Runs `body` with this many virtual users.
async function withUsers(port, users, body) {
  const connections = Array.from({ length: users }, () => new Connection(port));
  try {
    return await body(connections.map((connection) => (request) => connection.send(request)));
  } finally {
    for (const connection of connections) connection.close();
  }
}

async function checked(operate, send, user) {
  if (!(await operate(send, user))) throw new Error("an answer was not what it should be");
}

// All users work without pauses, which shows what the server can do. Returns the operations and the seconds.
export const saturate = (port, operate, seconds) =>
  withUsers(port, USERS, async (sends) => {
    const begin = performance.now();
    const end = begin + seconds * 1000;
    let done = 0;
    const loop = async (send, user) => {
      while (performance.now() < end && operate.left?.() !== 0) {
        await checked(operate, send, user);
        done += 1;
      }
    };
    await Promise.all(sends.map(loop));
    return { done, seconds: (performance.now() - begin) / 1000 };
  });

// Starts operations at fixed moments, even if earlier ones haven't ended, so that waiting for one's turn counts. Those
// that start in the first `warmUp` seconds, while connections open, don't count. Uses at most a third of what can be
// used up. Returns the sorted latencies in milliseconds.
export const atRate = (port, operate, rate, seconds, warmUp = 1) =>
  withUsers(port, USERS, async (sends) => {
    const left = operate.left?.() ?? Infinity;
    const uncounted = Math.floor(Math.min(rate * warmUp, left / 3));
    const total = Math.min(uncounted + Math.max(1, Math.floor(rate * seconds)), left);
    const latencies = new Float64Array(total);
    const free = sends.map((_, user) => user);
    const begin = performance.now();
    const due = (index) => begin + (index * 1000) / rate;
    let [next, ended] = [0, 0];
    let failure;
    const run = async (index, user) => {
      try {
        await checked(operate, sends[user], user);
      } catch (error) {
        failure ??= error;
      }
      latencies[index] = performance.now() - due(index);
      free.push(user);
      ended += 1;
    };
    // The loop doesn't sleep, because a timer's millisecond would count as the server's.
    while (ended < total && !failure) {
      while (next < total && free.length > 0 && due(next) <= performance.now()) {
        run(next, free.pop());
        next += 1;
      }
      await new Promise(setImmediate);
    }
    if (failure) throw failure;
    return latencies.subarray(uncounted).sort();
  });

// The value that this fraction of the sorted values doesn't exceed.
export const percentile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

// An operation that uses something up: `more` supplies it, `left` says how much there is.
export function using(make, operate) {
  let held = [];
  const use = (send, user) => operate(send, held.pop(), user);
  return Object.assign(use, {
    left: () => held.length,
    more: async () => {
      held = await make();
    },
  });
}

// Does something a number of times, several at once, for preparations.
export async function times(count, port, work) {
  const results = new Array(count);
  let next = 0;
  await withUsers(port, 16, (sends) =>
    Promise.all(
      sends.map(async (send) => {
        while (next < count) {
          const index = next;
          next += 1;
          results[index] = await work(send, index);
        }
      }),
    ));
  return results;
}

// What a process has used, as Linux tells.
import { readFileSync, readdirSync } from "node:fs";

// CPU time of all its threads, in microseconds.
export function cpu(pid) {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // The thread has ended.
    }
  }
  return nanoseconds / 1000;
}

const status = (pid, field) =>
  Number(readFileSync(`/proc/${pid}/status`, "utf8").match(new RegExp(`${field}:\\s+(\\d+)`))[1]) / 1024;
// In MiB: now, and the most since the start.
export const memory = (pid) => status(pid, "VmRSS");
export const peakMemory = (pid) => status(pid, "VmHWM");

// Reads what a process has used, from Linux's /proc.
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

// The peak memory of the process since its start, in MiB.
export const peakMemory = (pid) =>
  Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmHWM:\s+(\d+)/)[1]) / 1024;

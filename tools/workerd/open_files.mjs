// The limit of open files for the runtime: each object in memory takes three, and each connection one.
import { spawnSync } from "node:child_process";

// A lower limit causes a warning before the start.
const ENOUGH = 4096;
// How many files a waiting device takes: three for its object, and two sockets.
const PER_DEVICE = 5;

// The limit for the runtime. Node raises its own limit to the hard limit, and the processes that it starts inherit
// that.
export function openFileLimit() {
  const { stdout } = spawnSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" });
  const limit = Number(stdout);
  return stdout?.trim() === "unlimited" ? Infinity : limit || ENOUGH;
}

// The warning about a limit; undefined if the limit is high enough.
export const adviceFor = (limit) =>
  limit >= ENOUGH
    ? undefined
    : `only ${limit} files may be open here, enough for about ${Math.floor(limit / PER_DEVICE)} waiting devices. ` +
      "Beyond that, the runtime ends and is restarted. Raise the hard limit to 65536 (`ulimit -Hn 65536` as root, " +
      "or LimitNOFILE=65536 in the service's unit)";

// How many files the runtime may have open: each object in memory takes three, and each connection one.
import { spawnSync } from "node:child_process";

// Below this it is said before the start.
const FEW = 4096;
// What a device that waits for its answer takes: its object's three files, and two sockets.
const PER_DEVICE = 5;

// Node raises its own limit to the hard one when it starts, and hands that on to what it starts.
export function openFileLimit() {
  const { stdout } = spawnSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" });
  const limit = Number(stdout);
  return stdout?.trim() === "unlimited" ? Infinity : limit || FEW;
}

// What to say about a limit; undefined for one that is high enough.
export const adviceFor = (limit) =>
  limit >= FEW
    ? undefined
    : `only ${limit} files may be open here: about ${Math.floor(limit / PER_DEVICE)} devices that wait at once. ` +
      "Beyond that the runtime ends and starts again. Raise the hard limit to 65536 (`ulimit -Hn 65536` as root, " +
      "or LimitNOFILE=65536 in the service's unit)";

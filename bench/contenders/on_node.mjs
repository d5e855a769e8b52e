// Peers that run on Node. Each is a program that prints "ready" when it listens.
import { spawn } from "node:child_process";
import path from "node:path";

export const startOnNode = (file) => async ({ port, folder }) => {
  const program = path.join(import.meta.dirname, file);
  const env = { ...process.env, NODE_ENV: "production" };
  const child = spawn(process.execPath, [program, String(port), folder], { env, stdio: ["ignore", "pipe", "ignore"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    exited.then((code) => reject(new Error(`${file} stopped (${code})`)));
  });
  const stop = () => {
    child.kill("SIGTERM");
    return exited;
  };
  return { port, pid: child.pid, stop };
};

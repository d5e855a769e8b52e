// Runs a client in another language, which talks to the test over its standard streams. It prints `OPEN url` to send
// the user's browser there, and reads the URL to which the browser returned. It prints `DEVICE code` for the user to
// type a code, and reads `DONE`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { authorizeInBrowser, decideDevice, signedUp } from "./oauth.mjs";

export async function converse(server, command, args, env) {
  const { browser } = await signedUp(server);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } });
  const exit = new Promise((resolve, reject) => child.on("exit", resolve).on("error", reject));
  const said = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, value] = line.split(" ");
    if (word === "OPEN") child.stdin.write(`${await authorizeInBrowser(browser, value)}\n`);
    else if (word === "DEVICE") {
      await decideDevice(browser, value, "allow");
      child.stdin.write("DONE\n");
    } else said.push(line);
  }
  assert.equal(await exit, 0, said.join("\n"));
  return said;
}

// A client in another language talks to the test over its standard streams: it prints
// `OPEN address` where a person's browser would be sent and reads where the browser came back to,
// and `DEVICE code` where a person would type a code and reads `DONE`.
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

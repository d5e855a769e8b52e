// What a deployment prints and asks.
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { root } from "../workerd/config.mjs";

// What the user types before the name of a command: the package has another name than a clone.
const { name } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
export const COMMAND = name === "vestibule" ? "make" : `npx ${name}`;

// Ends the deployment without a stack trace. The message says what happened and what to do next.
export class Stop extends Error {}

// The number of steps that `step` counts to.
const STEPS = 4;

export const say = (text) => console.log(`vestibule: ${text}`);
export const step = (number, text) => console.log(`\n[${number}/${STEPS}] ${text}`);
export const detail = (text) => console.log(text.replace(/^(?=.)/gm, "      "));

// Whether somebody can answer a question.
export const isInteractive = () => Boolean(process.stdin.isTTY && process.stdout.isTTY) && !process.env.CI;

// Asks a question and returns the answer.
export async function ask(question) {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(`vestibule: ${question} `)).trim();
  } finally {
    terminal.close();
  }
}

// The output and the questions of a deployment.
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { root } from "../workerd/config.mjs";

// The prefix of commands for the user. The npm package has another one than a clone.
const { name } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
export const COMMAND = name === "vestibule" ? "make" : `npx ${name}`;

// Ends the deployment without a stack trace. The message says what happened and what to do next.
export class Stop extends Error {}

// The total number of steps that `step` shows.
const STEPS = 4;

export const say = (text) => console.log(`vestibule: ${text}`);
export const step = (number, text) => console.log(`\n[${number}/${STEPS}] ${text}`);
export const detail = (text) => console.log(text.replace(/^(?=.)/gm, "      "));

// Whether a user can answer a question.
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

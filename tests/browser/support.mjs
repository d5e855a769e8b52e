// A real Chromium, at phone and desktop width, with JavaScript on and off.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { startUpstreams } from "../../tools/upstreams.mjs";
import { freePort, startServer } from "../support/server.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const DEMO = { email: "demo@example.com", password: "vestibule-demo" };
export const WIDTHS = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};
export const KINDS = Object.keys(WIDTHS).flatMap((width) => [
  { name: `${width} with JavaScript`, options: { ...WIDTHS[width], javaScriptEnabled: true } },
  { name: `${width} without JavaScript`, options: { ...WIDTHS[width], javaScriptEnabled: false } },
]);

function executable() {
  const names = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  for (const name of names.filter(Boolean)) {
    const found = spawnSync("sh", ["-c", 'command -v "$0"', name], { encoding: "utf8" }).stdout.trim();
    if (found) return found;
  }
  throw new Error("no Chromium was found: install chromium, or set CHROMIUM to its path");
}

export const launch = () =>
  chromium.launch({
    executablePath: executable(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });

// The demo server with the demo's upstream providers, and Chromium.
export async function startDemo(port) {
  port ??= await freePort();
  const upstreams = await startUpstreams(`http://localhost:${port}`);
  const server = await startServer({ port, vars: upstreams.vars });
  const chrome = await launch();
  await fetch(`${server.url}/demo`);
  return {
    server,
    chrome,
    async stop() {
      await chrome.close();
      await server.stop();
      await upstreams.stop();
    },
  };
}

// A page on which every error fails the test: script errors and violations of the content security policy.
export async function open(chrome, options) {
  const context = await chrome.newContext(options);
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // Some tests expect a status of 4xx.
    // A provider's pages may request something that can't be reached.
    const elsewhere = /ERR_NAME_NOT_RESOLVED/.test(message.text()) && !/localhost/.test(message.location().url);
    if (message.type() === "error" && !elsewhere && !/status of 4\d\d/.test(message.text())) complaints.push(message.text());
  });
  return {
    context,
    page,
    async close() {
      await context.close();
      assert.deepEqual(complaints, []);
    },
  };
}

// The violations that axe-core finds, by the rules of WCAG 2.2 AA and its best practices.
export async function axe(page) {
  await page.evaluate(`${axeSource};undefined`);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
}

// Checks that a page isn't wider than its window.
export const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

export async function signIn(page, { email, password } = DEMO) {
  await page.getByLabel("Email address").fill(email);
  // If the email address can lead to a company's provider, the page asks for it first.
  if ((await page.getByLabel("Password").count()) === 0) await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

let count = 0;
export async function signUp(page) {
  const person = { email: `browser-${Date.now()}-${(count += 1)}@example.test`, password: "a long enough passphrase" };
  await page.getByLabel("Email address").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  return person;
}

export const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

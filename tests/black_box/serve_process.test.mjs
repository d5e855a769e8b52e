// `make serve` as a process: it ends and restarts the runtime that it started, and warns about low limits.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { deviceCode, poll, television } from "../support/oauth.mjs";
import { isAlive, runtimeOf, serve } from "../support/serve.mjs";
import { freePort } from "../support/server.mjs";

let folder, served;
// Starts the server of one test, which `afterEach` ends.
async function start(more = [], shell = "") {
  served = await serve(await freePort(), [`STATE=${folder}`, "REGISTRATION=open", ...more], shell);
  return served;
}
const answers = async () => (await fetch(`${served.url}/.well-known/openid-configuration`)).status;
async function isGone(pid) {
  while (isAlive(pid)) await pause(50);
}

beforeEach(() => { folder = mkdtempSync(path.join(tmpdir(), "vestibule-process-")); });
afterEach(async () => {
  served.child.kill("SIGKILL");
  await served.exited;
  rmSync(folder, { recursive: true, force: true });
});

test("a runtime that ends is restarted, after a longer delay each time", async () => {
  await start();
  process.kill(runtimeOf(served), "SIGKILL");
  await served.says("the runtime is serving again");
  assert.match(served.said(), /the runtime restarts in 1 s\. It ended \(SIGKILL\) without a word/);
  assert.equal(await answers(), 200);
  process.kill(runtimeOf(served), "SIGKILL");
  await served.says("the runtime is serving again", 2);
  assert.match(served.said(), /the runtime restarts in 2 s\. It ended \(SIGKILL\)/);
  assert.equal(await answers(), 200);
});

test("a runtime that can't be restarted at first is restarted later", async () => {
  await start();
  process.kill(runtimeOf(served), "SIGKILL");
  await served.says("the runtime restarts in 1 s");
  // Imitates another process that uses the folder.
  const index = new DatabaseSync(path.join(folder, "objects/vestibule-KeyRing/metadata.sqlite"));
  index.exec("BEGIN IMMEDIATE");
  await served.says("the runtime restarts in 2 s. It can't be started: another process uses");
  index.close();
  await served.says("the runtime is serving again");
  assert.equal(await answers(), 200);
});

test("it raises the limit of open files to the hard limit, and warns if that is low", async () => {
  await start([], "ulimit -Sn 512;");
  const [, soft, hard] = readFileSync(`/proc/${runtimeOf(served)}/limits`, "utf8").match(/Max open files +(\d+) +(\d+)/);
  assert.equal(soft, hard);
  await served.stop();
  await start([], "ulimit -n 512;");
  assert.match(served.said(), /only 512 files may be open here, enough for about 102 waiting devices/);
  assert.match(served.said(), /LimitNOFILE=65536/);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  test(`${signal} ends the server and its runtime`, async () => {
    await start();
    const runtime = runtimeOf(served);
    served.child.kill(signal);
    assert.equal(await served.exited, 0);
    assert.ok(!isAlive(runtime));
  });
}

test("Ctrl-C, which a terminal sends to a process group, reaches only the server, not its runtime", async () => {
  await start();
  const groupOf = (pid) => readFileSync(`/proc/${pid}/stat`, "utf8").match(/\) \S+ \d+ (\d+)/)[1];
  assert.notEqual(groupOf(runtimeOf(served)), groupOf(served.child.pid));
});

test("the runtime ends with the server that started it, even when that is killed", async () => {
  await start();
  const runtime = runtimeOf(served);
  served.child.kill("SIGKILL");
  await isGone(runtime);
});

test("a server that waits to restart its runtime stops at once", async () => {
  await start();
  process.kill(runtimeOf(served), "SIGKILL");
  await served.says("the runtime restarts in");
  assert.equal(await served.stop(), 0);
  assert.doesNotMatch(served.said(), /serving again/);
});

test("it serves at an address that is not localhost", async () => {
  await start(["HOST=127.0.0.2"]);
  assert.match(served.said(), /Vestibule serves/);
  // A request to another host than the issuer's is redirected to the issuer.
  const answer = await fetch(`http://127.0.0.2:${served.port}/sign-in`, { redirect: "manual" });
  assert.ok(answer.status < 400);
});

test("a port that is in use is named as the reason, and nothing is left running", async () => {
  const { port } = await start();
  const other = mkdtempSync(path.join(tmpdir(), "vestibule-process-"));
  const second = await serve(port, [`STATE=${other}`]);
  assert.equal(await second.exited, 1);
  assert.match(second.said(), new RegExp(`port ${port} is in use\\. Stop what uses it, or choose another`));
  assert.equal(await answers(), 200);
  rmSync(other, { recursive: true, force: true });
});

// The number of tasks that wait in the isolate, which a development server reports in `Server-Timing`.
async function waiting() {
  const { headers } = await fetch(`${served.url}/no-such-page`);
  return Number(headers.get("server-timing").match(/(?<![a-z-])tasks;desc="(\d+)"/)[1]);
}

// Sends the first half of a request. Returns a function that sends the rest and returns the status line.
async function upload() {
  const socket = connect(served.port, "localhost");
  const body = "grant_type=client_credentials";
  const head = `POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}`;
  await new Promise((resolve) => socket.write(`${head}\r\n\r\n${body.slice(0, 10)}`, resolve));
  return async () => {
    socket.write(body.slice(10));
    for await (const chunk of socket) return chunk.toString().split("\r\n")[0];
  };
}

test("on SIGTERM it answers held polls at once, refuses new requests and lets those under way finish", async () => {
  await start(["ENVIRONMENT=development"]);
  const client = await television(served);
  const { device_code } = await deviceCode(served, client, { scope: "openid" });
  const idle = await waiting();
  const held = poll(served, client, device_code, { prefer: "wait=30" });
  const finish = await upload();
  while ((await waiting()) === idle) await pause(20);
  const stopped = served.stop();
  // The held poll ends while the other request is still being sent.
  assert.equal((await held).body.error, "authorization_pending");
  const refused = await fetch(`${served.url}/sign-in`);
  assert.equal(refused.status, 503);
  assert.equal((await refused.json()).error, "temporarily_unavailable");
  assert.equal(refused.headers.get("retry-after"), "5");
  assert.match(await finish(), /^HTTP\/1\.1 4/);
  assert.equal(await stopped, 0);
});

test("a request to the server's address can't drain it", async () => {
  await start();
  assert.equal((await fetch(`${served.url}/drain`)).status, 404);
  assert.equal((await fetch(`${served.url}/drain`, { method: "POST" })).status, 404);
  assert.equal(await answers(), 200);
});

// Held polls (`Prefer: wait`, RFC 7240 §4.3) take little memory and free it when the client disconnects. The runtime
// doesn't report a disconnect: the work for that client just never continues.
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { DEVICE, decideDevice, deviceCode, poll, signedUp, television } from "../support/oauth.mjs";
import { settings } from "../support/federation.mjs";
import { startServer } from "../support/server.mjs";

const MIB = 1024 * 1024;
let server;
let client;
before(async () => {
  // With an interval of one second, one code can be polled many times at once.
  server = await startServer({ vars: { DEVICE_INTERVAL: "1", DEVICE_CODES_PER_HOUR: "1000" } });
  client = await television(server);
});
after(() => server.stop());

// The number of tasks that wait in the isolate, and the size of its wasm memory in bytes, which never shrinks.
async function used() {
  const { headers } = await fetch(`${server.url}/no-such-page`);
  const of = (name) => Number(headers.get("server-timing").match(new RegExp(`(?<![a-z-])${name};desc="(\\d+)"`))[1]);
  return { tasks: of("tasks"), memory: of("memory") };
}

// Sends a held poll with a lot of unneeded data in the body and the headers. Returns its socket.
function send(device_code) {
  const junk = "x".repeat(60_000);
  const body = `${new URLSearchParams({ grant_type: DEVICE, client_id: client.client_id, device_code })}&junk=${junk}`;
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `POST /token?${"q".repeat(12_000)} HTTP/1.1\r\nHost: localhost:${server.port}\r\n` +
      `Content-Type: application/x-www-form-urlencoded; x=${"t".repeat(6_000)}\r\nPrefer: wait=30, x=${"p".repeat(6_000)}\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

test("hundreds of held polls with large bodies take little memory, and none after their connections were reset", async () => {
  const codes = await Promise.all(Array.from({ length: 20 }, () => deviceCode(server, client)));
  const idle = await used();
  const sockets = codes.flatMap(({ device_code }) => Array.from({ length: 30 }, () => send(device_code)));
  let held = await used();
  for (let attempt = 0; attempt < 100 && held.tasks < 600; attempt += 1) {
    await pause(100);
    held = await used();
  }
  assert.ok(held.tasks >= 500, `${held.tasks} are held`);
  // 84 KB of data were sent with each.
  assert.ok(held.memory < idle.memory + 6 * MIB, `${(held.memory - idle.memory) / held.tasks} bytes for each`);
  for (const socket of sockets) socket.resetAndDestroy();
  let left = held;
  for (let attempt = 0; attempt < 240 && left.tasks > 5; attempt += 1) {
    await pause(500);
    left = await used();
  }
  assert.ok(left.tasks <= 5, `${left.tasks} tasks stay`);
  assert.ok(left.memory < idle.memory + 6 * MIB, `${left.memory} bytes, where ${idle.memory} were before`);
  // New polls are held again.
  const { device_code } = await deviceCode(server, client);
  const answer = await poll(server, client, device_code, { prefer: "wait=1" });
  assert.equal(answer.body.error, "authorization_pending");
});

test("an object that holds too many responses sends the oldest", async () => {
  const { device_code, user_code } = await deviceCode(server, client);
  const { browser } = await signedUp(server);
  const answered = [];
  const polls = Array.from({ length: 40 }, (_, index) =>
    poll(server, client, device_code, { prefer: "wait=30" }).then(({ body }) => answered.push({ index, error: body.error })));
  while (answered.length < 8) await pause(50);
  assert.ok(answered.every(({ error }) => error === "authorization_pending"));
  await decideDevice(browser, user_code, "deny");
  await Promise.all(polls);
  const errors = (kind) => answered.filter(({ error }) => error === kind).length;
  assert.deepEqual([errors("authorization_pending"), errors("access_denied")], [8, 32]);
});

test("requests that would fill the memory are refused temporarily", async () => {
  // A user who signs in through this provider waits, and so does the data of the request.
  const silent = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const issuer = `http://127.0.0.1:${silent.address().port}`;
  const provider = { id: "up", issuer, client_id: "vestibule", initiated_login: true };
  const busy = await startServer({ vars: settings([provider]) });
  try {
    const body = new URLSearchParams({ iss: issuer, junk: "x".repeat(60_000) });
    const answers = await Promise.all(Array.from({ length: 450 }, async () => {
      const answer = await fetch(`${busy.url}/initiate-login`, { method: "POST", body, redirect: "manual" });
      return { status: answer.status, retry: answer.headers.get("retry-after"), text: await answer.text() };
    }));
    const refused = answers.filter(({ retry }) => retry !== null);
    assert.ok(refused.length > 0, [...new Set(answers.map(({ status }) => status))].join());
    for (const { status, retry, text } of refused) {
      assert.equal(status, 503);
      assert.equal(retry, "5");
      assert.equal(JSON.parse(text).error, "temporarily_unavailable");
    }
    assert.ok(refused.length < answers.length, "some were taken");
    const later = await fetch(`${busy.url}/sign-in`);
    assert.equal(later.status, 200);
    const memory = Number(later.headers.get("server-timing").match(/memory;desc="(\d+)"/)[1]);
    assert.ok(memory < 80 * MIB, `${memory} bytes`);
  } finally {
    await busy.stop();
    silent.close();
  }
});

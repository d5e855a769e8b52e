// What a task of the worker waits for (crates/edge/src/turns.rs) never reaches another task.
import assert from "node:assert/strict";
import { test } from "node:test";
import { forgetBegun, park, send, takeFast, takeParking, takeSpare, wake } from "../../crates/edge/src/platform.js";

const env = { GRANTS: { idFromName: (name) => name, get: (id) => ({ step: async () => `the reply to ${id}` }) } };
const begin = (name) => send(env, "GRANTS", true, name, "command", 0);

test("a call that a task began before it failed is not what the next task waits for", async () => {
  begin("the failed task");
  forgetBegun();
  begin("the next task");
  assert.equal(await takeFast(), "the reply to the next task");
  assert.equal(takeFast(), undefined);
});

test("of two calls in one turn the first has the fast way, and the second is spare", async () => {
  forgetBegun();
  begin("the first");
  begin("the second");
  assert.equal(await takeSpare(), "the reply to the second");
  assert.equal(await takeFast(), "the reply to the first");
});

test("a waker resolves the promise of its own task, and not that of a task with this number in another module", async () => {
  park(0, 1);
  const first = takeParking();
  park(1, 1);
  const second = takeParking();
  wake(1, 1);
  assert.equal(await Promise.race([first.then(() => "first"), second.then(() => "second")]), "second");
});

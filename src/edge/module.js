// The wasm module, and the functions that call it.
import module from "../../build/vestibule_bg.wasm";
import { initSync, resume, wakeUp } from "../../build/vestibule.js";
import * as bindings from "../../build/vestibule.js";
import { WOKEN, broken, forgetBegun, mended, panic, takeAnswer, takeFast, takeParking } from "./platform.js";

initSync({ module });

// After a trap the instance may be in any state, so the next call gets a fresh one. An instance contains only caches,
// and waiting tasks, which end with it.
let instance = 0;
export function fresh() {
  if (broken()) {
    bindings.__wbg_reset_state();
    instance += 1;
    mended();
  }
}

// Calls the wasm module. A trap without a panic counts as a panic.
export function call(work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) panic(`trap: ${error.message}`);
    throw error;
  }
}

// Starts a task. Returns the number of the waiting task, or 0 if it is finished.
export function begin(work) {
  fresh();
  return turn(work);
}

// Gives a task a turn.
function turn(work) {
  forgetBegun();
  return call(work);
}

// Awaits what the wasm module waits for and resumes the task, until it is finished. Must be called in the same turn as
// `begin`: the result must be taken in the turn that produced it, because later it could be another request's.
export async function turns(task) {
  const own = instance;
  let fast;
  while (task !== 0) {
    // A promise that was overtaken by a waker is still waited for.
    fast = takeFast() ?? fast;
    const parking = takeParking();
    let outcome;
    let failed = false;
    try {
      if (parking === undefined) outcome = await fast;
      else outcome = await (fast === undefined ? parking : Promise.race([fast, parking]));
    } catch (error) {
      outcome = error;
      failed = true;
    }
    // A new instance doesn't know this task, and may use its number for another one.
    if (own !== instance || broken()) throw new Error("a trap ended this task");
    if (outcome === WOKEN) {
      task = turn(() => wakeUp(task));
    } else {
      fast = undefined;
      task = turn(() => resume(task, outcome, failed));
    }
  }
  return takeAnswer();
}

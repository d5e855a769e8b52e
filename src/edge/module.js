// The wasm module, and how it is called.
import module from "../../build/vestibule_bg.wasm";
import { initSync, resume, wakeUp } from "../../build/vestibule.js";
import * as bindings from "../../build/vestibule.js";
import { WOKEN, broken, mended, panic, takeAnswer, takeFast, takeParking } from "./platform.js";

initSync({ module });

// After a trap the instance may be in any state: the next call gets a fresh one. All that lives in
// it are caches, and tasks that wait, which end with it.
let instance = 0;
export function fresh() {
  if (broken()) {
    bindings.__wbg_reset_state();
    instance += 1;
    mended();
  }
}

// Calls the wasm module. A trap without a panic is one too.
export function call(work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) panic(`trap: ${error.message}`);
    throw error;
  }
}

// Begins: the number of the task that waits, or 0 when all is done.
export function begin(work) {
  fresh();
  return call(work);
}

// Awaits what the wasm module waits for and lets the task go on, until all is done. Called in the same turn as
// `begin`: the answer is taken in the very turn that gave it, and a moment later it could be another request's.
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
    // Another instance knows nothing of this task, and may have one of the same number.
    if (own !== instance || broken()) throw new Error("a trap ended this task");
    if (outcome === WOKEN) {
      task = call(() => wakeUp(task));
    } else {
      fast = undefined;
      task = call(() => resume(task, outcome, failed));
    }
  }
  return takeAnswer();
}

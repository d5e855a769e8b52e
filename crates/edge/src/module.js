// A wasm module, and what runs its tasks.
import { WOKEN, broken, forgetBegun, mended, panic, running, takeAnswer, takeFast, takeParking } from "./platform.js";

export class WasmModule {
  #number;
  #bindings;
  // After a trap the instance may be in any state, so the next call gets a fresh one. An instance contains only caches,
  // and waiting tasks, which end with it.
  #instance = 0;

  // `number` is that of `module.rs`.
  constructor(number, bindings, wasm) {
    this.#number = number;
    this.#bindings = bindings;
    bindings.initSync({ module: wasm });
    running.set(number, this);
  }

  fresh() {
    if (broken(this.#number)) {
      this.#bindings.__wbg_reset_state();
      this.#instance += 1;
      mended(this.#number);
    }
  }

  // Calls a function of the module. A trap without a panic counts as a panic.
  call(work) {
    try {
      return work(this.#bindings);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) panic(this.#number, `trap: ${error.message}`);
      throw error;
    }
  }

  // Starts a task. Returns the number of the waiting task, or 0 if it is finished.
  begin(work) {
    this.fresh();
    return this.#turn(work);
  }

  // Gives a task a turn.
  #turn(work) {
    forgetBegun();
    return this.call(work);
  }

  // Awaits what the module waits for and resumes the task, until it is finished. Must be called in the same turn as
  // `begin`: the result must be taken in the turn that produced it, because later it could be another request's.
  async turns(task) {
    const own = this.#instance;
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
      if (own !== this.#instance || broken(this.#number)) throw new Error("a trap ended this task");
      if (outcome === WOKEN) {
        task = this.#turn(({ wakeUp }) => wakeUp(task));
      } else {
        fast = undefined;
        task = this.#turn(({ resume }) => resume(task, outcome, failed));
      }
    }
    return takeAnswer();
  }

  // Removes a client from those that the module keeps. A broken instance is replaced anyway.
  forgetClient(cachedUnder) {
    if (!broken(this.#number)) this.call(({ forgetClient }) => forgetClient(cachedUnder));
  }
}

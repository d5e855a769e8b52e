// The wasm modules of the worker, by their numbers in `module.rs`.
import wasm from "./vestibule_worker_bg.wasm";
import * as bindings from "./vestibule_worker.js";
import { WasmModule } from "./module.js";

export const main = new WasmModule(0, bindings, wasm);

// What the main module answers if the other one has the path (`answer.rs`).
export const ELSEWHERE = 2 ** 32 - 1;

// The module of what is asked for rarely. Only a dynamic import keeps the runtime from compiling it at the start
// (docs/decisions/loaded-on-demand.md).
let loading;
export function onDemand() {
  loading ??= load();
  return loading;
}

async function load() {
  try {
    const [bindings, { default: wasm }] = await Promise.all([
      import("./vestibule_on_demand.js"),
      import("./vestibule_on_demand_bg.wasm"),
    ]);
    return new WasmModule(1, bindings, wasm);
  } catch (error) {
    // The next request tries again.
    loading = undefined;
    throw error;
  }
}

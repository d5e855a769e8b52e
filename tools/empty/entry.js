// The least that a Rust worker can be.
import module from "./empty_bg.wasm";
import { answer, initSync } from "./empty.js";

initSync({ module });

export default {
  fetch: () => new Response(answer()),
};

// Calls a Durable Object by RPC: /memory answers from memory, /row writes one row.
import { DurableObject } from "cloudflare:workers";

// Unchanged rows aren't written at all, so each row is different.
let rows = 0;

export class Floor extends DurableObject {
  #state = "a state";
  memory() {
    return this.#state;
  }
  row(value) {
    this.ctx.storage.kv.put("state", value);
    return "written";
  }
}

export default {
  async fetch(request, { FLOORS }) {
    const { pathname, searchParams } = new URL(request.url);
    const object = FLOORS.get(FLOORS.idFromName(searchParams.get("id")));
    const row = () => object.row(`a state of some length ${"x".repeat(400)} ${(rows += 1)}`);
    const answer = await (pathname === "/row" ? row() : object.memory());
    return new Response(answer);
  },
};

// A KV namespace on local disk for the peers that store their state in KV: one object's SQLite, with expiry.
import { DurableObject } from "cloudflare:workers";

export class Namespace extends DurableObject {
  get(key) {
    const held = this.ctx.storage.kv.get(key);
    return held === undefined || held.until < Date.now() ? undefined : held.value;
  }
  put(key, value, ttl) {
    this.ctx.storage.kv.put(key, { value, until: ttl === null ? Infinity : Date.now() + Number(ttl) * 1000 });
  }
  delete(key) {
    this.ctx.storage.kv.delete(key);
  }
  list(prefix) {
    return [...this.ctx.storage.kv.list({ prefix })].map(([name]) => ({ name }));
  }
}

export default {
  async fetch(request, { NAMESPACE }) {
    const url = new URL(request.url);
    const key = decodeURIComponent(url.pathname.slice(1));
    const namespace = NAMESPACE.get(NAMESPACE.idFromName("kv"));
    if (request.method === "PUT") {
      await namespace.put(key, await request.text(), url.searchParams.get("expiration_ttl"));
      return new Response();
    }
    if (request.method === "DELETE") {
      await namespace.delete(key);
      return new Response();
    }
    if (key === "") return Response.json({ keys: await namespace.list(url.searchParams.get("prefix") ?? ""), list_complete: true });
    const value = await namespace.get(key);
    return value === undefined ? new Response(null, { status: 404 }) : new Response(value);
  },
};

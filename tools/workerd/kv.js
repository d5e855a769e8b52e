// The KV namespace of a server without Cloudflare: responds to the requests of workerd's KV binding, and stores the
// values in one object's SQLite on local disk. Vestibule caches what it reads, so there are few requests.
import { DurableObject } from "cloudflare:workers";

export class Namespace extends DurableObject {
  get(key) {
    return this.ctx.storage.kv.get(key);
  }
  put(key, value) {
    this.ctx.storage.kv.put(key, value);
  }
  delete(key) {
    this.ctx.storage.kv.delete(key);
  }
}

export default {
  async fetch(request, { NAMESPACE }) {
    const url = new URL(request.url);
    const key = decodeURIComponent(url.pathname.slice(1));
    const namespace = NAMESPACE.get(NAMESPACE.idFromName("kv"));
    if (key === "") return new Response("not supported here", { status: 501 });
    switch (request.method) {
      case "GET": {
        const value = await namespace.get(key);
        return value === undefined ? new Response(null, { status: 404 }) : new Response(value);
      }
      case "PUT":
        // Expired values are never removed here, so values that expire can't be stored.
        if (url.searchParams.has("expiration") || url.searchParams.has("expiration_ttl")) {
          return new Response("not supported here", { status: 501 });
        }
        await namespace.put(key, new Uint8Array(await request.arrayBuffer()));
        return new Response();
      case "DELETE":
        await namespace.delete(key);
        return new Response();
      default:
        return new Response("not supported here", { status: 501 });
    }
  },
};

// KV namespaces. The API and the workers read and write the same values, at once: the delay of up to 60 seconds that
// Cloudflare has between its data centers isn't reproduced.
import { createServer } from "node:http";
import { ApiError } from "./errors.mjs";
import { newId } from "./identifiers.mjs";

// In seconds.
const MIN_TTL = 60;
const MAX_KEY_BYTES = 512;

class KvNamespace {
  id = newId();
  #entries = new Map();

  constructor(title) {
    this.title = title;
  }

  // Undefined if there is none, or it has expired.
  entry(key) {
    const entry = this.#entries.get(key);
    if (entry?.expiration !== undefined && entry.expiration * 1000 <= Date.now()) {
      this.#entries.delete(key);
      return undefined;
    }
    return entry;
  }

  // The value as text.
  get(key) {
    return this.entry(key)?.value.toString();
  }

  // `expiration` is in seconds since 1970, `ttl` in seconds from now.
  put(key, value, { expiration, ttl, metadata } = {}) {
    if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new ApiError(414, 10030, "key is too long");
    if (ttl !== undefined && ttl < MIN_TTL) {
      throw new ApiError(400, 10033, `Invalid expiration_ttl of ${ttl}. Expiration TTL must be at least ${MIN_TTL}.`);
    }
    const until = ttl === undefined ? expiration : Math.floor(Date.now() / 1000) + ttl;
    this.#entries.set(key, { value: Buffer.from(value), metadata, ...(until !== undefined && { expiration: until }) });
  }

  delete(key) {
    this.#entries.delete(key);
  }

  // In the order of the keys.
  list({ prefix = "", limit = 1000, cursor = "" } = {}) {
    const names = [...this.#entries.keys()].filter((key) => key.startsWith(prefix) && this.entry(key)).sort();
    const rest = names.filter((name) => cursor === "" || name > cursor);
    const keys = rest.slice(0, limit).map((name) => {
      const { expiration, metadata } = this.entry(name);
      return { name, ...(expiration && { expiration }), ...(metadata !== undefined && { metadata }) };
    });
    return { keys, cursor: rest.length > limit ? keys.at(-1).name : "" };
  }
}

export class KvNamespaces {
  #namespaces = new Map();

  create(title) {
    if (this.byTitle(title)) throw new ApiError(400, 10014, "a namespace with this account ID and title already exists");
    const namespace = new KvNamespace(title);
    this.#namespaces.set(namespace.id, namespace);
    return namespace;
  }

  get all() {
    return [...this.#namespaces.values()].sort((a, b) => (a.title < b.title ? -1 : 1));
  }

  byTitle(title) {
    return this.all.find((namespace) => namespace.title === title);
  }

  has(id) {
    return this.#namespaces.has(id);
  }

  open(id) {
    const namespace = this.#namespaces.get(id);
    if (namespace === undefined) throw new ApiError(404, 10013, "namespace not found");
    return namespace;
  }

  delete(id) {
    this.open(id);
    this.#namespaces.delete(id);
  }
}

// Answers the HTTP requests of workerd's KV binding. A header names the namespace.
export async function serveKv(socketPath, openNamespace) {
  const server = createServer(async (request, response) => {
    try {
      const chunks = await Array.fromAsync(request);
      const { status = 200, headers = {}, body } = answer(request, Buffer.concat(chunks), openNamespace);
      response.writeHead(status, headers).end(body);
    } catch (error) {
      response.writeHead(error.status ?? 500).end(error.message);
    }
  });
  await new Promise((resolve) => server.listen(socketPath, resolve));
  return server;
}

function answer({ method, url, headers }, body, openNamespace) {
  const { pathname, searchParams } = new URL(url, "http://kv");
  const namespace = openNamespace(headers["x-double-namespace"]);
  const key = decodeURIComponent(pathname.slice(1));
  const number = (name) => (searchParams.has(name) ? Number(searchParams.get(name)) : undefined);
  if (method === "GET" && key === "") return listed(namespace, searchParams, number);
  if (method === "POST" && pathname === "/bulk/get") return several(namespace, JSON.parse(body));
  if (method === "GET") {
    const entry = namespace.entry(key);
    if (entry === undefined) return { status: 404 };
    const metadata = entry.metadata === undefined ? {} : { "cf-kv-metadata": JSON.stringify(entry.metadata) };
    return { body: entry.value, headers: metadata };
  }
  if (method === "PUT") {
    const metadata = headers["cf-kv-metadata"] === undefined ? undefined : JSON.parse(headers["cf-kv-metadata"]);
    namespace.put(key, body, { expiration: number("expiration"), ttl: number("expiration_ttl"), metadata });
    return {};
  }
  if (method === "DELETE") {
    namespace.delete(key);
    return {};
  }
  return { status: 501 };
}

function listed(namespace, query, number) {
  const { keys, cursor } = namespace.list({
    prefix: query.get("prefix") ?? "", limit: number("key_count_limit"), cursor: query.get("cursor") ?? "",
  });
  return { body: JSON.stringify({ keys, list_complete: cursor === "", ...(cursor && { cursor }) }) };
}

function several(namespace, { keys, type }) {
  const read = (key) => {
    const text = namespace.get(key);
    return text === undefined ? null : type === "json" ? JSON.parse(text) : text;
  };
  return { body: JSON.stringify(Object.fromEntries(keys.map((key) => [key, read(key)]))) };
}

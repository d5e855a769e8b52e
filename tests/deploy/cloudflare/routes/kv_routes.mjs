// https://developers.cloudflare.com/api/resources/kv/
import { ApiError } from "../errors.mjs";
import { Answer, paged } from "../router.mjs";

const BASE = "/accounts/:account/storage/kv/namespaces";
const ONE = `${BASE}/:namespace`;
const view = ({ id, title }) => ({ id, title, supports_url_encoding: true });

export function addKvRoutes(router) {
  const add = (method, shape, handle) =>
    router.add(method, shape, (call) => {
      const account = call.accounts.open(call.params.account, call.token, "kv");
      return handle({ ...call, account });
    });
  const withNamespace = (method, shape, handle) =>
    add(method, shape, (call) => handle({ ...call, namespace: call.account.kv.open(call.params.namespace) }));

  add("GET", BASE, ({ account, query }) => paged(account.kv.all.map(view), query));
  add("POST", BASE, ({ account, json }) => view(account.kv.create(json().title)));
  withNamespace("GET", ONE, ({ namespace }) => view(namespace));
  withNamespace("PUT", ONE, ({ namespace, json }) => {
    namespace.title = json().title;
    return view(namespace);
  });
  add("DELETE", ONE, ({ account, params }) => {
    account.kv.delete(params.namespace);
    return null;
  });
  withNamespace("GET", `${ONE}/keys`, ({ namespace, query }) => {
    const { keys, cursor } = namespace.list({
      prefix: query.get("prefix") ?? "", limit: Number(query.get("limit") ?? 1000), cursor: query.get("cursor") ?? "",
    });
    return new Answer({ result: keys, info: { count: keys.length, cursor } });
  });
  addValueRoutes(withNamespace);
}

function addValueRoutes(add) {
  add("GET", `${ONE}/values/:key`, ({ namespace, params }) => {
    const entry = namespace.entry(params.key);
    if (entry === undefined) throw new ApiError(404, 10009, "get: 'key not found'");
    const expiration = entry.expiration && { expiration: String(entry.expiration) };
    return new Answer({ raw: entry.value, headers: { "content-type": "application/octet-stream", ...expiration } });
  });
  add("GET", `${ONE}/metadata/:key`, ({ namespace, params }) => {
    const entry = namespace.entry(params.key);
    if (entry === undefined) throw new ApiError(404, 10009, "get: 'key not found'");
    return entry.metadata ?? null;
  });
  add("PUT", `${ONE}/values/:key`, async ({ namespace, params, query, headers, body }) => {
    const number = (name) => (query.has(name) ? Number(query.get(name)) : undefined);
    const options = { expiration: number("expiration"), ttl: number("expiration_ttl") };
    if (!headers["content-type"]?.startsWith("multipart/form-data")) {
      namespace.put(params.key, body, options);
      return null;
    }
    const form = await new Response(body, { headers }).formData();
    const metadata = form.has("metadata") ? JSON.parse(await new Response(form.get("metadata")).text()) : undefined;
    namespace.put(params.key, await new Response(form.get("value")).text(), { ...options, metadata });
    return null;
  });
  add("DELETE", `${ONE}/values/:key`, ({ namespace, params }) => {
    namespace.delete(params.key);
    return null;
  });
  add("PUT", `${ONE}/bulk`, ({ namespace, json }) => {
    const entries = json();
    for (const { key, value, base64, expiration, expiration_ttl: ttl, metadata } of entries) {
      namespace.put(key, base64 ? Buffer.from(value, "base64") : value, { expiration, ttl, metadata });
    }
    return { successful_key_count: entries.length, unsuccessful_keys: [] };
  });
  for (const [method, shape] of [["DELETE", `${ONE}/bulk`], ["POST", `${ONE}/bulk/delete`]]) {
    add(method, shape, ({ namespace, json }) => {
      const keys = json();
      for (const key of keys) namespace.delete(key);
      return { successful_key_count: keys.length, unsuccessful_keys: [] };
    });
  }
  add("POST", `${ONE}/bulk/get`, ({ namespace, json }) => ({
    values: Object.fromEntries(json().keys.map((key) => [key, namespace.get(key) ?? null])),
  }));
}

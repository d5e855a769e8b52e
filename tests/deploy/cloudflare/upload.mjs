// What an upload of a worker contains: `metadata` and the modules, as parts of a form.
// https://developers.cloudflare.com/workers/configuration/multipart-upload-metadata/
import { gzipSync } from "node:zlib";
import { ApiError, bindingWithoutClass, invalidUpload, noNamespace, tooLarge } from "./errors.mjs";

// The bindings that the double can run.
const SUPPORTED = [
  "plain_text", "json", "secret_text", "durable_object_namespace", "kv_namespace", "inherit", "version_metadata",
];

export async function parseForm(headers, body) {
  const type = headers["content-type"] ?? "";
  if (!type.startsWith("multipart/form-data")) throw new ApiError(415, 10036, `Unsupported content type: ${type}`);
  const form = await new Response(body, { headers: { "content-type": type } }).formData();
  const text = async (part) => (typeof part === "string" ? part : part.text());
  const metadata = form.has("metadata") ? JSON.parse(await text(form.get("metadata"))) : {};
  const modules = [];
  for (const [name, part] of form) {
    if (name === "metadata" || part.type === "application/source-map") continue;
    modules.push({ name, type: part.type, content: Buffer.from(await part.arrayBuffer()) });
  }
  return { metadata, modules };
}

// Refuses what Cloudflare refuses before it looks at bindings.
export function checkCode({ metadata, modules }, sizeLimit) {
  const main = metadata.main_module ?? metadata.body_part;
  if (!modules.some(({ name }) => name === main)) throw invalidUpload(`Uncaught Error: No such module "${main}".`);
  const size = modules.reduce((sum, { content }) => sum + gzipSync(content).length, 0);
  if (size > sizeLimit) throw tooLarge(sizeLimit);
}

// The bindings of a new version. `inherit` and `keep_bindings` take bindings from the `previous` version; with
// `strict`, it is an error if that has none of the name.
export function resolveBindings({ bindings = [], keep_bindings: kept = [] }, previous, strict) {
  const resolved = bindings.flatMap((binding) => {
    if (!SUPPORTED.includes(binding.type)) throw new Error(`the double can't run a binding of type ${binding.type}`);
    if (binding.type !== "inherit") return [binding];
    const inherited = previous?.bindings.find(({ name }) => name === (binding.old_name ?? binding.name));
    if (inherited !== undefined) return [{ ...inherited, name: binding.name }];
    if (!strict) return [];
    const reason = "previous version has no binding of that name";
    throw new ApiError(400, 10057, `inherit binding '${binding.name}' is invalid: ${reason}`);
  });
  const names = new Set(resolved.map(({ name }) => name));
  if (names.size < resolved.length) throw invalidUpload("binding names must be unique");
  const more = previous?.bindings.filter(({ name, type }) => kept.includes(type) && !names.has(name)) ?? [];
  return [...resolved, ...more];
}

export function checkBindings(bindings, { classes, kv }) {
  for (const binding of bindings) {
    const { type, namespace_id: id, class_name: object } = binding;
    if (type === "kv_namespace" && !kv.has(id)) throw noNamespace(id);
    if (type === "durable_object_namespace" && !classes.has(object)) throw bindingWithoutClass(object);
  }
}

// The part of a request's body that the log keeps: no secrets and no values of KV.
import { parseForm } from "./upload.mjs";

const SECRET = "<secret>";

export async function redact({ method, path, headers }, body) {
  if (body.length === 0) return undefined;
  if (path.includes("/storage/kv/") && method !== "POST") return `<${body.length} bytes>`;
  const type = headers["content-type"] ?? "";
  try {
    if (type.startsWith("multipart/form-data")) {
      const { metadata, modules } = await parseForm(headers, body);
      const described = modules.map(({ name, type: kind, content }) => ({ name, type: kind, size: content.length }));
      return { metadata: hidden(metadata), modules: described };
    }
    return hidden(JSON.parse(body));
  } catch {
    return `<${body.length} bytes>`;
  }
}

// Redacts the `text` of every binding that is a secret.
function hidden(value) {
  if (Array.isArray(value)) return value.map(hidden);
  if (value === null || typeof value !== "object") return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hidden(inner)]));
  if (copy.type === "secret_text" && "text" in copy) copy.text = SECRET;
  return copy;
}

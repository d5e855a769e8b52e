// What the three upstream test servers share: a listener, counters, and a browser that fills in forms.
import { createServer } from "node:http";

// Starts to listen before the server is built, so that its issuer can contain the port.
export async function listen(port = 0) {
  const server = createServer();
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const stop = () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    return closed;
  };
  return { server, url: `http://localhost:${server.address().port}`, stop };
}

// How often a path was requested. Unknown paths start at undefined, those in the list at zero.
export function counter(paths) {
  const counts = {};
  const reset = () => {
    for (const path of Object.keys(counts)) delete counts[path];
    for (const path of paths) counts[path] = 0;
  };
  Object.defineProperty(counts, "reset", { value: reset });
  Object.defineProperty(counts, "add", { value: (path) => (counts[path] = (counts[path] ?? 0) + 1) });
  reset();
  return counts;
}

export async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export function send(response, { status = 200, headers = {}, body = "" }) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? {} : { "content-type": "application/json" };
  response.writeHead(status, { "cache-control": "no-store", ...type, ...headers }).end(text);
}

export const redirect = (location) => ({ status: 302, headers: { location: String(location) } });

// Leaves out undefined members instead of sending "undefined".
export function withQuery(address, parameters) {
  const url = new URL(address);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null) url.searchParams.set(name, value);
  }
  return url.href;
}

const toHtml = (text) =>
  String(text).replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
const fromHtml = (text) =>
  text
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");

// OAuth 2.0 Form Post Response Mode.
export const formPost = (action, fields) => ({
  headers: { "content-type": "text/html; charset=utf-8" },
  body: `<form method="post" action="${toHtml(action)}">${Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `<input type="hidden" name="${toHtml(name)}" value="${toHtml(value)}"/>`)
    .join("")}</form>`,
});

// The cookies of one browser. `shown` lists the forms that a user had to fill in.
export function newJar() {
  const cookies = new Map();
  const keep = (origin, line) => {
    const [pair, ...attributes] = line.split(";").map((part) => part.trim());
    const attribute = (name) =>
      attributes.find((found) => found.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
    const name = pair.slice(0, pair.indexOf("="));
    const path = attribute("path") ?? "/";
    const expires = attribute("expires");
    const key = `${origin} ${path} ${name}`;
    if (attribute("max-age") === "0" || (expires && Date.parse(expires) <= Date.now())) cookies.delete(key);
    else cookies.set(key, { origin, path, pair });
  };
  return {
    shown: [],
    cookies,
    async fetch(url, init = {}) {
      const { origin, pathname } = new URL(url);
      const cookie = [...cookies.values()]
        .filter((kept) => kept.origin === origin && pathname.startsWith(kept.path))
        .map((kept) => kept.pair)
        .join("; ");
      const headers = { ...(cookie ? { cookie } : {}), ...init.headers };
      const response = await fetch(url, { redirect: "manual", ...init, headers });
      for (const line of response.headers.getSetCookie()) keep(origin, line);
      return response;
    },
  };
}

function formOf(page) {
  const [, attributes, body] = page.match(/<form([^>]*)>([\s\S]*?)<\/form>/) ?? [];
  if (!attributes) return undefined;
  const inputs = [...body.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]) => [
    fromHtml(input.match(/name="([^"]*)"/)[1]),
    fromHtml(input.match(/value="([^"]*)"/)?.[1] ?? ""),
  ]);
  return { action: fromHtml(attributes.match(/action="([^"]*)"/)[1]), fields: Object.fromEntries(inputs) };
}

// Walks through the pages of one origin, starting at a URL. `decide(form, page)` returns the fields to add to a form,
// or a string to follow that link instead. Ends with the first URL of another origin, as a string; with a form whose
// target is another origin, as `{ action, fields }`; or with a page without a form, as `{ page }`.
export async function walk(jar, location, decide) {
  const { origin } = new URL(location);
  let url = new URL(location);
  let init = {};
  for (let hops = 0; hops < 20; hops += 1) {
    const response = await jar.fetch(url, init);
    const page = await response.text();
    const next = response.headers.get("location");
    init = {};
    if (next) {
      url = new URL(next, url);
      if (url.origin !== origin) return url.href;
      continue;
    }
    const form = formOf(page);
    if (!form) return { page, status: response.status };
    const action = new URL(form.action, url);
    if (action.origin !== origin) return { action: action.href, fields: form.fields };
    const decision = decide(form, page);
    if (typeof decision === "string") url = new URL(decision, url);
    else {
      url = action;
      init = { method: "POST", body: new URLSearchParams({ ...form.fields, ...decision }) };
    }
  }
  throw new Error(`no end to the redirects at ${url}`);
}

const markup = /<(style|script)[\s\S]*?<\/\1>|<[^>]*>/g;
const plain = (page) => page.replaceAll(markup, " ").replaceAll(/\s+/g, " ").trim();

// A user at the upstream: signs in with any password, allows or denies, and returns the URL of the client's callback
// (not visited yet), or `{ action, fields }` if the response is a form. Passing a jar again means a browser that is
// still signed in.
export async function logInUpstream(location, login, { deny = false, jar = newJar() } = {}) {
  const end = await walk(jar, location, ({ fields }, page) => {
    if (fields.prompt) jar.shown.push(fields.prompt);
    if (deny && fields.prompt) return fromHtml(page.match(/href="([^"]*\/abort)"/)[1]);
    return fields.prompt === "login" ? { login, password: "any" } : {};
  });
  if (end.page !== undefined) throw new Error(`the upstream showed ${end.status}: ${plain(end.page)}`);
  return end;
}

// Signs out at the upstream. `location` is its end_session_endpoint, with or without parameters. Returns the
// post_logout_redirect_uri, or undefined if the upstream keeps the browser.
export async function logOutUpstream(location, { jar }) {
  const end = await walk(jar, location, () => ({ logout: "yes" }));
  if (end.page === undefined) return end;
  if (end.status !== 200) throw new Error(`the upstream showed ${end.status}: ${plain(end.page)}`);
  return undefined;
}

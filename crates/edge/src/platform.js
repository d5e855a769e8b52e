// The platform's functions that the wasm module calls.
import { count } from "./counts.js";
export { count, totals } from "./counts.js";

// Logs and counts that stored data cannot be read. The message names the data and never quotes it.
export function unreadable(message) {
  count("unreadable");
  console.error(message);
}
export { forgetKept } from "./kept.js";

// The names of the variables and secrets, one per line. Their values are text or JSON; every other member of `env` is a
// binding, such as a KV namespace.
export function settingNames(env) {
  const isJson = (value) => Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  const isSetting = (value) => (typeof value === "object" && value !== null ? isJson(value) : typeof value !== "function");
  return Object.keys(env).filter((name) => isSetting(env[name])).join("\n");
}

// The wasm modules that run, by number.
export const running = new Map();

// Which modules have panicked.
const panicked = new Set();
export const broken = (module) => panicked.has(module);
export function mended(module) {
  panicked.delete(module);
  forgetBegun();
  parked.delete(module);
}
export function panic(module, message) {
  panicked.add(module);
  console.error(message);
}

// A module has changed a client. The others must not keep the client as it was.
export function forgetClientElsewhere(module, cachedUnder) {
  for (const [number, other] of running) if (number !== module) other.forgetClient(cachedUnder);
}

// What a task waits for (turns.rs). The promise that was begun first in a turn has the fast way: `turns` awaits it. A
// second one is spare: the wasm module takes it and has a waker for it.
let fast;
let spare;
const waits =
  (begin) =>
  (...parameters) => {
    let begun;
    try {
      begun = begin(...parameters) ?? Promise.resolve();
    } catch (error) {
      begun = Promise.reject(error);
    }
    if (fast === undefined) fast = begun;
    else spare = begun;
  };
// Forgets what an earlier turn has begun and nobody waits for, such as the call of a task that failed meanwhile. Else the
// next task would get the outcome.
export function forgetBegun() {
  [fast, spare, parking] = [];
}
export function takeFast() {
  const taken = fast;
  fast = undefined;
  return taken;
}
// The promise that was begun last, for a task whose fast way is taken.
export function takeSpare() {
  const taken = spare ?? takeFast();
  spare = undefined;
  return Promise.resolve(taken);
}

// A task that wakers may wake is parked: `turns` awaits a promise that resolves to WOKEN.
export const WOKEN = Symbol("woken");
let parking;
// By module and task: each module numbers its own tasks.
const parked = new Map();
function parkedOf(module) {
  if (!parked.has(module)) parked.set(module, new Map());
  return parked.get(module);
}
export function park(module, task) {
  parking = new Promise((resolve) => parkedOf(module).set(task, resolve));
}
export function takeParking() {
  const taken = parking;
  parking = undefined;
  return taken;
}
export const wake = (module, task) => parkedOf(module).get(task)?.(WOKEN);
export const unpark = (module, task) => parkedOf(module).delete(task);

// The namespace of a class of objects, within the jurisdiction of the setting JURISDICTION. Objects are stored and run
// only there, and an ID belongs to one jurisdiction.
function objectsOf(env, namespace) {
  const jurisdiction = env.JURISDICTION?.trim();
  return jurisdiction ? env[namespace].jurisdiction(jurisdiction) : env[namespace];
}
// Undefined for an ID that the namespace didn't make.
export function newObjectId(env, namespace) {
  return objectsOf(env, namespace).newUniqueId().toString();
}
export function objectIdOfName(env, namespace, name) {
  return objectsOf(env, namespace).idFromName(name).toString();
}
export const send = waits((env, namespace, named, to, command, hold) => {
  count("objects");
  const objects = objectsOf(env, namespace);
  let id;
  if (named) {
    id = objects.idFromName(to);
  } else {
    try {
      id = objects.idFromString(to);
    } catch {
      return undefined;
    }
  }
  return objects.get(id).step(command, hold);
});
export const erase = waits((host) => host.erase());

export const sleep = waits(
  (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
);

// Imports each key once and keeps it by name. Bytes are views of the wasm module's memory: WebCrypto copies them before
// it returns.
const privateKeys = new Map();
const publicKeys = new Map();
const algorithms = {
  ES256: {
    key: { name: "ECDSA", namedCurve: "P-256" },
    use: { name: "ECDSA", hash: "SHA-256" },
  },
  RS256: {
    key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    use: { name: "RSASSA-PKCS1-v1_5" },
  },
};

export function holdsPrivateKey(kid) {
  return privateKeys.has(kid);
}
export const importPrivateKey = waits(async (kid, alg, pkcs8) => {
  const { key } = algorithms[alg];
  const imported = await crypto.subtle.importKey("pkcs8", pkcs8, key, false, ["sign"]);
  privateKeys.set(kid, { imported, alg });
});
export const sign = waits((kid, input) => {
  const { imported, alg } = privateKeys.get(kid);
  return crypto.subtle.sign(algorithms[alg].use, imported, input);
});
export const holdsPublicKey = (kid) => publicKeys.has(kid);
export const importPublicKey = waits(async (jwk) => {
  const { kid, alg, ...key } = JSON.parse(jwk);
  const imported = await crypto.subtle.importKey("jwk", key, algorithms[alg].key, false, ["verify"]);
  publicKeys.set(kid, { imported, alg });
});
export const verify = waits((kid, input, signature) => {
  const { imported, alg } = publicKeys.get(kid);
  return crypto.subtle.verify(algorithms[alg].use, imported, signature, input);
});
// Returns the public key as the text of a JWK, and the private key as PKCS #8.
export const generateKey = waits(async (alg) => {
  const size = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const parameters = { ...algorithms[alg].key, ...(alg === "RS256" ? size : {}) };
  const pair = await crypto.subtle.generateKey(parameters, true, ["sign", "verify"]);
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  return [JSON.stringify(jwk), new Uint8Array(pkcs8)];
});

// Imports the keys of others, from the numbers of their JWK.
const foreignAlgorithms = {
  ...algorithms,
  PS256: {
    key: { name: "RSA-PSS", hash: "SHA-256" },
    use: { name: "RSA-PSS", saltLength: 32 },
  },
  EdDSA: { key: { name: "Ed25519" }, use: { name: "Ed25519" } },
};
export const verifyForeign = waits(async (jwk, alg, input, signature) => {
  [input, signature] = [input.slice(), signature.slice()];
  const { key, use } = foreignAlgorithms[alg];
  let imported;
  try {
    imported = await crypto.subtle.importKey("jwk", JSON.parse(jwk), key, false, ["verify"]);
  } catch {
    // The numbers are no valid key.
    return false;
  }
  return crypto.subtle.verify(use, imported, signature, input);
});
export const signWith = waits(async (pkcs8, input) => {
  [pkcs8, input] = [pkcs8.slice(), input.slice()];
  const { key, use } = algorithms.ES256;
  const imported = await crypto.subtle.importKey("pkcs8", pkcs8, key, false, ["sign"]);
  return crypto.subtle.sign(use, imported, input);
});

// The text of a body, up to the limit.
export async function bounded(stream, limit) {
  const chunks = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.byteLength;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return new TextDecoder().decode(body);
}

// Headers are passed to the wasm module as lines of name, colon, space, value.
function* pairs(headers) {
  for (let begin = 0; begin < headers.length; ) {
    const colon = headers.indexOf(": ", begin);
    const end = headers.indexOf("\n", colon);
    yield [headers.slice(begin, colon), headers.slice(colon + 2, end)];
    begin = end + 1;
  }
}

// The request headers that are passed together.
let names = [];
export function readHeaders(list) {
  names = list.split(" ");
}
// They stay in memory while the request waits. Only credentials may be long.
const MEANT = 1000;
export function headers(request) {
  let lines = "";
  for (const name of names) {
    const value = request.headers.get(name);
    if (value === null) continue;
    lines += `${name}: ${name === "authorization" ? value : value.slice(0, MEANT)}\n`;
  }
  return lines;
}
export const header = (request, name) => request.headers.get(name) ?? undefined;

// Builds the response. Only cookies may appear more than once.
let answered;
export function takeAnswer() {
  const taken = answered;
  answered = undefined;
  return taken;
}
export function respond(status, lines, body) {
  answered = { status, ...headersOf(lines), body: body === "" ? null : body };
}
export function responseOf(answer) {
  const response = new Response(answer.body, answer);
  for (const cookie of answer.cookies) response.headers.append("set-cookie", cookie);
  return response;
}

// Most responses to clients have the same headers, and the runtime copies its own header list in a third of the time
// that it takes to make one.
const MOST = 64;
const LONGEST = 1000;
const made = new Map();
function headersOf(lines) {
  const held = made.get(lines);
  if (held !== undefined) return held;
  const headers = new Headers();
  const cookies = [];
  for (const [name, value] of pairs(lines)) {
    if (name === "set-cookie") cookies.push(value);
    else headers.set(name, value);
  }
  const all = { headers, cookies };
  // Long ones contain a URL or a cookie, so they don't repeat.
  if (lines.length > LONGEST) return all;
  if (made.size >= MOST) made.clear();
  made.set(lines, all);
  return all;
}

// The IP address of the other end of the connection; empty on Cloudflare, where the other end is Cloudflare itself.
export const connectionAddress = (request) => request.cf?.clientIp ?? "";

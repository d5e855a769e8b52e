// Checks the deployed issuer by requesting its metadata, its keys and an access token.
import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { detail } from "./terminal.mjs";

// How long to wait until the issuer works, in milliseconds: after the first deployment, because a new domain needs a
// certificate; after later ones; and after the first wrong response of the server itself, because waiting rarely helps
// then.
const PATIENCE = { first: 300_000, next: 60_000, answered: 20_000 };
// The wait between two tries, and the longest wait for one response, in milliseconds.
const INTERVAL = 3_000;
const TIMEOUT = 15_000;
// When KV drops the probe's client if the probe can't delete it, in seconds.
const CLIENT_LIFETIME = 300;

// Why the issuer doesn't work. `isAnswered` says that the response came from the server itself, not from something in
// front of it.
class NotWorking extends Error {
  constructor(reason, isAnswered = false) {
    super(reason);
    this.isAnswered = isAnswered;
  }
}

// Repeats the checks until all succeed, and reports the progress. Returns why the issuer doesn't work, or undefined if
// it does. The requests go to `version` of the worker `name`, even while other locations still run another version.
export async function probe(issuer, { name, version, isFirst, ...place }) {
  const asked = new Issuer(issuer, { "cloudflare-workers-version-overrides": `${name}="${version}"` });
  const registry = new ClientRegistry(place);
  try {
    const metadata = await until(() => asked.metadata(), isFirst);
    detail("metadata: names this issuer");
    const keys = await until(() => asked.keys(metadata), isFirst);
    detail(`keys: ${keys.map(({ alg, kid }) => `${alg} ${kid}`).join(", ")}`);
    await until(async () => verifyToken(await asked.token(metadata, registry), await asked.keys(metadata)), isFirst);
    detail("token: its signature verifies with a published key");
    return undefined;
  } catch (error) {
    if (error instanceof NotWorking) return error.message;
    throw error;
  }
}

// Repeats a check until it succeeds, and reports each new reason why it fails.
async function until(question, isFirst) {
  const begun = performance.now();
  let answered;
  let told;
  for (;;) {
    try {
      return await question();
    } catch (error) {
      if (!(error instanceof NotWorking)) throw error;
      const now = performance.now();
      answered = error.isAnswered ? (answered ?? now) : undefined;
      const end = answered === undefined ? begun + (isFirst ? PATIENCE.first : PATIENCE.next) : answered + PATIENCE.answered;
      if (now + INTERVAL > end) throw error;
      if (error.message !== told) detail(`not yet: ${error.message}`);
      told = error.message;
      await pause(INTERVAL);
    }
  }
}

class Issuer {
  #issuer;
  #headers;

  constructor(issuer, headers) {
    this.#issuer = issuer;
    this.#headers = headers;
  }

  // The metadata (OpenID Connect Discovery §4), which must contain this issuer.
  async metadata() {
    const metadata = await this.#json("/.well-known/openid-configuration");
    if (metadata.issuer !== this.#issuer) {
      throw new NotWorking(`the metadata of ${this.#issuer} names the issuer ${JSON.stringify(metadata.issuer)}`, true);
    }
    for (const name of ["jwks_uri", "token_endpoint"]) {
      if (!String(metadata[name]).startsWith(`${this.#issuer}/`)) throw new NotWorking(`the metadata has no ${name} of this issuer`, true);
    }
    return metadata;
  }

  // The published keys (RFC 7517 §5).
  async keys(metadata) {
    const { keys = [] } = await this.#json(new URL(metadata.jwks_uri).pathname);
    if (!keys.some(({ alg }) => alg === "ES256")) throw new NotWorking("it publishes no ES256 key", true);
    return keys;
  }

  // An access token (RFC 6749 §4.4) for a temporary client in the KV namespace.
  async token(metadata, registry) {
    const [id, secret] = [`deployment-check-${randomBytes(8).toString("hex")}`, randomBytes(32).toString("base64url")];
    await registry.put(id, {
      client_id: id,
      issued_at: Date.now(),
      secret: createHash("sha256").update(secret).digest("base64url"),
      metadata: {
        client_name: "Deployment check", token_endpoint_auth_method: "client_secret_basic",
        grant_types: ["client_credentials"], response_types: [], scope: "",
      },
    });
    try {
      const body = new URLSearchParams({ grant_type: "client_credentials" });
      const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
      const { access_token: token } = await this.#json(new URL(metadata.token_endpoint).pathname, { method: "POST", body, headers: { authorization } });
      return token;
    } finally {
      await registry.remove(id).catch(() => {});
    }
  }

  async #json(path, init = {}) {
    const headers = { ...this.#headers, ...init.headers };
    const signal = AbortSignal.timeout(TIMEOUT);
    let response;
    try {
      response = await fetch(this.#issuer + path, { redirect: "manual", ...init, headers, signal });
    } catch (error) {
      throw new NotWorking(`${this.#issuer} can't be reached (${error.cause?.code ?? error.cause?.message ?? error.message})`);
    }
    const text = await response.text().catch(() => "");
    const isAnswered = response.headers.has("x-request-id") || text.startsWith("Vestibule does not start");
    if (!response.ok) throw new NotWorking(`${path} answers ${response.status}: ${oneLine(text)}`, isAnswered);
    try {
      return JSON.parse(text);
    } catch {
      throw new NotWorking(`${path} doesn't answer in JSON: ${oneLine(text)}`);
    }
  }
}

const oneLine = (text) => text.replace(/\s+/g, " ").trim().slice(0, 200);

// Throws `NotWorking` unless one of the keys signed the token (RFC 7515 §5.2).
function verifyToken(token, keys) {
  const [header = "", payload, signature = ""] = String(token).split(".");
  let kid;
  try {
    ({ kid } = JSON.parse(Buffer.from(header, "base64url")));
  } catch {
    throw new NotWorking("the access token isn't a JWT", true);
  }
  const jwk = keys.find((key) => key.kid === kid);
  if (jwk === undefined) throw new NotWorking("it signed a token with a key that it doesn't publish", true);
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const isSigned = verify("sha256", `${header}.${payload}`, { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"));
  if (!isSigned) throw new NotWorking("the signature of its token doesn't verify with its published key", true);
}

// The clients of a deployment in its KV namespace (docs/configuration.md).
class ClientRegistry {
  #cloudflare;
  #values;

  constructor({ cloudflare, account, namespace }) {
    this.#cloudflare = cloudflare;
    this.#values = `/accounts/${account}/storage/kv/namespaces/${namespace}/values`;
  }

  put(id, client) {
    const path = `${this.#values}/${encodeURIComponent(`client:${id}`)}?expiration_ttl=${CLIENT_LIFETIME}`;
    return this.#cloudflare.put(path, JSON.stringify(client));
  }

  remove(id) {
    return this.#cloudflare.delete(`${this.#values}/${encodeURIComponent(`client:${id}`)}`);
  }
}

// Runs the deployed versions of a worker on workerd, from what was uploaded. Durable Objects belong to the worker, so
// they outlive a version.
import { mkdirSync, rmSync } from "node:fs";
import { request as sendRequest } from "node:http";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { run } from "../../../tools/workerd/runtime.mjs";
import { writeRuntime } from "./runtime_config.mjs";

// How long workerd may take to finish its requests before it is killed, in milliseconds.
const MAX_STOP = 2_000;
// How long to wait for a socket to answer after workerd has started, in milliseconds.
const MAX_OPEN = 5_000;

// What Cloudflare adds to requests (`request.cf`).
const CF = {
  country: "GB", region: "England", city: "London", continent: "EU", timezone: "Europe/London", latitude: "51.50853",
  longitude: "-0.12574", asn: 64496, asOrganization: "Example", colo: "LHR", httpProtocol: "HTTP/2", tlsVersion: "TLSv1.3",
};

class Runtime {
  #script;
  #folder;
  #sockets;
  #deployment;
  #server;
  #changing = Promise.resolve();
  #served = new Map();
  #count = 0;

  constructor(script, folder, sockets) {
    this.#script = script;
    this.#folder = path.join(folder, script.tag);
    this.#sockets = sockets;
    mkdirSync(path.join(this.#folder, "objects"), { recursive: true });
  }

  // Answers with the version that gets this request.
  async handle(request, response, { host, address }) {
    const deployment = this.#visible();
    if (deployment === undefined) return response.writeHead(404).end("There is nothing here yet\n");
    await (this.#changing = this.#changing.catch(() => {}).then(() => this.#change(deployment)));
    const socketPath = this.#socket(this.#choose(deployment, request.headers));
    const headers = {
      ...request.headers, host, "cf-connecting-ip": address, "x-forwarded-for": address, "x-forwarded-proto": "https",
      "cf-ray": "0123456789abcdef-LHR", "cf-visitor": '{"scheme":"https"}', "x-double-proto": "https",
      "x-double-cf": JSON.stringify(CF),
    };
    const body = Buffer.concat(await Array.fromAsync(request));
    return forward({ socketPath, method: request.method, path: request.url, headers, agent: false }, body, response);
  }

  async stop() {
    await this.#changing.catch(() => {});
    if (this.#server === undefined) return;
    const { child, exited } = this.#server;
    this.#server = undefined;
    this.#deployment = undefined;
    child.kill("SIGTERM");
    await Promise.race([exited, pause(MAX_STOP, undefined, { ref: false })]);
    child.kill("SIGKILL");
    await exited;
  }

  async delete() {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  // A deployment takes effect only after `lag` requests: Cloudflare's network learns of it with a delay.
  #visible() {
    const { deployments } = this.#script;
    if (this.#script.lag === 0) return deployments.at(-1);
    this.#script.lag -= 1;
    return deployments.at(-2);
  }

  async #change(deployment) {
    if (this.#deployment === deployment) return;
    const old = this.#server;
    this.#server = undefined;
    if (old !== undefined) {
      old.child.kill("SIGTERM");
      await Promise.race([old.exited, pause(MAX_STOP, undefined, { ref: false })]);
      old.child.kill("SIGKILL");
      await old.exited;
    }
    this.#count += 1;
    this.#served.clear();
    const { config, env } = writeRuntime({
      script: this.#script, deployment, folder: this.#folder, sockets: this.#sockets, socketOf: (id) => this.#socket(id),
    });
    const server = run(config, { env, args: ["--experimental"], stderr: "inherit" });
    await server.ready;
    this.#server = server;
    this.#deployment = deployment;
  }

  // workerd leaves the files of old sockets behind, so each run has its own.
  #socket(versionId) {
    return path.join(this.#sockets, `${this.#script.tag.slice(0, 6)}-${this.#count}-${versionId.slice(0, 8)}`);
  }

  // The version whose share of the requests is furthest behind its percentage, unless a header names one.
  // https://developers.cloudflare.com/workers/versions-and-deployments/version-overrides/
  #choose({ versions }, headers) {
    const own = new RegExp(`(?:^|[\\s,])${this.#script.name}="([^"]+)"`);
    const override = headers["cloudflare-workers-version-overrides"]?.match(own)?.[1];
    const named = versions.find(({ version_id: id }) => id === override);
    const total = [...this.#served.values()].reduce((sum, count) => sum + count, 1);
    const behind = ({ version_id: id, percentage }) => (total * percentage) / 100 - (this.#served.get(id) ?? 0);
    const { version_id: chosen } = named ?? versions.toSorted((a, b) => behind(b) - behind(a))[0];
    this.#served.set(chosen, (this.#served.get(chosen) ?? 0) + 1);
    return chosen;
  }
}

async function forward(options, body, response) {
  const until = Date.now() + MAX_OPEN;
  for (;;) {
    try {
      const answer = await new Promise((resolve, reject) => sendRequest(options, resolve).once("error", reject).end(body));
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.once("error", () => response.destroy());
      answer.pipe(response);
      return;
    } catch (error) {
      const isNotOpen = error.code === "ENOENT" || error.code === "ECONNREFUSED";
      if (!isNotOpen || Date.now() > until) return response.writeHead(502).end(`The double: ${error.message}\n`);
      await pause(20);
    }
  }
}

export class Runtimes {
  #runtimes = new Map();
  #folder;
  #sockets;

  // `sockets` is a folder with a short path: a socket's has at most 107 bytes.
  constructor(folder, sockets) {
    this.#folder = folder;
    this.#sockets = sockets;
  }

  of(script) {
    if (!this.#runtimes.has(script)) this.#runtimes.set(script, new Runtime(script, this.#folder, this.#sockets));
    return this.#runtimes.get(script);
  }

  async delete(script) {
    await this.#runtimes.get(script)?.delete();
    this.#runtimes.delete(script);
  }

  async stop() {
    await Promise.all([...this.#runtimes.values()].map((runtime) => runtime.stop()));
  }
}

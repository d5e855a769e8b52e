// What workers fetch. Nothing leaves the machine: a request goes to a handler that the test gives, to another worker,
// or fails and is recorded.
import { createServer } from "node:http";

export class Outbound {
  #sites;
  #handlers = new Map();
  // URLs that no handler and no worker answers.
  refused = [];

  constructor(sites) {
    this.#sites = sites;
  }

  // `handle` gets a `Request` and returns a `Response`.
  answer(host, handle) {
    this.#handlers.set(host, handle);
  }

  // workerd sends requests as to an HTTP proxy, with the whole URL (RFC 9112 §3.2.2), and without `Host`.
  async listen(socketPath) {
    const server = createServer({ requireHostHeader: false }, (request, response) =>
      this.#handle(request, response).catch(() => response.destroy()));
    await new Promise((resolve) => server.listen(socketPath, resolve));
    return server;
  }

  async #handle(request, response) {
    const url = new URL(request.url);
    const handle = this.#handlers.get(url.host);
    if (handle !== undefined) {
      const body = Buffer.concat(await Array.fromAsync(request));
      const { method, headers } = request;
      const hasBody = !["GET", "HEAD"].includes(method);
      const answer = await handle(new Request(url, { method, headers, ...(hasBody && { body }) }));
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
      return;
    }
    if (this.#sites.knows(url.host)) {
      request.url = `${url.pathname}${url.search}`;
      request.headers.host = url.host;
      await this.#sites.handle(request, response);
      return;
    }
    this.refused.push(url.href);
    response.writeHead(530).end("error code: 1016\n");
  }
}

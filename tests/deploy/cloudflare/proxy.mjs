// The HTTPS proxy through which every client reaches the double (CONNECT, RFC 9110 §9.3.6). It ends TLS itself and
// passes the requests inside to a handler.
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";

export class Proxy {
  #certificates;
  #mayConnect;
  #proxy;
  #inside;
  #sockets = new Set();

  // `mayConnect` says whether there is a host of this name; a client can't connect to any other. `handle` gets the
  // requests, whose `Host` header names the host.
  constructor({ certificates, mayConnect, handle }) {
    this.#certificates = certificates;
    this.#mayConnect = mayConnect;
    this.#inside = createHttpsServer(
      { SNICallback: (host, done) => this.#context(host, done), ALPNProtocols: ["http/1.1"] },
      handle,
    );
    // A client that goes away isn't an error.
    this.#inside.on("tlsClientError", () => {});
    this.#proxy = createHttpServer((request, response) => response.writeHead(405).end("only CONNECT is supported\n"));
    this.#proxy.on("connect", (request, socket) => this.#connect(request, socket));
    this.#proxy.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  async listen() {
    await new Promise((resolve) => this.#proxy.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${this.#proxy.address().port}`;
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#proxy.close(resolve));
  }

  // Ends the connections to a host.
  disconnect(host) {
    for (const socket of this.#sockets) if (socket.host === host) socket.destroy();
  }

  #connect(request, socket) {
    socket.on("error", () => {});
    const [host, port] = request.url.split(":");
    socket.host = host;
    if (port !== "443" || !this.#mayConnect(host)) {
      socket.end("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      return;
    }
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    this.#inside.emit("connection", socket);
  }

  #context(host, done) {
    try {
      done(null, this.#certificates.contextOf(host));
    } catch (error) {
      done(error);
    }
  }
}

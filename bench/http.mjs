// A keep-alive connection that carries one request at a time. It takes so little work that the server is measured and
// not its client.
import { connect } from "node:net";

export class Connection {
  #port;
  #socket;
  #waiting;
  #received = Buffer.alloc(0);

  constructor(port) {
    this.#port = port;
  }

  // Sends { method, path, headers, body } and returns { status, headers(name), body }. Follows no redirects and stores
  // no cookies.
  send({ method = "GET", path, headers = {}, body }) {
    let head = `${method} ${path} HTTP/1.1\r\nhost: localhost:${this.#port}\r\n`;
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
    if (body !== undefined) head += `content-length: ${Buffer.byteLength(body)}\r\n`;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#open().write(`${head}\r\n${body ?? ""}`);
    });
  }

  close() {
    this.#socket?.destroy();
  }

  #open() {
    if (this.#socket) return this.#socket;
    const socket = connect(this.#port, "127.0.0.1");
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#take(chunk));
    const lost = (error) => {
      this.#socket = undefined;
      this.#received = Buffer.alloc(0);
      this.#waiting?.reject(error ?? new Error("the server closed the connection"));
    };
    socket.on("error", lost);
    socket.on("close", () => lost());
    this.#socket = socket;
    return socket;
  }

  #take(chunk) {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf("\r\n\r\n");
    if (end === -1) return;
    const head = this.#received.latin1Slice(0, end);
    const rest = this.#received.subarray(end + 4);
    const status = Number(head.slice(9, 12));
    const body = bodyOf(head, status, rest);
    if (body === undefined) return;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting.resolve({ status, headers: (name) => headerOf(head, name), body });
  }
}

const headerOf = (head, name) => {
  const values = [...head.matchAll(new RegExp(`^${name}: *(.*?)\r?$`, "gim"))].map(([, value]) => value);
  return name === "set-cookie" ? values : values[0];
};

// The whole body, or nothing if a part of it hasn't arrived yet.
function bodyOf(head, status, rest) {
  if (status === 204 || status === 304) return "";
  const length = head.match(/^content-length: *(\d+)/im);
  if (length) return rest.length < Number(length[1]) ? undefined : rest.toString("utf8");
  const parts = [];
  for (let at = 0; ; ) {
    const line = rest.indexOf("\r\n", at);
    if (line === -1) return undefined;
    const size = parseInt(rest.latin1Slice(at, line), 16);
    if (rest.length < line + 2 + size + 2) return undefined;
    if (size === 0) return Buffer.concat(parts).toString("utf8");
    parts.push(rest.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

// A replacement for `fetch` that supports what pages and forms need.
export const asFetch = (send) => async (url, { method, headers, body }) => {
  const { pathname, search } = new URL(url);
  const form = body && { "content-type": "application/x-www-form-urlencoded" };
  const answer = await send({ method, path: pathname + search, headers: { ...headers, ...form }, body: body?.toString() });
  const told = new Headers(answer.headers("set-cookie").map((line) => ["set-cookie", line]));
  const location = answer.headers("location");
  if (location) told.set("location", location);
  return new Response(answer.body, { status: answer.status, headers: told });
};

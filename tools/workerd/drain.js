// The main module of a server without Cloudflare: the worker, and an entrypoint for the process that started the
// server. Only the socket `control` reaches that entrypoint (config.mjs). The socket is a file in a folder that only
// its owner can open.
import worker, { Grant } from "./entry.js";
export * from "./entry.js";

// In milliseconds. A request whose caller disconnects never ends, and the runtime doesn't report that. So requests are
// counted by the period in which they began, and those from before the last two periods count as abandoned.
const PERIOD = 15_000;
// How often `drain` checks whether all requests have ended, in milliseconds.
const INTERVAL = 20;

let isDraining = false;
let earlier = { since: 0, open: 0 };
let recent = { since: 0, open: 0 };

// The counter for requests that begin now.
function currentCount() {
  const now = Date.now();
  const age = now - recent.since;
  // A period also ends when the clock is set back, or it would last until the clock has caught up.
  if (age < 0 || age >= PERIOD) {
    earlier = age < 2 * PERIOD ? recent : { since: 0, open: 0 };
    recent = { since: now, open: 0 };
  }
  return recent;
}

// A client gets JSON, and a user who opens a page gets a sentence.
function refuse(request) {
  const headers = {
    "access-control-allow-origin": "*",
    "cache-control": "no-store",
    "retry-after": "5",
    "x-content-type-options": "nosniff",
  };
  if (request.headers.get("accept")?.includes("text/html")) {
    headers["content-type"] = "text/plain; charset=utf-8";
    return new Response("This service is restarting. Try again in a few seconds.", { status: 503, headers });
  }
  const error_description = "the server is stopping; try again in a few seconds";
  return Response.json({ error: "temporarily_unavailable", error_description }, { status: 503, headers });
}

// Refuses new requests, ends held ones with their current response, and returns when no request is running.
async function drain() {
  isDraining = true;
  Grant.releaseHeld();
  currentCount();
  while (recent.open + earlier.open > 0) await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  return new Response();
}

export default {
  // Not an async function: its frame would keep the request in memory while thousands wait.
  fetch(request, env) {
    if (isDraining) return refuse(request);
    // A poll that may be held isn't counted: its wait ends at once when the server stops.
    if (request.method === "POST" && request.headers.has("prefer")) return worker.fetch(request, env);
    const count = currentCount();
    count.open += 1;
    return worker.fetch(request, env).finally(() => {
      count.open -= 1;
    });
  },
};

const json = { headers: { "content-type": "application/json" } };

export const control = {
  fetch(request, env) {
    switch (new URL(request.url).pathname) {
      case "/drain":
        return drain();
      case "/settings":
        return new Response(Grant.reportSettings(env), json);
      default:
        return worker.fetch(request, env);
    }
  },
};

// This isolate caches responses that any cache may store (RFC 9111 §5.2.2.9) for a few seconds, so that documents that
// every client reads cost no work each time.
const MILLISECONDS = 10_000;
const MOST = 50;
// In characters. No document has a longer URL; only a stranger's query makes one longer.
const LONGEST = 500;

let kept = new Map();

// The cached response to the same GET, if it is recent.
export function recall(url) {
  const held = kept.get(url);
  if (held === undefined) return undefined;
  // A negative age means that the clock was set back since.
  const age = Date.now() - held.at;
  if (age >= 0 && age < MILLISECONDS) return held.answer;
  kept.delete(url);
  return undefined;
}

export function keep(url, answer) {
  if (url.length > LONGEST || answer.status !== 200 || !answer.headers.get("cache-control")?.startsWith("public")) return;
  if (kept.size >= MOST) kept = new Map();
  kept.set(url, { at: Date.now(), answer });
}

// Forgets the cached responses, because they may be out of date.
export const forgetKept = () => {
  kept = new Map();
};

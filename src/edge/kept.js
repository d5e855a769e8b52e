// Answers that anyone may keep (RFC 9111 §5.2.2.9) are kept by this isolate too, for a moment: documents
// that every client reads cost no work each time.
const MILLISECONDS = 10_000;
const MOST = 50;
// No document has a longer address, in characters: only a stranger's query makes it so.
const LONGEST = 500;

let kept = new Map();

// What was answered to the same GET a moment ago.
export function recall(url) {
  const held = kept.get(url);
  if (held === undefined) return undefined;
  // An answer from the future was kept before the clock was set back.
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

// What was answered may no longer be so.
export const forgetKept = () => {
  kept = new Map();
};

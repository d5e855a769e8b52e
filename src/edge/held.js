// Answers that one object holds until its state changes (`Prefer: wait`, RFC 7240 §4.3).

// The objects of this isolate that hold an answer, so that a server that stops can end every wait at once.
const holding = new Set();
let isReleased = false;

export class Held {
  // Ends one wait each; a set keeps the order in which they came.
  #waits = new Set();
  #most;

  // Holds at most so many answers; one more ends the oldest wait.
  constructor(most) {
    this.#most = most;
  }

  // Waits for a change; false when the time is up or everything was released.
  async wait(milliseconds) {
    if (milliseconds <= 0 || isReleased) return false;
    if (this.#waits.size >= this.#most) this.#waits.values().next().value(false);
    let timer;
    const ended = new Promise((resolve) => {
      const end = (changed) => {
        this.#waits.delete(end);
        if (this.#waits.size === 0) holding.delete(this);
        resolve(changed);
      };
      timer = setTimeout(end, milliseconds, false);
      this.#waits.add(end);
    });
    holding.add(this);
    const changed = await ended;
    // Only here: whoever releases everything is another request, which the runtime lets clear no timer of this one.
    clearTimeout(timer);
    return changed;
  }

  changed() {
    this.#endAll(true);
  }

  release() {
    this.#endAll(false);
  }

  #endAll(changed) {
    for (const end of [...this.#waits]) end(changed);
  }
}

// Ends every wait in this isolate, and lets none begin.
export function releaseAll() {
  isReleased = true;
  for (const held of [...holding]) held.release();
}

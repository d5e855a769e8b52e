// Answers that one object holds until its state changes (`Prefer: wait`, RFC 7240 §4.3).

// The objects of this isolate that hold an answer, so that a stopping server can end every wait at once.
const holding = new Set();
let isReleased = false;

export class HeldAnswers {
  // A function for each wait, which ends it; a set keeps the order in which they were added.
  #waits = new Set();
  #max;

  // Holds at most `max` answers; one more ends the oldest wait.
  constructor(max) {
    this.#max = max;
  }

  // Resolves to true at a change, to false when the time is up or every wait was released.
  async wait(milliseconds) {
    if (milliseconds <= 0 || isReleased) return false;
    if (this.#waits.size >= this.#max) this.#waits.values().next().value(false);
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
    // Not in `end`: another request may call that, and the runtime doesn't let it clear this request's timer.
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

// Ends every wait in this isolate, and lets no new one begin.
export function releaseAll() {
  isReleased = true;
  for (const held of [...holding]) held.release();
}

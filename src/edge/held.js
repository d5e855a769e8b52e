// Answers that one object holds until its state changes (`Prefer: wait`, RFC 7240 §4.3).

// The objects of this isolate that hold an answer, so that a stopping server can end every wait at once.
const holding = new Set();
let isReleased = false;

// How long one caller waits in all, however often the state changes. One timer and no clock: a clock that is set back
// would make the wait longer.
export class Patience {
  isOver = false;
  // Ends the wait of this moment.
  end = () => {};
  #timer;

  constructor(milliseconds) {
    if (milliseconds <= 0) this.isOver = true;
    else this.#timer = setTimeout(() => this.#run(), milliseconds);
  }

  #run() {
    this.isOver = true;
    this.end(false);
  }

  // No wait begins any more.
  stop() {
    clearTimeout(this.#timer);
  }
}

export class HeldAnswers {
  // A function for each wait, which ends it; a set keeps the order in which they were added.
  #waits = new Set();
  #max;

  // Holds at most `max` answers; one more ends the oldest wait.
  constructor(max) {
    this.#max = max;
  }

  // Resolves to true at a change, to false when the patience is over or every wait was released.
  async wait(patience) {
    if (patience.isOver || isReleased) return false;
    if (this.#waits.size >= this.#max) this.#waits.values().next().value(false);
    const ended = new Promise((resolve) => {
      patience.end = (changed) => {
        this.#waits.delete(patience.end);
        if (this.#waits.size === 0) holding.delete(this);
        resolve(changed);
      };
      this.#waits.add(patience.end);
    });
    holding.add(this);
    return ended;
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

// Responses that an object holds until its state changes (`Prefer: wait`, RFC 7240 §4.3).

// The objects of this isolate that hold a response, so that a stopping server can end every wait at once.
const holding = new Set();
let isReleased = false;

// The total time that a caller waits, however often the state changes. It uses one timer and no clock, because setting
// a clock back would make the wait longer.
export class Patience {
  isOver = false;
  // Ends the current wait.
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

  // No more waits may start.
  stop() {
    clearTimeout(this.#timer);
  }
}

export class HeldAnswers {
  // For each wait, the function that ends it. A set keeps the order in which they were added.
  #waits = new Set();
  #max;

  // Holds at most `max` responses; another one ends the oldest wait.
  constructor(max) {
    this.#max = max;
  }

  // Resolves to true at a change of the state, and to false when the patience is used up or every wait was released.
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

// Ends every wait in this isolate, and prevents new ones.
export function releaseAll() {
  isReleased = true;
  for (const held of [...holding]) held.release();
}

// Faults that a test can cause: errors, lost responses, and requests that wait until the test releases them.
import { ApiError, USUAL } from "./errors.mjs";

const matches = ({ method, path }, request) =>
  (method === undefined || method === request.method) && (path === undefined || path.test(request.path));

// Takes the first rule that matches the request, and removes it after its last use.
function take(rules, request, stage) {
  const rule = rules.find((candidate) => candidate.stage === stage && matches(candidate, request));
  if (rule === undefined) return undefined;
  rule.uses += 1;
  rule.times -= 1;
  if (rule.times <= 0) rules.splice(rules.indexOf(rule), 1);
  return rule;
}

export class Faults {
  #failures = [];
  #holds = [];

  // The next `times` matching requests fail with this status, code and message. They have no effect, unless `after` is
  // "handled": then only the response is replaced. With `lost`, the connection is reset instead of a response. `body`
  // replaces the JSON, for example with a page of HTML. Returns the rule; its `uses` counts the affected requests.
  fail({ method, path, status = 500, code, message, headers = {}, times = 1, after = "before", lost = false, body }) {
    if (after !== "before" && after !== "handled") throw new Error(`"after" can't be ${after}`);
    const [usualCode, usualMessage] = USUAL[status] ?? USUAL[500];
    const error = new ApiError(status, code ?? usualCode, message ?? usualMessage, { headers });
    const rule = { method, path, stage: after, times, uses: 0, error, lost, body };
    this.#failures.push(rule);
    return rule;
  }

  // The next `times` matching requests wait before they have any effect or, with `after: "handled"`, before their
  // response is sent. `reached` resolves when the first of them waits; `release` lets all of them continue.
  hold({ method, path, times = 1, after = "before" }) {
    const reached = Promise.withResolvers();
    const released = Promise.withResolvers();
    const rule = { method, path, stage: after, times, uses: 0, reached: reached.resolve, released: released.promise };
    this.#holds.push(rule);
    return {
      reached: reached.promise,
      release: released.resolve,
      get waiting() {
        return rule.uses;
      },
    };
  }

  // Removes all faults that haven't happened yet.
  clear() {
    this.#failures.length = 0;
    this.#holds.length = 0;
  }

  // Waits if a hold matches; returns the failure that matches, if any.
  async at(stage, request) {
    const hold = take(this.#holds, request, stage);
    if (hold !== undefined) {
      hold.reached(request);
      await hold.released;
    }
    return take(this.#failures, request, stage);
  }
}

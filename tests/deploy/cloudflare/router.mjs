// Finds the handler of a request by its method and the shape of its path.

export class Router {
  #routes = [];

  // `:name` in a shape stands for one segment. Handlers get `{ params, query, headers, body, account, … }` and return
  // the `result` of the answer.
  add(method, shape, handle) {
    const names = [];
    const source = shape.replaceAll(/:(\w+)/g, (_, name) => {
      names.push(name);
      return "([^/]+)";
    });
    this.#routes.push({ method, shape, names, pattern: new RegExp(`^${source}$`), handle });
  }

  // Undefined if there is none.
  find(method, path) {
    for (const { method: own, shape, names, pattern, handle } of this.#routes) {
      const match = own === method && path.match(pattern);
      if (match) {
        const params = Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(match[at + 1])]));
        return { shape, params, handle };
      }
    }
    return undefined;
  }
}

// An answer that isn't just a `result`: `info` is the `result_info` of a list; `raw` replaces the JSON.
export class Answer {
  constructor({ result = null, info, raw, status = 200, headers = {} }) {
    Object.assign(this, { result, info, raw, status, headers });
  }
}

// One page of a list, as the parameters `page` and `per_page` ask.
export function paged(items, query, { perPage = 20 } = {}) {
  const page = Number(query.get("page") ?? 1);
  const size = Number(query.get("per_page") ?? perPage);
  const result = items.slice((page - 1) * size, page * size);
  const total = items.length;
  const info = { page, per_page: size, count: result.length, total_count: total, total_pages: Math.ceil(total / size) };
  return new Answer({ result, info });
}

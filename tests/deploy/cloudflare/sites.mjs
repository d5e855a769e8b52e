// Finds the worker that answers at a host.
export class Sites {
  #accounts;
  #runtimes;
  #unready = new Map();
  #failing = new Map();
  // Sets what workers see as the address of clients.
  clientAddress = "203.0.113.7";

  constructor(accounts, runtimes) {
    this.#accounts = accounts;
    this.#runtimes = runtimes;
  }

  // The next `times` connections to the host fail, as before its DNS record or its certificate is there.
  delay(host, times) {
    this.#unready.set(host, times);
  }

  // The next `times` requests to the host get an answer of Cloudflare's network instead of the worker's.
  fail(host, { status = 500, body = "error code: 1101\n", times = 1 }) {
    this.#failing.set(host, { status, body, times });
  }

  mayConnect(host) {
    const left = this.#unready.get(host) ?? 0;
    if (left > 0) {
      this.#unready.set(host, left - 1);
      return false;
    }
    return this.knows(host);
  }

  // Whether there is a DNS record of this name.
  knows(host) {
    return this.#accounts.all.some(({ subdomain }) => subdomain !== undefined && host.endsWith(`.${subdomain}.workers.dev`)) ||
      this.#atDomain(host) !== undefined || this.#routes().some(({ pattern }) => hostOf(pattern).test(host));
  }

  async handle(request, response) {
    const { host } = request.headers;
    const failing = this.#failing.get(host);
    if (failing?.times > 0) {
      failing.times -= 1;
      return response.writeHead(failing.status, { "content-type": "text/plain" }).end(failing.body);
    }
    const script = this.#atWorkersDev(host) ?? this.#atDomain(host) ?? this.#atRoute(`${host}${request.url}`);
    if (script === undefined) return response.writeHead(404).end("There is nothing here yet\n");
    return this.#runtimes.of(script).handle(request, response, { host, address: this.clientAddress });
  }

  #atWorkersDev(host) {
    for (const { subdomain, scripts } of this.#accounts.all) {
      const script = [...scripts.values()].find(({ name }) => host === `${name}.${subdomain}.workers.dev`);
      if (script?.subdomain.enabled) return script;
    }
    return undefined;
  }

  #atDomain(host) {
    for (const { domains, scripts } of this.#accounts.all) {
      const domain = [...domains.values()].find(({ hostname }) => hostname === host);
      if (domain !== undefined) return scripts.get(domain.service);
    }
    return undefined;
  }

  // The most specific pattern wins.
  #atRoute(address) {
    const matching = this.#routes().filter(({ pattern }) => glob(pattern).test(address.split("?")[0]));
    const [route] = matching.sort((a, b) => b.pattern.length - a.pattern.length);
    return route?.account.scripts.get(route.script);
  }

  #routes() {
    return [...this.#accounts.zones.values()].flatMap(({ account, routes }) => routes.map((route) => ({ ...route, account })));
  }
}

const glob = (pattern) => new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
const hostOf = (pattern) => glob(pattern.split("/")[0]);

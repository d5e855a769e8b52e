// A simple browser for protocol tests: forms, cookies and redirects. The tests in tests/browser use a real browser.
export class Browser {
  // `fetch` may be replaced by a function with the same signature.
  constructor(origin, fetch = globalThis.fetch) {
    this.origin = origin;
    this.fetch = fetch;
    this.cookies = new Map();
  }

  async request(url, { headers = {}, ...init } = {}) {
    const target = new URL(url, this.origin);
    const own = target.origin === this.origin;
    const cookie = this.cookieHeader();
    const response = await this.fetch(target, {
      redirect: "manual",
      ...init,
      headers: { ...(own && cookie ? { cookie } : {}), ...headers },
    });
    if (own) for (const line of response.headers.getSetCookie()) this.keep(line);
    return response;
  }

  cookieHeader() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  keep(line) {
    const [pair, ...attributes] = line.split(";").map((part) => part.trim());
    const at = pair.indexOf("=");
    const name = pair.slice(0, at);
    const age = attributes.find((attribute) => attribute.toLowerCase().startsWith("max-age="));
    if (age && Number(age.slice(8)) <= 0) this.cookies.delete(name);
    else this.cookies.set(name, pair.slice(at + 1));
  }

  // Follows redirects within the server. Stops at a page, or at a URL of another site.
  async follow(response) {
    for (let hops = 0; hops < 10; hops += 1) {
      const location = response.headers.get("location");
      if (!location) return response;
      if (!location.startsWith(this.origin)) return response;
      if (location.startsWith(`${this.origin}/demo/app/callback`)) return response;
      response = await this.request(location);
    }
    throw new Error("too many redirects");
  }

  async open(url) {
    return this.page(await this.follow(await this.request(url)));
  }

  // Submits the form of a page, with its hidden fields.
  async submit(page, fields, action) {
    const forms = page.forms;
    const form = action ? forms.find((candidate) => candidate.action === action) : forms[0];
    if (!form) throw new Error(`no form ${action ?? ""} in: ${page.text.slice(0, 500)}`);
    const response = await this.request(new URL(form.action, this.origin), {
      method: "POST",
      body: new URLSearchParams({ ...form.fields, ...fields }),
      headers: { origin: this.origin },
    });
    return this.page(await this.follow(response));
  }

  async page(response) {
    const text = await response.text();
    return {
      response,
      status: response.status,
      location: response.headers.get("location"),
      text,
      title: decode(text.match(/<h1>([^<]*)<\/h1>/)?.[1] ?? ""),
      forms: [...text.matchAll(/<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)].map(
        ([, action, body]) => ({
          action: decode(action),
          fields: Object.fromEntries(
            [...body.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]) => [
              decode(input.match(/name="([^"]*)"/)[1]),
              decode(input.match(/value="([^"]*)"/)[1]),
            ]),
          ),
        }),
      ),
    };
  }
}

export function decode(html) {
  return html
    .replaceAll(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCodePoint(parseInt(code, 16)))
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

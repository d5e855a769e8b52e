// The addresses of workers: at workers.dev, at custom domains and on routes of zones.
import { ApiError, dnsRecordExists, domainTaken, noRoute, noSubdomain, subdomainFree, subdomainTaken } from "../errors.mjs";
import { newId } from "../identifiers.mjs";
import { paged } from "../router.mjs";
import { openZone } from "./account_routes.mjs";
import { SCRIPT, forAccount, forScript } from "./script_routes.mjs";

export function addTriggerRoutes(router) {
  addSubdomainRoutes(router);
  addDomainRoutes(router);
  addZoneRoutes(router);
  const withScript = forScript(router);
  withScript("GET", `${SCRIPT}/schedules`, ({ script }) => ({ schedules: script.schedules }));
  withScript("PUT", `${SCRIPT}/schedules`, ({ script, json }) => {
    script.schedules = json();
    return { schedules: script.schedules };
  });
}

function addSubdomainRoutes(router) {
  const withAccount = forAccount(router, "scripts");
  const withScript = forScript(router);
  const OWN = "/accounts/:account/workers/subdomain";
  withAccount("GET", OWN, ({ account }) => {
    if (account.subdomain === undefined) throw new ApiError(404, 10007, "workers.api.error.subdomain_not_found");
    return { subdomain: account.subdomain };
  });
  withAccount("PUT", OWN, ({ account, accounts, json }) => {
    const { subdomain } = json();
    if (accounts.all.some((other) => other.subdomain === subdomain)) throw subdomainTaken();
    account.subdomain = subdomain;
    return { subdomain };
  });
  // Whether a name is free: the error 10032 says that it is.
  withAccount("GET", "/accounts/:account/workers/subdomains/:name", ({ accounts, params }) => {
    const isTaken = accounts.all.some(({ subdomain }) => subdomain === params.name);
    throw isTaken ? subdomainTaken() : subdomainFree();
  });
  withScript("GET", `${SCRIPT}/subdomain`, ({ script }) => script.subdomain);
  withScript("POST", `${SCRIPT}/subdomain`, ({ script, account, json }) => {
    const { enabled, previews_enabled: previews = enabled } = json();
    if (enabled && account.subdomain === undefined) throw noSubdomain();
    script.subdomain = { enabled, previews_enabled: previews };
    return script.subdomain;
  });
  withScript("GET", "/accounts/:account/workers/workers/:script", ({ script, account }) => {
    const host = `${script.name}.${account.subdomain}.workers.dev`;
    const addresses = account.subdomain && { url: `https://${host}`, preview_url_suffix: `-${host}` };
    return { id: script.tag, name: script.name, tags: script.tags, subdomain: { ...script.subdomain, ...addresses } };
  });
}

function addDomainRoutes(router) {
  const withAccount = forAccount(router, "domains");
  const withScript = forScript(router, undefined, "domains");
  const open = ({ account, params }) => {
    const domain = account.domains.get(params.domain);
    if (domain === undefined) throw new ApiError(404, 100113, "Custom domain not found");
    return domain;
  };
  for (const base of ["/accounts/:account/workers/domains", "/accounts/:account/workers/domains/records"]) {
    withAccount("GET", base, ({ account, query }) => {
      const wanted = ["hostname", "service", "zone_id", "zone_name"].filter((name) => query.has(name));
      const isWanted = (domain) => wanted.every((name) => domain[name] === query.get(name));
      return paged([...account.domains.values()].filter(isWanted), new URLSearchParams());
    });
    withAccount("GET", `${base}/:domain`, open);
    withAccount("DELETE", `${base}/:domain`, (call) => {
      call.account.domains.delete(open(call).id);
      return null;
    });
  }
  withAccount("PUT", "/accounts/:account/workers/domains", ({ account, accounts, json }) => {
    const { hostname, service, zone_id: zoneId, override_existing_origin: overrides } = json();
    return attach(account, accounts, service, { hostname, zone_id: zoneId }, { override_existing_origin: overrides });
  });
  withScript("POST", `${SCRIPT}/domains/changeset`, ({ account, script, accounts, query, json }) => {
    const replaces = query.get("replace_state") === "true";
    return changeset(account, accounts, script.name, json(), replaces);
  });
  withScript("PUT", `${SCRIPT}/domains/records`, ({ account, script, accounts, json }) => {
    const { origins, ...options } = json();
    const { removed } = changeset(account, accounts, script.name, origins, true);
    const attached = origins.map((origin) => attach(account, accounts, script.name, origin, options));
    for (const { id } of removed) account.domains.delete(id);
    return attached;
  });
}

const domainNamed = (account, hostname) => [...account.domains.values()].find((domain) => domain.hostname === hostname);

// What `PUT …/domains/records` would do.
function changeset(account, accounts, service, origins, replaces) {
  const changes = { added: [], removed: [], updated: [], conflicting: [] };
  for (const { hostname, ...rest } of origins) {
    const existing = domainNamed(account, hostname);
    if (existing !== undefined) changes.updated.push({ ...existing, ...rest, service, modified: existing.service !== service });
    else if (account.dnsRecords.has(hostname)) changes.conflicting.push({ hostname, service });
    else changes.added.push({ hostname, service, ...rest });
  }
  if (replaces) {
    const kept = new Set(origins.map(({ hostname }) => hostname));
    const own = [...account.domains.values()].filter((domain) => domain.service === service);
    changes.removed = own.filter(({ hostname }) => !kept.has(hostname));
  }
  return changes;
}

function attach(account, accounts, service, { hostname }, options) {
  const zone = accounts.zoneOf(hostname, account);
  if (zone === undefined) throw new ApiError(400, 100108, `Could not find a zone for ${hostname} on this account.`);
  const existing = domainNamed(account, hostname);
  if (existing !== undefined && existing.service !== service && !options.override_existing_origin) {
    throw domainTaken(hostname, existing.service);
  }
  if (account.dnsRecords.has(hostname) && !options.override_existing_dns_record) throw dnsRecordExists(hostname);
  account.dnsRecords.delete(hostname);
  const domain = {
    id: existing?.id ?? newId(), hostname, service, environment: "production", zone_id: zone.id, zone_name: zone.name,
    enabled: true, previews_enabled: false,
  };
  account.domains.set(domain.id, domain);
  return domain;
}

function addZoneRoutes(router) {
  const ROUTES = "/zones/:zone/workers/routes";
  const withZone = (method, shape, handle) =>
    router.add(method, shape, (call) => {
      const zone = openZone(call.accounts, call.token, call.params.zone, "routes");
      return handle({ ...call, zone });
    });
  withZone("GET", ROUTES, ({ zone }) => zone.routes);
  withZone("POST", ROUTES, ({ zone, json }) => addRoute(zone, json()));
  withZone("DELETE", `${ROUTES}/:route`, ({ zone, params }) => {
    zone.routes = zone.routes.filter(({ id }) => id !== params.route);
    return { id: params.route };
  });
  forScript(router, undefined, "routes")("PUT", `${SCRIPT}/routes`, ({ script, account, accounts, json }) => {
    for (const zone of accounts.zones.values()) {
      if (zone.account === account) zone.routes = zone.routes.filter((route) => route.script !== script.name);
    }
    return json().map(({ pattern, zone_id: id, zone_name: name }) => {
      const host = pattern.split("/")[0].replace(/^\*\.?/, "");
      const zone = accounts.zones.get(id) ?? accounts.zoneOf(name ?? host, account);
      if (zone === undefined) throw noRoute(`/zones/${id ?? name ?? host}`);
      return addRoute(zone, { pattern, script: script.name });
    });
  });
}

function addRoute(zone, { pattern, script }) {
  if (zone.routes.some((route) => route.pattern === pattern)) {
    throw new ApiError(409, 10020, "A route with the same pattern already exists.");
  }
  const route = { id: newId(), pattern, script };
  zone.routes.push(route);
  return route;
}

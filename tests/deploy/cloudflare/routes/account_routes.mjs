// Who the token belongs to, and which accounts and zones it may use.
import { ApiError, unauthorized } from "../errors.mjs";
import { paged } from "../router.mjs";

const accountView = ({ id, name, createdOn }) => ({
  id, name, type: "standard", settings: { enforce_twofactor: false }, created_on: createdOn,
});
const zoneView = ({ id, name, account }) => ({
  id, name, status: "active", paused: false, type: "full", account: { id: account.id, name: account.name },
});

export function addAccountRoutes(router) {
  router.add("GET", "/user/tokens/verify", ({ token }) => {
    if (token.type === "account") throw new ApiError(401, 1000, "Invalid API Token");
    return { id: token.id, status: "active" };
  });
  router.add("GET", "/accounts/:account/tokens/verify", ({ token, params }) => {
    if (!token.accounts.some(({ id }) => id === params.account)) throw unauthorized();
    return { id: token.id, status: "active" };
  });
  router.add("GET", "/user", ({ token }) => {
    mustBeAllowed(token, "user");
    return { id: token.id, email: token.email };
  });
  router.add("GET", "/memberships", ({ token, query }) => {
    mustBeAllowed(token, "memberships");
    const memberships = token.accounts.map((account) => ({
      id: account.id, status: "accepted", account: accountView(account), roles: ["Super Administrator - All Privileges"],
    }));
    return paged(memberships, query);
  });
  router.add("GET", "/accounts", ({ token, query }) => {
    mustBeAllowed(token, "accounts");
    return paged(token.lists.map(accountView), query);
  });
  router.add("GET", "/accounts/:account", ({ accounts, token, params }) => {
    return accountView(accounts.open(params.account, token, "accounts"));
  });
  router.add("GET", "/zones", ({ accounts, token, query }) => {
    mustBeAllowed(token, "zones");
    const [name, account] = [query.get("name"), query.get("account.id")];
    const zones = [...accounts.zones.values()].filter((zone) => token.accounts.includes(zone.account));
    const found = zones.filter((zone) => (!name || zone.name === name) && (!account || zone.account.id === account));
    return paged(found.map(zoneView), query);
  });
  router.add("GET", "/zones/:zone", ({ accounts, token, params }) => zoneView(openZone(accounts, token, params.zone, "zones")));
}

// 9109 for what belongs to a user and to no account.
function mustBeAllowed(token, permission) {
  if (token.type === "account" && permission !== "accounts") {
    throw new ApiError(403, 9109, "Valid user-level authentication not found");
  }
  if (!token.can.has(permission)) throw new ApiError(403, 9109, "Unauthorized to access requested resource");
}

export function openZone(accounts, token, id, permission) {
  const zone = accounts.zones.get(id);
  if (zone === undefined || !token.accounts.includes(zone.account) || !token.can.has(permission)) throw unauthorized();
  return zone;
}

// /authorize asks the account's object for the session, which is in memory, and lets a new object write a row for the
// code. /token lets that object write another row, then signs a token and responds.
import { DurableObject } from "cloudflare:workers";
import { formOf, issue } from "./token.js";

const STATE = "x".repeat(400);

export class Floor extends DurableObject {
  #session = "a session";
  session() {
    return this.#session;
  }
  row(value) {
    this.ctx.storage.kv.put("state", value);
  }
}

async function authorize(request, { FLOORS }) {
  const account = FLOORS.get(FLOORS.idFromName(request.headers.get("cookie")));
  const session = await account.session();
  const query = new URL(request.url).searchParams;
  const id = FLOORS.newUniqueId();
  await FLOORS.get(id).row(`a code of ${session} ${STATE}`);
  const location = `${query.get("redirect_uri")}?code=${id}&state=${query.get("state")}`;
  return new Response(null, { status: 303, headers: { location } });
}

async function redeem(request, { FLOORS }) {
  const form = await formOf(request);
  await FLOORS.get(FLOORS.idFromString(form.get("code"))).row(`a redeemed code ${STATE}`);
  return issue(form);
}

export default {
  fetch: (request, env) => (request.method === "POST" ? redeem(request, env) : authorize(request, env)),
};

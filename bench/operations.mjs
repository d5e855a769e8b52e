// How one operation is done and checked, said once for every contender.
import { CODES, TELEVISIONS, times, using } from "./load.mjs";

export const formBody = (fields, headers = {}) => ({
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
  body: new URLSearchParams(fields).toString(),
});

// An answer of 200 that has all of these texts.
export const succeeds = (...texts) => ({ status, body }) => status === 200 && texts.every((text) => body.includes(text));

// The same request each time.
export const always = (request, isRight) => async (send) => isRight(await send(request));

// One request after the other, and then from the first again.
export function inTurn(requests, isRight) {
  let next = 0;
  return async (send) => {
    next = (next + 1) % requests.length;
    return isRight(await send(requests[next]));
  };
}

export const codeIn = (answer) => new URL(answer.headers("location")).searchParams.get("code");

// One who has a session comes back with a code, which is redeemed. So many at a time as codes are otherwise made, because
// each leaves an object in memory for some seconds. Who comes next is chance: what an account does at every twentieth
// sign-in must not be done by all at once.
export const signOns = (sessions, { codeOf, redeem }, isRight) =>
  using(
    async () => Array.from({ length: CODES }, () => sessions[Math.floor(Math.random() * sessions.length)]),
    async (send, session) => isRight(await send(redeem(await codeOf(send, session)))),
  );

export const document = (path, text) => async () => always({ path }, succeeds(text));

// What televisions poll with, each with a device code of its own. They poll every few seconds, so that
// their objects stay in memory.
export async function polls(server, { count, authorization, poll }) {
  const held = await times(Math.min(count, TELEVISIONS), server.port, async (send) =>
    JSON.parse((await send(authorization)).body).device_code);
  return held.map((device_code) => ({ path: "/token", ...formBody({ ...poll, device_code }) }));
}

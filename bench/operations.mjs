// How an operation is done and checked. All contenders share this.
import { CODES, TELEVISIONS, times, using } from "./load.mjs";

export const formBody = (fields, headers = {}) => ({
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
  body: new URLSearchParams(fields).toString(),
});

// Checks for status 200 and a body that contains all of these texts.
export const succeeds = (...texts) => ({ status, body }) => status === 200 && texts.every((text) => body.includes(text));

// Sends the same request each time.
export const always = (request, isRight) => async (send) => isRight(await send(request));

// Sends one request after the other, then starts again with the first.
export function inTurn(requests, isRight) {
  let next = 0;
  return async (send) => {
    next = (next + 1) % requests.length;
    return isRight(await send(requests[next]));
  };
}

export const codeIn = (answer) => new URL(answer.headers("location")).searchParams.get("code");

// A user who has a session gets another code, which is redeemed. They work in batches of the size in which codes are
// otherwise created, because each code leaves an object in memory for some seconds. The next user is picked at random,
// because what an account does at every twentieth sign-in must not happen to all users at once.
export const signOns = (sessions, { codeOf, redeem }, isRight) =>
  using(
    async () => Array.from({ length: CODES }, () => sessions[Math.floor(Math.random() * sessions.length)]),
    async (send, session) => isRight(await send(redeem(await codeOf(send, session)))),
  );

export const document = (path, text) => async () => always({ path }, succeeds(text));

// The polls of televisions, each with its own device code. They poll every few seconds, so their objects stay in
// memory.
export async function polls(server, { count, authorization, poll }) {
  const held = await times(Math.min(count, TELEVISIONS), server.port, async (send) =>
    JSON.parse((await send(authorization)).body).device_code);
  return held.map((device_code) => ({ path: "/token", ...formBody({ ...poll, device_code }) }));
}

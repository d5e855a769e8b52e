// The minimum that the protocol requires of any server with this storage: the work of bench/floors/least.js. Its
// requests have the same content and size as those for Vestibule.
import { CALLBACK, DEVICE, authorizeUrl, basic } from "../../tests/support/oauth.mjs";
import { CODES, PEOPLE, TELEVISIONS, times } from "../load.mjs";
import { codeIn, formBody, inTurn, signOns, succeeds } from "../operations.mjs";
import { start as startFloor } from "./floors.mjs";

export const name = "least";
export const start = (where) => startFloor("least.js", where);

const client_id = "vcl_".padEnd(31, "c");
const authorization = basic({ client_id, client_secret: "vcs_".padEnd(47, "s") });
// The length of Vestibule's tokens.
const CODE = 100;
const REFERENCE = 100;
const JWT = 756;

const token = (fields) => ({ path: "/token", ...formBody(fields) });
const redeem = (code) =>
  token({ grant_type: "authorization_code", code, redirect_uri: CALLBACK, client_id, code_verifier: "v".repeat(43) });
const refresh = (refresh_token) => token({ grant_type: "refresh_token", refresh_token, client_id });
const poll = (device_code) => token({ grant_type: DEVICE, client_id, device_code });
const introspect = (access_token) => ({ path: "/introspect", ...formBody({ token: access_token }, authorization) });
const userinfo = (access_token) => ({ path: "/userinfo", headers: { authorization: `Bearer ${access_token}` } });

const path = authorizeUrl({ url: "" }, { client_id }, { challenge: "c".repeat(43) });
const signOn = (session) => ({ path, headers: { cookie: `__Host-csrf=${"c".repeat(43)}; __Host-session=${session}` } });

// Tokens of at most this many objects. Each token contains the ID of its object.
const tokens = (length, most, server, { count }) => times(Math.min(count, most), server.port, async (send) => {
  const id = (await send({ path: "/object" })).body;
  return `any_${id}`.padEnd(length, "t");
});
// Makes a request with each token.
const asked = (request, length, most, isRight) => async (server, { count }) => {
  const held = await tokens(length, most, server, { count });
  return inTurn(held.map(request), isRight);
};
const issued = succeeds('"access_token"', '"id_token"', '"refresh_token"');
const isPending = ({ status, body }) => status === 400 && body.includes('"authorization_pending"');

export const works = {
  code: asked(redeem, CODE, CODES, issued),
  refresh: asked(refresh, REFERENCE, 64, issued),
  device_poll: asked(poll, REFERENCE, TELEVISIONS, isPending),
  introspect: asked(introspect, JWT, 64, succeeds('"active":true')),
  single_sign_on: async (server, { count }) => {
    const sessions = await tokens(REFERENCE, PEOPLE, server, { count });
    return signOns(sessions, { codeOf: async (send, session) => codeIn(await send(signOn(session))), redeem }, issued);
  },
  userinfo: asked(userinfo, JWT, 64, succeeds('"email"')),
};

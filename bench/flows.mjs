// Code exchange and refresh at a peer. All peers share this.
import { CALLBACK, pkce } from "../tests/support/oauth.mjs";
import { CODES, PEOPLE, times, using } from "./load.mjs";
import { formBody, signOns, succeeds } from "./operations.mjs";

const query = ({ client_id, scope }, challenge) => new URLSearchParams({
  response_type: "code", client_id, redirect_uri: CALLBACK, scope, state: "a state", code_challenge: challenge,
  code_challenge_method: "S256",
});

// The request for a code of the client, and the request that redeems it.
async function begin(clientOf, server) {
  const client = await clientOf(server);
  const { client_id } = client;
  const { verifier, challenge } = pkce();
  const redemption = (code) => ({ path: "/token", ...formBody({ grant_type: "authorization_code", code, redirect_uri: CALLBACK, client_id, code_verifier: verifier }) });
  return { client_id, asked: query(client, challenge), redemption };
}

const isRight = succeeds('"access_token"', '"refresh_token"');

// `codeOf(send, query, cookies)` keeps the session in the cookies. If there is a session in them, it gets the code at
// once.
export const singleSignOn = ({ clientOf, codeOf }) => async (server) => {
  const { asked, redemption } = await begin(clientOf, server);
  const sessions = await times(PEOPLE, server.port, async (send) => {
    const cookies = new Map();
    await codeOf(send, asked, cookies);
    return cookies;
  });
  return signOns(sessions, { codeOf: (send, cookies) => codeOf(send, asked, cookies), redeem: redemption }, isRight);
};

// The operations that redeem and refresh, where `codeOf(send, query)` gets a code.
export function flows({ clientOf, codeOf }) {
  const prepare = async (server, count) => {
    const { client_id, asked, redemption } = await begin(clientOf, server);
    return { client_id, redemption, codes: await times(count, server.port, (send) => codeOf(send, asked)) };
  };
  const tokens = async (server, count) => {
    const { codes, redemption } = await prepare(server, count);
    return times(count, server.port, async (send, index) => JSON.parse((await send(redemption(codes[index]))).body));
  };
  return {
    code: async (server) => {
      const make = async () => {
        const { codes, redemption } = await prepare(server, CODES);
        return codes.map(redemption);
      };
      return using(make, async (send, request) => isRight(await send(request)));
    },
    tokens,
    async refresh(server) {
      const { client_id, codes, redemption } = await prepare(server, 64);
      const held = await times(64, server.port, async (send, index) => JSON.parse((await send(redemption(codes[index]))).body).refresh_token);
      return async (send, user) => {
        const answer = await send({ path: "/token", ...formBody({ grant_type: "refresh_token", refresh_token: held[user], client_id }) });
        if (!isRight(answer)) return false;
        held[user] = JSON.parse(answer.body).refresh_token;
        return true;
      };
    },
  };
}

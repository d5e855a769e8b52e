// `kill -9` of the runtime at any moment loses nothing that a successful response has confirmed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "../support/browser.mjs";
import {
  authorize, basic, newPerson, pkce, post, publicApp, redeem, refresh, register, signedIn, signedUp, userinfo,
} from "../support/oauth.mjs";
import { crash, startServer } from "../support/server.mjs";

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

const keys = async () => (await (await fetch(`${server.url}/jwks`)).json()).keys.map(({ kid }) => kid);

test("accounts, grants, clients and keys survive", async () => {
  const kids = await keys();
  const { client, tokens, person } = await signedIn(server);
  const waiting = pkce();
  const { browser } = await signedUp(server);
  const { code } = await authorize(server, client, browser, { challenge: waiting.challenge });
  await crash(server);
  assert.deepEqual(await keys(), kids);
  assert.equal((await userinfo(server, tokens.access_token)).status, 200);
  assert.equal((await refresh(server, client, tokens.refresh_token)).status, 200);
  assert.equal((await redeem(server, client, code, waiting.verifier)).status, 200);
  const returning = new Browser(server.url);
  const page = await returning.submit(await returning.open("/sign-in"), person);
  assert.equal(page.title, "Your account");
});

test("a code that was redeemed before the crash cannot be redeemed after it", async () => {
  const { client, answer, verifier, tokens } = await signedIn(server);
  await crash(server);
  assert.equal((await redeem(server, client, answer.code, verifier)).body.error, "invalid_grant");
  await crash(server);
  assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_grant");
});

test("a refresh token that was replaced before the crash gets the same successor after it", async () => {
  const { client, tokens } = await signedIn(server);
  const first = await refresh(server, client, tokens.refresh_token);
  await crash(server);
  const again = await refresh(server, client, tokens.refresh_token);
  assert.equal(again.body.refresh_token, first.body.refresh_token);
});

test("everything confirmed before a crash at a random moment under load is stored", async () => {
  for (let round = 0; round < 6; round += 1) {
    const app = await publicApp(server);
    const [clients, people, refreshed] = [[], [], []];
    const { client, tokens } = await signedIn(server, { client: app });
    let running = true;
    const loop = async (work) => {
      while (running) await work().catch(() => {});
    };
    const loops = [
      loop(async () => clients.push(await register(server, { grant_types: ["client_credentials"], redirect_uris: [] }))),
      loop(async () => people.push((await signedUp(server, newPerson())).person)),
      loop(async () => {
        const token = refreshed.at(-1) ?? tokens.refresh_token;
        const answer = await refresh(server, client, token);
        if (answer.status === 200) refreshed.push(answer.body.refresh_token);
      }),
    ];
    await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 500));
    await crash(server);
    running = false;
    await Promise.all(loops);
    for (const registered of clients) {
      const answer = await post(`${server.url}/token`, { grant_type: "client_credentials" }, basic(registered));
      assert.equal(answer.status, 200, "a client is lost");
    }
    for (const person of people) {
      const browser = new Browser(server.url);
      const page = await browser.submit(await browser.open("/sign-in"), person);
      assert.equal(page.title, "Your account", "an account is lost");
    }
    const last = await refresh(server, client, refreshed.at(-1) ?? tokens.refresh_token);
    assert.equal(last.status, 200, "the refresh family is lost");
  }
});

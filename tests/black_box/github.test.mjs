// A plain OAuth 2.0 provider: GitHub's documented web flow, at a test server that imitates its endpoints.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newBrowser, settings } from "../support/federation.mjs";
import { CALLBACK, form, publicApp, signedUp } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";
import { startGitHub } from "../support/upstream/github.mjs";
import { logInUpstream } from "../support/upstream/http.mjs";

let github;
let server;
const table = () => ({
  id: "github",
  preset: "github",
  client_id: github.client.client_id,
  secret: github.client.client_secret,
  authorization_endpoint: `${github.url}/login/oauth/authorize`,
  token_endpoint: `${github.url}/login/oauth/access_token`,
  userinfo_endpoint: `${github.api}/user`,
  emails_endpoint: `${github.api}/user/emails`,
  revocation_endpoint: `${github.api}/applications/{client_id}/token`,
  connection_scope: "repo",
});
before(async () => {
  github = await startGitHub();
  server = await startServer({ vars: settings([table()]) });
});
after(async () => {
  await server.stop();
  await github.stop();
});

async function signIn(browser = newBrowser(server)) {
  const there = await browser.open("/sign-in/github");
  return browser.open(await logInUpstream(there.location, "octocat"));
}

test("a user is identified by GitHub's numeric ID, and the address is the verified primary one", async () => {
  const page = await signIn();
  assert.equal(page.title, "Your account");
  assert.match(page.text, /octocat@example\.test/);
  assert.match(page.text, /The Octocat/);
  // A user who changes the name at GitHub is still the same user here.
  github.user = { ...github.user, login: "renamed" };
  assert.match((await signIn()).text, /octocat@example\.test/);
});

test("an address that GitHub did not verify opens no account (account takeover)", async () => {
  const { person } = await signedUp(server);
  const [user, emails] = [github.user, github.emails];
  github.user = { id: 666, login: "mallory", email: person.email };
  github.emails = [{ email: person.email, primary: true, verified: false, visibility: null }];
  try {
    const page = await signIn();
    assert.equal(page.title, "Your account");
    assert.doesNotMatch(page.text, /Change password/);
  } finally {
    github.user = user;
    github.emails = emails;
  }
});

test("an error with status 200 is an error", async () => {
  github.refuse = "bad_verification_code";
  try {
    const page = await signIn();
    assert.equal(page.status, 502);
    assert.match(page.text, /Continue with GitHub/);
  } finally {
    github.refuse = undefined;
  }
});

test("a user who denies returns to a page with other ways to sign in", async () => {
  github.deny = true;
  try {
    const page = await signIn();
    assert.equal(page.status, 403);
    assert.match(page.text, /access was denied at/);
  } finally {
    github.deny = false;
  }
});

test("disconnecting revokes one token at GitHub and leaves that of another app", async () => {
  github.revokeAll();
  const { browser } = await signedUp(server);
  const app = await publicApp(server, { scope: "openid connection:github" });
  for (const query of ["", `?${form({ client_id: app.client_id, redirect_uri: CALLBACK })}`]) {
    const asked = await browser.open(`/connect/github${query}`);
    const there = await browser.submit(asked, { decision: "connect" }, "/connect/github");
    assert.equal(new URL(there.location).searchParams.get("scope"), "repo");
    await browser.open(await logInUpstream(there.location, "octocat"));
  }
  const page = await browser.open("/account");
  assert.match(page.text, /for every app that you allow/);
  assert.match(page.text, /for Test App/);
  assert.equal(github.tokens().length, 2);
  await browser.submit(page, { client_id: app.client_id }, "/account/connections");
  const { method, path } = github.requests.at(-1);
  assert.deepEqual([method, path], ["DELETE", `/api/applications/${github.client.client_id}/token`]);
  assert.equal(github.tokens().length, 1);
});

// Passwords are verified in the account's object, on the real runtime: how often it is called, what is stored, and what
// happens to simultaneous guesses.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { Browser } from "../support/browser.mjs";
import { counters } from "../support/costs.mjs";
import { newPerson, signedIn, signedUp, userinfo } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";

const WRONG = "a guess that is wrong";
let server;
before(async () => { server = await startServer({ vars: { FAILED_SIGN_INS_PER_HOUR: "1000" } }); });
after(() => server.stop());

// The response to the sign-in form, without following a redirect.
async function signIn({ email, password }) {
  const browser = new Browser(server.url);
  const { fields } = (await browser.open("/sign-in")).forms.find(({ action }) => action === "/sign-in");
  const body = new URLSearchParams({ ...fields, email, password });
  return browser.request("/sign-in", { method: "POST", body, headers: { origin: server.url } });
}
const objectCalls = ({ headers }) => Number(headers.get("server-timing").match(/(?<![a-z-])objects;desc="(\d+)"/)[1]);
const times = (count, what) => Array.from({ length: count }, what);
// How many of these wrong attempts were verified; the others were blocked. Five in a row are verified, then one after a
// second, one two seconds later, and so on.
async function verifiedOf(attempts) {
  const statuses = (await Promise.all(attempts)).map(({ status }) => status);
  assert.deepEqual(statuses.filter((status) => status !== 422 && status !== 429), []);
  return statuses.filter((status) => status === 422).length;
}

test("a sign-in calls four objects, whether it succeeds, fails, or has no account", async () => {
  const { person } = await signedUp(server);
  const nobody = newPerson();
  // The throttle of the network before and after the password; between them, the identifier and the account.
  for (const [attempt, status] of [[person, 303], [{ ...person, password: WRONG }, 422], [nobody, 422]]) {
    const answer = await signIn(attempt);
    assert.deepEqual([answer.status, objectCalls(answer)], [status, 4]);
  }
});

test("a right password writes no attempt, and a wrong one writes it once", async () => {
  const { person } = await signedUp(server);
  // The minimum of three runs, because an earlier alarm may fall into one.
  const written = async (attempt) => {
    const each = [];
    for (let time = 0; time < 3; time += 1) {
      const before = await counters(server);
      await signIn(attempt);
      each.push((await counters(server))["rows written"] - before["rows written"]);
    }
    return Math.min(...each);
  };
  assert.equal(await written(person), 1, "the session");
  assert.equal(await written({ ...person, password: WRONG }), 2, "the throttle and the account");
});

test("guesses that arrive together are counted one by one, with and without an account", async () => {
  const { person } = await signedUp(server);
  for (const { email } of [person, newPerson()]) {
    const verified = await verifiedOf(times(30, () => signIn({ email, password: WRONG })));
    assert.ok(verified >= 5 && verified <= 7, `${verified} were verified`);
  }
  // The user waits as long as anyone else, and can then sign in.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  assert.equal((await signIn(person)).status, 303);
});

test("guesses at one account block no other account, and the user's sessions and apps keep working", async () => {
  const { person: victim, browser, tokens } = await signedIn(server);
  const { person: other } = await signedUp(server);
  const guesses = times(40, () => signIn({ ...victim, password: WRONG }));
  const during = await Promise.all([signIn(other), browser.open("/account"), userinfo(server, tokens.access_token)]);
  assert.deepEqual(during.map(({ status }) => status), [303, 200, 200]);
  const verified = await verifiedOf(guesses);
  assert.ok(verified >= 5 && verified <= 7, `${verified} were verified`);
});

test("a password of any length and form never causes an error", async () => {
  const { person } = await signedUp(server, { ...newPerson(), password: "caf\u00e9 im Mai, lang genug" });
  for (const [password, status] of [
    ["x".repeat(60_000), 422],
    ["\u1ec7".repeat(6_000), 422],
    ["", 422],
    ["cafe\u0301 im\u00a0Mai, lang genug", 303],
  ]) {
    assert.equal((await signIn({ ...person, password })).status, status, password.slice(0, 30));
  }
});

test("no password is stored, and nothing is stored for an address without an account", async () => {
  const { person, browser } = await signedUp(server, { ...newPerson(), password: "the first passphrase of all" });
  const nobody = newPerson();
  const idOf = async (email) => (await server.mf.getDurableObjectNamespace("ACCOUNTS")).idFromName(`email:${email}`).toString();
  const id = await idOf(nobody.email);
  await signIn({ ...nobody, password: WRONG });
  await signIn({ ...person, password: WRONG });
  const page = await browser.open("/account");
  const change = { current_password: person.password, new_password: "the second passphrase of all" };
  const changed = await browser.submit(page, change, "/account/password");
  assert.match(changed.text, /Password changed/);
  await server.stop({ keep: true });
  try {
    const files = readdirSync(server.state, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => path.join(file.parentPath, file.name));
    const rows = (file) => {
      const database = new DatabaseSync(file, { readOnly: true });
      try {
        const [{ tables }] = database.prepare("select count(*) as tables from sqlite_master where name = '_cf_KV'").all();
        return tables === 0 ? 0 : database.prepare("select count(*) as rows from _cf_KV").get().rows;
      } finally {
        database.close();
      }
    };
    const account = files.find((file) => file.endsWith(`${id}.sqlite`));
    assert.equal(account === undefined ? 0 : rows(account), 0);
    assert.ok(files.some((file) => file.includes("Account") && file.endsWith(".sqlite") && rows(file) > 0));
    const stored = files.map((file) => readFileSync(file));
    for (const password of [person.password, change.new_password, WRONG]) {
      assert.ok(!stored.some((bytes) => bytes.includes(password)), password);
    }
    assert.ok(stored.some((bytes) => bytes.includes("$argon2id$v=19$m=19456")));
  } finally {
    server = await startServer({ state: server.state, port: server.port });
  }
});

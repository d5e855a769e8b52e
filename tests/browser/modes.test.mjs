// The eight modes of OAuth, each from its card on the demo page, in a real browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, heading, KINDS, open, overflow, signIn, signUp, startDemo } from "./support.mjs";

let demo;
let server;
let chrome;
before(async () => {
  demo = await startDemo();
  ({ server, chrome } = demo);
});
after(() => demo?.stop());

// Checks with axe-core, and that nothing is wider than the window. axe-core needs scripts.
async function looksRight(page, { javaScriptEnabled }) {
  if (!javaScriptEnabled) return;
  assert.deepEqual(await axe(page), []);
  assert.ok((await overflow(page)) <= 0, "wider than the window");
}

// The provider's pages accept any password.
async function signInThere(page, login) {
  await page.locator("input[name=login]").fill(login);
  await page.locator("input[name=password]").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}

async function deleteApp(page, options) {
  await page.getByRole("button", { name: "Delete the app…" }).click();
  await heading(page, "Delete the app?");
  await looksRight(page, options);
  await page.getByRole("button", { name: "Delete the app" }).click();
  await page.getByText("The app was deleted").waitFor();
}

for (const { name, options } of [KINDS[0], KINDS[3]]) {
  const card = async (words) => {
    const opened = await open(chrome, options);
    await opened.page.goto(`${server.url}/demo`);
    await opened.page.getByRole("link", { name: words }).click();
    return opened;
  };

  test(`${name}: mode 1, local login and registration`, async () => {
    const { page, close } = await card("Sign up for ToDo");
    await signUp(page);
    await heading(page, "demo-todo is signed in");
    await close();
  });

  test(`${name}: mode 2, third-party login, and from the app's own sign-in page`, async () => {
    const { page, close } = await card("Login with Friendface");
    await page.getByRole("link", { name: "Continue with Friendface" }).click();
    await signInThere(page, "sam");
    await heading(page, "demo-todo is signed in");
    await page.goto(`${server.url}/account`);
    await page.getByText("From Friendface: name.").waitFor();
    await page.getByRole("button", { name: "Sign out" }).first().click();
    await heading(page, "You are signed out");
    await page.goto(`${server.url}/demo/todo/start`);
    await page.getByRole("link", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "Continue with Friendface" }).click();
    // The user is still signed in at the provider, so the browser goes straight back to the app.
    await heading(page, "demo-todo is signed in");
    await close();
  });

  test(`${name}: mode 3, first-party login: a developer registers an app`, async () => {
    const { page, close } = await card("Register an app");
    await signIn(page);
    await page.goto(`${server.url}/developers`);
    await page.getByLabel("Name").fill("Album");
    await page.getByLabel("Redirect URIs").fill("https://album.example.test/callback");
    await page.getByRole("button", { name: "Register" }).click();
    await heading(page, "Album");
    await page.getByText("It won't be shown again").waitFor();
    await looksRight(page, options);
    await deleteApp(page, options);
    await looksRight(page, options);
    await close();
  });

  test(`${name}: modes 3 and 8: a developer registers an app for a TV, which needs no redirect URI`, async () => {
    const { page, close } = await card("Register an app");
    await signIn(page);
    await page.goto(`${server.url}/developers`);
    await page.getByLabel("Name").fill("Album on TV");
    assert.equal(await page.getByLabel("Redirect URIs").isVisible(), true);
    await page.getByLabel("On a TV").check();
    assert.equal(await page.getByLabel("Redirect URIs").isVisible(), false);
    await looksRight(page, options);
    await page.getByRole("button", { name: "Register" }).click();
    await heading(page, "Album on TV");
    await page.getByText("users enter a code").waitFor();
    await looksRight(page, options);
    await deleteApp(page, options);
    await close();
  });

  test(`${name}: mode 4, enterprise login: the address decides`, async () => {
    const { page, close } = await card("Sign in as an employee");
    assert.equal(await page.getByLabel("Email address").inputValue(), "dana@acme.example");
    await looksRight(page, options);
    await page.getByRole("button", { name: "Continue" }).click();
    await signInThere(page, "dana");
    await heading(page, "demo-todo is signed in");
    await page.getByText("dana@acme.example").waitFor();
    await page.getByText('["staff"]').waitFor();
    await close();
  });

  test(`${name}: mode 5, third-party service authorization: connect, use, disconnect`, async () => {
    const { page, close } = await card("Connect your social account");
    await page.getByRole("link", { name: "Create an account" }).click();
    await signUp(page);
    await page.getByRole("button", { name: "Allow" }).click();
    await heading(page, "Connect your Friendface account");
    await looksRight(page, options);
    await page.getByRole("button", { name: "Continue to Friendface" }).click();
    await signInThere(page, "dana");
    await heading(page, "demo-social is signed in");
    await page.getByText("expires_in").waitFor();
    await page.goto(`${server.url}/account`);
    await page.getByText("Dana Demo").waitFor();
    await looksRight(page, options);
    await page.getByRole("button", { name: "Disconnect Friendface" }).click();
    await page.getByText("The account was disconnected").waitFor();
    await close();
  });

  test(`${name}: mode 6, first-party service authorization, and one scope removed`, async () => {
    const { page, close } = await card("Sign in to Photo Printer");
    await page.getByRole("link", { name: "Create an account" }).click();
    await signUp(page);
    await heading(page, "Photo Printer asks for access");
    await page.getByRole("button", { name: "Allow" }).click();
    await heading(page, "demo-app is signed in");
    await page.goto(`${server.url}/account`);
    await page.getByRole("button", { name: "Remove from Photo Printer: See your email address" }).click();
    await page.getByText("The app can no longer do that").waitFor();
    assert.equal(await page.getByText("See your email address").count(), 0);
    await close();
  });

  test(`${name}: mode 7, machine to machine`, async () => {
    const { page, close } = await card("Start the machine");
    await page.getByRole("button", { name: "Get a token and call" }).click();
    await page.getByText("introspected active").waitFor();
    await close();
  });

  test(`${name}: mode 8, device login, with a company's sign-in on the way`, async () => {
    const { page, context, close } = await card("Turn the TV on");
    const code = await page.locator(".code.big").innerText();
    const phone = await context.newPage();
    await phone.goto(`${server.url}/device?user_code=${code}`);
    await phone.getByLabel("Email address").fill("dana@acme.example");
    await phone.getByRole("button", { name: "Continue" }).click();
    await signInThere(phone, "dana");
    await phone.getByRole("button", { name: "Approve", exact: true }).click();
    await heading(phone, "Your device is signed in");
    await heading(page, "demo-tv is signed in");
    await close();
  });

  test(`${name}: a user links a provider to an existing account, and unlinks it`, async () => {
    const { page, close } = await open(chrome, options);
    await page.goto(`${server.url}/sign-up`);
    const person = await signUp(page);
    await page.getByRole("button", { name: "Link Friendface" }).click();
    await heading(page, "Confirm it's you");
    await looksRight(page, options);
    await page.getByLabel("Your password").fill(person.password);
    await page.getByRole("button", { name: "Continue" }).click();
    await signInThere(page, name.startsWith("desktop") ? "dana" : "sam");
    // A user who already has an account with that identity sees a message.
    const told = page.getByText(/The account was linked|is linked to another account here/);
    await told.waitFor();
    await looksRight(page, options);
    await close();
  });
}

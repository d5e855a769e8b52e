// Several tabs of one browser: a page that was opened earlier may be out of date.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, DEMO, heading, KINDS, open, overflow, signIn, signUp, startDemo } from "./support.mjs";

let demo;
let server;
let chrome;
before(async () => {
  demo = await startDemo();
  ({ server, chrome } = demo);
});
after(() => demo?.stop());

// Checks that the page says why it is shown again, and is accessible.
async function saysWhy(page, words, { javaScriptEnabled }) {
  await page.getByRole("alert").getByText(words).waitFor();
  if (!javaScriptEnabled) return;
  assert.deepEqual(await axe(page), []);
  assert.ok((await overflow(page)) <= 0, "wider than the window");
}

for (const { name, options } of KINDS) {
  test(`${name}: "Allow" on one user's page doesn't consent for another`, async () => {
    const { page, context, close } = await open(chrome, options);
    await page.goto(`${server.url}/demo/app/start`);
    await signIn(page);
    await heading(page, "Photo Printer asks for access");
    const other = await context.newPage();
    await other.goto(`${server.url}/sign-up`);
    const { email } = await signUp(other);
    await heading(other, "Your account");
    await page.getByRole("button", { name: "Allow" }).click();
    await saysWhy(page, "You're now signed in with another account", options);
    await heading(page, "Photo Printer asks for access");
    await page.getByText(email).waitFor();
    await page.getByRole("button", { name: "Deny" }).click();
    await heading(page, "demo-app was denied");
    await close();
  });

  test(`${name}: the first of two restored tabs keeps what was typed and goes on`, async () => {
    const { page, context, close } = await open(chrome, options);
    await page.goto(`${server.url}/sign-in`);
    await context.clearCookies();
    const other = await context.newPage();
    await other.goto(`${server.url}/sign-in`);
    // The page asks for the address first, because its domain may belong to a company that signs the user in.
    await page.getByLabel("Email address").fill(DEMO.email);
    await page.getByRole("button", { name: "Continue" }).click();
    await saysWhy(page, "This page had expired", options);
    assert.equal(await page.getByLabel("Email address").inputValue(), DEMO.email);
    await signIn(page);
    await heading(page, "Your account");
    await close();
  });

  test(`${name}: a profile that was typed before signing in again is not lost`, async () => {
    const { page, context, close } = await open(chrome, options);
    await page.goto(`${server.url}/sign-up`);
    const person = await signUp(page);
    await heading(page, "Your account");
    await page.getByLabel("Name", { exact: true }).fill("Robin Doe");
    const other = await context.newPage();
    await other.goto(`${server.url}/sign-in`);
    await signIn(other, person);
    await heading(other, "Your account");
    await page.getByRole("button", { name: "Save" }).click();
    await saysWhy(page, "You've signed in again since you opened this page", options);
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Robin Doe");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Your profile was saved").waitFor();
    await close();
  });

  test(`${name}: two tabs sign in at one provider at once`, async () => {
    const { page, context, close } = await open(chrome, options);
    const second = await context.newPage();
    for (const tab of [page, second]) {
      await tab.goto(`${server.url}/sign-in`);
      await tab.getByRole("link", { name: "Continue with Friendface" }).click();
      await tab.locator("input[name=login]").waitFor();
    }
    for (const tab of [page, second]) {
      await tab.locator("input[name=login]").fill("sam");
      await tab.locator("input[name=password]").fill("any");
      await tab.getByRole("button", { name: "Sign-in" }).click();
      // The provider asks once for consent.
      if (tab === page) await tab.getByRole("button", { name: "Continue" }).click();
      await heading(tab, "Your account");
    }
    await close();
  });
}

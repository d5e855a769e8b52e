// What users do from start to end, in a real browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "../support/server.mjs";
import { heading, KINDS, launch, open, signIn, signUp } from "./support.mjs";

let server;
let chrome;
before(async () => {
  server = await startServer();
  chrome = await launch();
  await fetch(`${server.url}/demo`);
});
after(async () => {
  await chrome?.close();
  await server.stop();
});

for (const { name, options } of KINDS) {
  test(`${name}: a user signs up for the first-party app without a consent page`, async () => {
    const { page, close } = await open(chrome, options);
    await page.goto(`${server.url}/demo`);
    await page.getByRole("link", { name: "Sign up for ToDo" }).click();
    await signUp(page);
    await heading(page, "demo-todo is signed in");
    await close();
  });

  test(`${name}: a user mistypes the password, signs in, consents and returns to the app; then denies`, async () => {
    const { page, close } = await open(chrome, options);
    await page.goto(`${server.url}/demo/app/start`);
    await signIn(page, { email: "demo@example.com", password: "not the password" });
    await page.getByRole("alert").getByText("don't match").waitFor();
    await signIn(page);
    await heading(page, "Photo Printer asks for access");
    await page.getByText("See your email address").waitFor();
    await page.getByRole("button", { name: "Allow" }).click();
    await heading(page, "demo-app is signed in");
    await page.getByText("Dana Lee Demo").waitFor();
    await page.goto(`${server.url}/account`);
    await page.getByRole("button", { name: "Remove access for Photo Printer" }).click();
    await page.getByText("The app can no longer use your account").waitFor();
    await page.goto(`${server.url}/demo/app/start`);
    await page.getByRole("button", { name: "Deny" }).click();
    await heading(page, "demo-app was denied");
    await close();
  });

  test(`${name}: a television is approved on another page and signed in at once`, async () => {
    const { page, context, close } = await open(chrome, options);
    await page.goto(`${server.url}/demo/tv`);
    const code = await page.locator(".code.big").innerText();
    const phone = await context.newPage();
    await phone.goto(`${server.url}/device`);
    await phone.getByLabel("Code").fill(code.toLowerCase());
    await phone.getByRole("button", { name: "Continue" }).click();
    await signIn(phone);
    await heading(phone, "Approve Living Room TV?");
    await phone.getByText(code).waitFor();
    await phone.getByRole("button", { name: "Approve", exact: true }).click();
    await heading(phone, "Your device is signed in");
    await heading(page, "demo-tv is signed in");
    await close();
  });

  test(`${name}: a television is denied`, async () => {
    const { page, context, close } = await open(chrome, options);
    await page.goto(`${server.url}/demo/tv`);
    const link = await page.getByRole("link", { name: "Open the page in another tab" }).getAttribute("href");
    const phone = await context.newPage();
    await phone.goto(link);
    await signIn(phone);
    await phone.getByRole("button", { name: "Deny" }).click();
    await heading(phone, "The device was denied");
    await page.getByText("access_denied").waitFor();
    await close();
  });

  test(`${name}: a user signs out, and an app asks to sign them out`, async () => {
    const { page, close } = await open(chrome, options);
    await page.goto(`${server.url}/sign-in`);
    await signIn(page);
    await heading(page, "Your account");
    await page.goto(`${server.url}/end_session`);
    await heading(page, "Sign out?");
    await page.getByRole("button", { name: "Sign out" }).click();
    await heading(page, "You are signed out");
    await page.goto(`${server.url}/account`);
    await heading(page, "Sign in");
    await close();
  });

  test(`${name}: a form_post response reaches the app`, async () => {
    const { page, close } = await open(chrome, options);
    const metadata = {
      redirect_uris: ["https://app.example.test/cb"], token_endpoint_auth_method: "none", first_party: true,
    };
    const { client_id } = await (await fetch(`${server.url}/register`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(metadata),
    })).json();
    let received;
    await page.route("https://app.example.test/**", (route) => {
      received = new URLSearchParams(route.request().postData());
      return route.fulfill({ contentType: "text/html", body: "<h1>the app</h1>" });
    });
    await page.goto(`${server.url}/authorize?${new URLSearchParams({
      response_type: "code", client_id, redirect_uri: metadata.redirect_uris[0], scope: "openid", state: "s",
      response_mode: "form_post", code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    })}`);
    await signIn(page);
    if (!options.javaScriptEnabled) await page.getByRole("button", { name: "Continue" }).click();
    await heading(page, "the app");
    assert.equal(received.get("state"), "s");
    assert.match(received.get("code"), /^vac_/);
    await close();
  });
}

test("a user signs in using only the keyboard", async () => {
  const { page, close } = await open(chrome, KINDS[0].options);
  await page.goto(`${server.url}/sign-in`);
  // The browser focuses the first field at its own time, and a key before that has no effect.
  await page.locator("input[type=email]:focus").waitFor();
  await page.keyboard.type("demo@example.com");
  await page.keyboard.press("Tab");
  await page.keyboard.type("vestibule-demo");
  await page.keyboard.press("Enter");
  await heading(page, "Your account");
  await close();
});

test("password managers find the fields by their autocomplete tokens (HTML, WCAG 1.3.5)", async () => {
  const { page, close } = await open(chrome, KINDS[1].options);
  const tokens = () => page.locator("input[autocomplete]").evaluateAll((inputs) => inputs.map((input) => input.autocomplete));
  await page.goto(`${server.url}/sign-in`);
  assert.deepEqual(await tokens(), ["username", "current-password"]);
  await page.goto(`${server.url}/sign-up`);
  assert.deepEqual(await tokens(), ["name", "username", "new-password"]);
  await close();
});

// Every page at phone and desktop width, in light and dark mode: axe-core finds no violations, and nothing is wider
// than the window.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { register } from "../support/oauth.mjs";
import { startServer } from "../support/server.mjs";
import { axe, heading, launch, open, overflow, signIn, WIDTHS } from "./support.mjs";

let server;
let chrome;
before(async () => {
  const lisbon = { country: "PT", region: "Lisbon", city: "Lisbon", asOrganization: "Home Net", latitude: "38.72", longitude: "-9.14" };
  server = await startServer({ cf: lisbon });
  chrome = await launch();
  await fetch(`${server.url}/demo`);
});
after(async () => {
  await chrome?.close();
  await server.stop();
});

// A request from far away causes the warning.
async function farDevice() {
  const answer = await server.mf.dispatchFetch(`${server.url}/device_authorization`, {
    method: "POST",
    cf: { country: "JP", region: "Tokyo", city: "Tokyo", asOrganization: "Far Net", latitude: "35.68", longitude: "139.69" },
    body: "client_id=demo-tv&scope=openid+profile",
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  return (await answer.json()).user_code;
}

// A malformed request of an unverified app.
async function wrongRequest() {
  const { client_id } = await register(server, { client_name: "Somebody's App", redirect_uris: ["https://app.example.test/"] });
  return `/authorize?client_id=${client_id}&redirect_uri=https://app.example.test/&response_type=token`;
}

async function visit(page, check) {
  const at = (path) => page.goto(`${server.url}${path}`);
  await at("/demo"); await check("demo");
  await at("/sign-in"); await check("sign-in");
  await signIn(page, { email: "demo@example.com", password: "not the password" }); await check("sign-in, wrong");
  await at("/sign-up"); await check("sign-up");
  await at("/device"); await check("device");
  await at("/signed-out"); await check("signed out");
  await at("/no/such/page"); await check("not found");
  await at("/authorize?client_id=nobody"); await check("error");
  await at(await wrongRequest()); await check("return to an unverified app");
  await at("/demo/app/start"); await signIn(page);
  await heading(page, "Photo Printer asks for access"); await check("consent");
  await page.getByRole("button", { name: "Allow" }).click();
  await heading(page, "demo-app is signed in"); await check("demo tokens");
  await at("/account"); await check("account");
  await at("/account/delete"); await check("delete account");
  await at("/demo/machine"); await page.getByRole("button", { name: "Get a token and call" }).click(); await check("demo machine");
  await at(`/device?user_code=${await farDevice()}`); await check("device, far away");
  await page.getByRole("button", { name: "Deny" }).click(); await check("done");
  await at("/end_session"); await check("sign out?");
  await at("/demo/tv"); await check("demo television");
  await at("/account");
  await page.getByRole("button", { name: "Remove access for Photo Printer" }).click();
}

for (const width of Object.keys(WIDTHS)) {
  for (const colorScheme of ["light", "dark"]) {
    test(`${width}, ${colorScheme}: axe-core finds no violation on any page`, async () => {
      // The television's page refreshes itself. The other pages need no script, but axe-core does.
      const { page, close } = await open(chrome, { ...WIDTHS[width], colorScheme });
      const found = [];
      await visit(page, async (name) => {
        found.push(...(await axe(page)).map((violation) => `${name}: ${violation}`));
        if ((await overflow(page)) > 0) found.push(`${name}: wider than the window`);
        if (process.env.PICTURES) {
          await page.screenshot({ path: `${process.env.PICTURES}/${width}-${colorScheme}-${name.replaceAll(/\W+/g, "-")}.png`, fullPage: true });
        }
      });
      await close();
      assert.deepEqual(found, []);
    });
  }
}

test("no page is wider than 320 pixels (WCAG 2.2 §1.4.10)", async () => {
  const { page, close } = await open(chrome, { viewport: { width: 320, height: 640 } });
  const wide = [];
  await visit(page, async (name) => {
    if ((await overflow(page)) > 0) wide.push(name);
  });
  await close();
  assert.deepEqual(wide, []);
});

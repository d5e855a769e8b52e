// `make pictures`: takes the pictures of README.md and docs/modes/ from the current pages, as `make dev` shows them.
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { takePicture } from "./palette.mjs";
import { heading, signIn, startDemo } from "./support.mjs";

const FOLDER = "docs/pictures";
// The width of a phone, and a height that every page exceeds, so that a picture ends where its page ends.
const WINDOW = { width: 480, height: 100 };
// Enough for a page of text. Pictures are loaded with each mode's page.
const MOST_BYTES = 40_000;

// The port that readers see, unless something uses it.
const isFree = (port) =>
  new Promise((resolve) => {
    const listener = createServer().once("error", () => resolve(false));
    listener.listen(port, "127.0.0.1", () => listener.close(() => resolve(true)));
  });
const demo = await startDemo((await isFree(8787)) ? 8787 : undefined);
const { server } = demo;
mkdirSync(FOLDER, { recursive: true });

// Each visitor has cookies of their own.
async function visitor() {
  const context = await demo.chrome.newContext({ viewport: WINDOW });
  return context.newPage();
}

async function take(page, name) {
  // A focus ring says nothing in a picture.
  await page.evaluate(() => document.activeElement?.blur());
  const picture = await takePicture(demo.chrome, page, { fullPage: true });
  if (picture.length > MOST_BYTES) throw new Error(`the picture ${name} has ${picture.length} bytes`);
  writeFileSync(`${FOLDER}/${name}.png`, picture);
  return picture;
}

async function card(words) {
  const page = await visitor();
  await page.goto(`${server.url}/demo`);
  await page.getByRole("link", { name: words }).click();
  return page;
}

// An app that a developer has registered asks its first user.
async function developersApp() {
  const developer = await card("Register an app");
  await signIn(developer);
  await developer.goto(`${server.url}/developers`);
  await developer.getByLabel("Name").fill("Album");
  await developer.getByLabel("Redirect URIs").fill("https://album.example.com/callback");
  await developer.getByLabel("In a browser").check();
  await developer.getByRole("button", { name: "Register" }).click();
  await heading(developer, "Album");
  const client = await developer.locator("code", { hasText: "vcl_" }).first().innerText();
  const query = new URLSearchParams({
    response_type: "code", client_id: client, redirect_uri: "https://album.example.com/callback", scope: "openid profile email",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
  });
  await developer.goto(`${server.url}/authorize?${query}`);
  await heading(developer, "Album asks for access");
  return developer;
}

// One picture of several pages, side by side.
async function sheet(name, pictures) {
  const page = await (await demo.chrome.newContext({ viewport: { width: WINDOW.width * pictures.length, height: 100 } })).newPage();
  const images = pictures.map((data) => `<img alt="" src="data:image/png;base64,${data.toString("base64")}">`).join("");
  await page.setContent(`<!doctype html><style>
    body { margin: 0; width: max-content; padding: 12px; display: flex; align-items: flex-start; gap: 12px; background: #dfe3ee }
    img { border-radius: 12px }
  </style>${images}`);
  writeFileSync(`${FOLDER}/${name}.png`, await takePicture(demo.chrome, page.locator("body")));
}

try {
  await take(await card("Sign up for ToDo"), "local-login");
  const signInPage = await take(await card("Login with Friendface"), "third-party-login");
  await take(await developersApp(), "first-party-login");
  await take(await card("Sign in as an employee"), "enterprise-login");

  const social = await card("Connect your social account");
  await signIn(social);
  await social.getByRole("button", { name: "Allow" }).click();
  await heading(social, "Connect your Friendface account");
  await take(social, "third-party-service-authorization");

  const printer = await card("Sign in to Photo Printer");
  await signIn(printer);
  await heading(printer, "Photo Printer asks for access");
  const consent = await take(printer, "first-party-service-authorization");

  const television = await card("Turn the TV on");
  const shown = await television.screenshot({ fullPage: true });
  await printer.goto(await television.getByRole("link", { name: "another tab" }).getAttribute("href"));
  await heading(printer, "Approve");
  const approve = await take(printer, "device-login");

  await sheet("pages", [signInPage, consent, shown, approve]);
} finally {
  await demo.stop();
}

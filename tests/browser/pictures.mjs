// `node tests/browser/pictures.mjs`: takes the README's screenshots from the current pages.
import { mkdirSync } from "node:fs";
import { startServer } from "../support/server.mjs";
import { heading, launch, signIn } from "./support.mjs";

const server = await startServer();
const chrome = await launch();
try {
  await fetch(`${server.url}/demo`);
  const context = await chrome.newContext({ viewport: { width: 480, height: 740 } });
  const page = await context.newPage();
  const shots = [];
  const shot = async () => shots.push((await page.screenshot()).toString("base64"));
  await page.goto(`${server.url}/demo/app/start`);
  await shot();
  await signIn(page);
  await heading(page, "Photo Printer asks for access");
  await shot();
  const television = await context.newPage();
  await television.goto(`${server.url}/demo/tv`);
  shots.push((await television.screenshot()).toString("base64"));
  await page.goto(await television.getByRole("link", { name: "another tab" }).getAttribute("href"));
  await shot();
  mkdirSync("docs/pictures", { recursive: true });
  const sheet = await (await chrome.newContext({ viewport: { width: 1988, height: 772 } })).newPage();
  const images = shots.map((data) => `<img src="data:image/png;base64,${data}">`).join("");
  await sheet.setContent(`<style>body{margin:0;padding:16px;display:flex;gap:12px;background:#dfe3ee}img{border-radius:12px;flex:none}</style>${images}`);
  await sheet.screenshot({ path: "docs/pictures/pages.png" });
} finally {
  await chrome.close();
  await server.stop();
}

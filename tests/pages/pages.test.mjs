// Every command on a page works as it stands, and prints what the page says. blocks.mjs says how a page marks them.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { matches, readCommands, readLinks } from "./blocks.mjs";
import { newShell, startDev } from "./shell.mjs";

const markdown = (folder) => readdirSync(folder).filter((file) => file.endsWith(".md")).map((file) => path.join(folder, file));
const PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...markdown("docs"), ...markdown("docs/modes")];

// The `make dev` of all pages that start none with settings of its own.
let shared;
const sharedDev = () => (shared ??= startDev());
after(async () => (await shared?.catch(() => undefined))?.stop());

// A block that starts the server, with or without settings.
const START = /^make dev\b.*$/;
const PLAIN = /^make dev(\s+#.*)?$/;

// Follows a page. Its commands go to the server that it started last, or to the shared one.
async function follow(page, commands) {
  const shared = await sharedDev();
  const shell = await newShell(shared.port);
  let own;
  try {
    for (const { at, text, output } of commands) {
      if (START.test(text)) {
        await own?.stop();
        own = PLAIN.test(text) ? undefined : await startDev(text);
        shell.port = (own ?? shared).port;
        continue;
      }
      const printed = await shell.run(text, { mayBeRefused: output !== undefined });
      const expected = output?.replaceAll("localhost:8787", `localhost:${shell.port}`);
      if (output !== undefined) assert.ok(matches(expected, printed), `${at} prints this, and not what the page shows:\n${printed}`);
    }
    for (const link of readLinks(page)) {
      const { status } = await fetch(link.replace("localhost:8787", `localhost:${shared.port}`));
      assert.equal(status, 200, `${page} names ${link}`);
    }
  } finally {
    await shell.end();
    await own?.stop();
  }
}

for (const page of PAGES) {
  const commands = () => readCommands(page);
  test(`${page}: its commands work as they stand`, async () => {
    const found = commands();
    if (found.length > 0 || readLinks(page).length > 0) await follow(page, found);
  });
}

test("an output is compared without spaces, and … stands for any text", () => {
  assert.ok(matches('{ "a": "…", "b": 1 }', '{"a":"x.y","b":1}\n'));
  assert.ok(!matches('{ "a": "…" }', '{"b":"x"}'));
  assert.ok(!matches("a.c", "abc"));
});

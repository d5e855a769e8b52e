// The npm package, installed from its tarball into an empty folder, on a path without Rust.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { freePort } from "../../tools/free_port.mjs";
import { root } from "../../tools/workerd/config.mjs";
import { runChild } from "./cloudflare/children.mjs";
import { newDeployment, nothingWasLost, outside, withUser } from "./support.mjs";

const NAME = "vestibule-auth";
const deployment = await newDeployment();
const work = mkdtempSync(path.join(tmpdir(), "release-"));
const outsideEnv = { ...process.env };
after(async () => {
  await deployment.end();
  rmSync(work, { recursive: true, force: true });
});

// A folder with Node, npm and a shell, but without cargo and make.
function pathWithoutRust() {
  const folder = path.join(work, "bin");
  mkdirSync(folder);
  const find = (name) => execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
  const npm = path.join(path.dirname(execFileSync("realpath", [find("npm")], { encoding: "utf8" }).trim()));
  for (const [name, target] of [["node", process.execPath], ["sh", find("sh")], ["env", find("env")]]) {
    execFileSync("ln", ["-s", target, path.join(folder, name)]);
  }
  for (const name of ["npm", "npx"]) {
    writeFileSync(path.join(folder, name), `#!/bin/sh\nexec "${process.execPath}" "${path.join(npm, `${name}-cli.js`)}" "$@"\n`, { mode: 0o755 });
  }
  return folder;
}

const PATH = pathWithoutRust();
const env = { PATH, npm_config_cache: outsideEnv.npm_config_cache ?? execFileSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).trim(), npm_config_update_notifier: "false" };
const files = (folder) => readdirSync(folder).sort();
let tarball;

// Packs a version; returns the path of the tarball.
function pack(version) {
  const folder = path.join(work, version);
  cpSync(path.join(root, "release", "package"), folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ ...manifest, version }));
  execFileSync("npm", ["pack", "--silent", "--pack-destination", work], { cwd: folder });
  return path.join(work, `${NAME}-${version}.tgz`);
}

// Starts a registry that has these tarballs and passes all other requests to the configured registry.
async function startRegistry(tarballs) {
  const upstream = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim().replace(/\/$/, "");
  const server = createServer(async (request, response) => {
    const url = `http://127.0.0.1:${server.address().port}`;
    const own = Object.entries(tarballs).find(([version]) => request.url === `/${NAME}-${version}.tgz`);
    if (own !== undefined) return response.end(readFileSync(own[1]));
    if (request.url.split("?")[0] === `/${NAME}`) {
      const versions = Object.entries(tarballs).map(([version, file]) => {
        const integrity = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
        const manifest = JSON.parse(execFileSync("tar", ["xzOf", file, "package/package.json"], { encoding: "utf8" }));
        return [version, { ...manifest, dist: { tarball: `${url}/${NAME}-${version}.tgz`, integrity } }];
      });
      const body = { name: NAME, "dist-tags": { latest: versions.at(-1)[0] }, versions: Object.fromEntries(versions) };
      return response.setHeader("content-type", "application/json").end(JSON.stringify(body));
    }
    const { accept } = request.headers;
    const answer = await outside(upstream + request.url, { headers: accept ? { accept } : {} });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "application/json" });
    return response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/`;
}

// npm keeps what it has run once by name and version, so that a later run of these tests would get the earlier one's
// packages.
function forgetPackages() {
  const kept = path.join(env.npm_config_cache, "_npx");
  for (const folder of existsSync(kept) ? files(kept) : []) {
    if (existsSync(path.join(kept, folder, "node_modules", NAME))) rmSync(path.join(kept, folder), { recursive: true });
  }
}

before(() => {
  forgetPackages();
  execFileSync(process.execPath, ["tools/release.mjs"], { cwd: root });
  tarball = path.join(root, "release", files(path.join(root, "release")).find((file) => file.endsWith(".tgz")));
});

const npx = (spec, args, { cwd = deployment.folder, ...more } = {}) =>
  runChild(path.join(PATH, "npm"), ["exec", "--yes", `--package=${spec}`, "--", NAME, ...args], { cwd, env: { ...deployment.cloudflare.env(), ...env, ...more } });

test("there is no Rust on the path", () => {
  assert.equal(existsSync(path.join(PATH, "cargo")), false);
  assert.throws(() => execFileSync("sh", ["-c", "command -v cargo || command -v rustc"], { env }));
});

test("the checksum is that of the tarball", () => {
  const [sum, name] = readFileSync(path.join(root, "release", "SHA256SUMS"), "utf8").trim().split(/\s+/);
  assert.equal(sum, createHash("sha256").update(readFileSync(path.join(root, "release", name))).digest("hex"));
});

test("the package installs, and contains no sources, tests or secrets", async () => {
  const { code, stdout, stderr } = await runChild(path.join(PATH, "npm"), ["exec", "--yes", `--package=${tarball}`, "--", NAME, "--version"], { cwd: deployment.folder, env: { ...outsideEnv, ...env } });
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trim(), JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")).version);
  const names = execFileSync("tar", ["tzf", tarball], { encoding: "utf8" });
  assert.doesNotMatch(names, /\.rs$|\/tests\/|\.secrets|\.dev\.vars/m);
});

test("it deploys from an empty folder, and again", async () => {
  assert.deepEqual(files(deployment.folder), []);
  const first = await npx(tarball, ["deploy"]);
  assert.equal(first.code, 0, first.stdout + first.stderr);
  assert.deepEqual(files(deployment.folder), ["deploy"]);
  const again = await npx(tarball, ["deploy", "BRAND_NAME=Acme"]);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  assert.match(again.stdout, /BRAND_NAME: its default -> "Acme"/);
});

test("`upgrade` deploys the newest version and loses nothing", async () => {
  const user = await withUser(deployment);
  const registry = await startRegistry({ "0.1.0": pack("0.1.0"), "0.1.1": pack("0.1.1") });
  const { code, stdout, stderr } = await npx(tarball, ["upgrade"], { npm_config_registry: registry });
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /upgrading from 0\.1\.0 to 0\.1\.1/);
  assert.equal(deployment.worker.current.annotations["workers/message"], "Vestibule 0.1.1");
  await nothingWasLost(user);
});

test("`dev` starts the demo", async () => {
  const port = await freePort();
  const folder = mkdtempSync(path.join(work, "dev-"));
  const child = spawn(path.join(PATH, "npm"), ["exec", "--yes", `--package=${tarball}`, "--", NAME, "dev", `PORT=${port}`], {
    cwd: folder, env: { ...outsideEnv, ...env }, stdio: ["ignore", "pipe", "inherit"], detached: true,
  });
  try {
    let said = "";
    await new Promise((resolve, reject) => {
      child.stdout.on("data", (chunk) => {
        said += chunk;
        if (said.includes("/demo")) resolve();
      });
      child.once("exit", (code) => reject(new Error(`it ended (${code}): ${said}`)));
    });
    assert.equal((await fetch(`http://localhost:${port}/demo`)).status, 200);
    assert.deepEqual(files(folder), [".vestibule-dev"]);
  } finally {
    process.kill(-child.pid, "SIGTERM");
  }
});

test("an unknown command prints the list of commands", async () => {
  const { code, stderr } = await npx(tarball, ["deplyo"]);
  assert.equal(code, 1);
  assert.match(stderr, /npx vestibule-auth deploy/);
});

// Not `check()`: it also counts npm's requests to its registry.
test("every request to the API is one that the double implements", () => assert.deepEqual(deployment.cloudflare.unknown, []));

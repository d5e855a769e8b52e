// `make release`: packs the built bundle and the tools that deploy and run it with only Node into an npm package in
// release/, and writes its checksum.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { MANUAL, root, workerModules } from "./workerd/config.mjs";

const NAME = "vestibule-auth";
const output = path.join(root, "release");
const folder = path.join(output, "package");
const own = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));

// The package has these files and the modules of dist/ with their configuration. It has no sources, tests or build tools.
const FILES = [
  "wrangler.toml", "deploy/example.toml", "LICENSE-APACHE", "LICENSE-MIT", "SECURITY.md", "CHANGELOG.md",
  "docs/modes", ...["configuration", "costs", "deploy", "providers", "serve"].map((page) => `docs/${page}.md`),
  "tools/command.mjs", "tools/upgrade.mjs", "tools/deploy.mjs", "tools/deploy", "tools/serve.mjs",
  "tools/given.mjs", "tools/free_port.mjs", "tools/compressed.mjs", "tools/workerd",
];

const README = `# Vestibule

An OAuth 2.1 and OpenID Connect authorization server for Cloudflare Workers: accounts, sign-in, consent, tokens,
federation and device login. This package is the built worker and the command that deploys it. It needs Node 22.12 or
newer.

    npx wrangler login
    npx ${NAME} deploy     deploy, and check that it works
    npx ${NAME} upgrade    deploy the newest version
    npx ${NAME} dev        run it on this machine with a demo, at http://localhost:8787
    npx ${NAME} serve      run it without Cloudflare

Settings are in deploy/production.toml, which the first deployment creates. See
[docs/deploy.md](docs/deploy.md), [docs/configuration.md](docs/configuration.md) and [SECURITY.md](SECURITY.md).
`;

function run(command, args, options = {}) {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], ...options });
  if (status !== 0) {
    console.error(`vestibule: ${command} ${args.join(" ")} failed`);
    process.exit(1);
  }
  return stdout;
}

rmSync(output, { recursive: true, force: true });
mkdirSync(path.join(folder, "dist"), { recursive: true });
for (const file of FILES) cpSync(path.join(root, file), path.join(folder, file), { recursive: true });
for (const module of [...workerModules(), ...MANUAL]) cpSync(path.join(root, "dist", module), path.join(folder, "dist", module));

// The package contains the bundle, so wrangler has nothing to build.
const configuration = readFileSync(path.join(root, "wrangler.toml"), "utf8")
  .replace(/^main = .*$/m, 'main = "dist/entry.js"\nbase_dir = "dist"\nno_bundle = true\nfind_additional_modules = true\nrules = [{ type = "CompiledWasm", globs = ["**/*.wasm"], fallthrough = false }]')
  .replace(/^\[build\]\n(?:.+\n)+\n/m, "");
writeFileSync(path.join(folder, "wrangler.toml"), configuration);

// Depend on exactly the versions that this release was tested with.
const { version: workerd } = JSON.parse(readFileSync(path.join(root, "node_modules/workerd/package.json"), "utf8"));
const { wrangler, "smol-toml": toml, "@noble/ciphers": ciphers } = own.devDependencies;
const manifest = {
  name: NAME,
  version: own.version,
  description: "An OAuth 2.1 and OpenID Connect authorization server for Cloudflare Workers",
  license: own.license,
  // Provenance names the repository; the release workflow knows it.
  ...(process.env.GITHUB_REPOSITORY && { repository: `github:${process.env.GITHUB_REPOSITORY}` }),
  type: "module",
  bin: { [NAME]: "tools/command.mjs" },
  engines: { node: ">=22.12" },
  dependencies: { "@noble/ciphers": ciphers, "smol-toml": toml, workerd, wrangler },
};
writeFileSync(path.join(folder, "README.md"), README);
writeFileSync(path.join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);

const [{ filename, size, unpackedSize }] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", output], { cwd: folder }));
const digest = createHash("sha256").update(readFileSync(path.join(output, filename))).digest("hex");
writeFileSync(path.join(output, "SHA256SUMS"), `${digest}  ${filename}\n`);
const kib = (bytes) => `${Math.round(bytes / 1024)} KiB`;
const spec = `release/${filename}`;
console.log(`vestibule: try it with: npx --package=./${spec} ${NAME} dev`);
console.log(`vestibule: ${spec}, ${kib(size)} (${kib(unpackedSize)} unpacked)\nvestibule: SHA-256 ${digest}`);

// Before anything is uploaded: runs the bundle on local workerd with the settings of the deployment and stand-ins for
// its secrets.
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../free_port.mjs";
import { start } from "../workerd/runtime.mjs";
import { asTexts, reportSettings } from "../workerd/settings.mjs";
import { isServed } from "./deployment.mjs";
import { newSecret } from "./secrets.mjs";
import { Stop } from "./terminal.mjs";

// A placeholder in the right format, because Cloudflare never returns the real value.
function standIn(name) {
  if (!name.endsWith("_PRIVATE_KEY")) return newSecret();
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" });
}

// Throws `Stop` if the server would refuse its settings, or if one of them is unknown. `uploaded` are secrets, and
// `standing` the names of those that the worker has.
export async function check(deployment, { uploaded, standing }) {
  const settings = { ...asTexts(deployment.settings), ...Object.fromEntries(standing.map((name) => [name, standIn(name)])), ...uploaded };
  const { wrong, development } = await ask(settings, (name) => name in deployment.settings);
  if (development) {
    wrong.push('ENVIRONMENT is "development", which opens the demo pages and client registration to everyone. Remove it');
  }
  if (wrong.length === 0) return;
  const advice = /set it with `npx wrangler secret put (\w+)`/;
  const lines = wrong.map((line) => line.replace(advice, `write $1=… into ${deployment.secrets}`));
  throw new Stop(`these settings can't be deployed (${deployment.file}, ${deployment.secrets} and the command line):\n${indent(lines)}`);
}

async function ask(settings, isSetting) {
  const state = mkdtempSync(path.join(tmpdir(), "vestibule-check-"));
  const server = start({ settings, state, port: await freePort(), stderr: "pipe" });
  let output = "";
  server.child.stderr.on("data", (chunk) => {
    output += chunk;
  });
  try {
    await server.ready;
    return await reportSettings(server, isSetting);
  } catch (error) {
    throw new Stop(`the bundle doesn't start on this machine: ${error.message}\n${indent(lastLines(output))}`);
  } finally {
    server.child.kill("SIGKILL");
    await server.exited;
    rmSync(state, { recursive: true, force: true });
  }
}

// Returns the issuer. Throws `Stop` if none of the origins serves it. Without the setting `ISSUER`, the server takes
// each request's own origin for the issuer.
export function checkIssuer(deployment, origins) {
  const { ISSUER: issuer } = deployment.settings;
  if (origins.length === 0) {
    throw new Stop(
      `the worker would have no address: your account has no subdomain of workers.dev. Set domain in ${deployment.file}, or open "Workers & Pages" in Cloudflare's dashboard once, which creates the subdomain`,
    );
  }
  if (issuer !== undefined && !isServed(origins, issuer)) {
    throw new Stop(`ISSUER is ${issuer}, but the worker is served at ${origins.join(" and ")}. Set domain or routes in ${deployment.file}, or change ISSUER`);
  }
  if (issuer === undefined && deployment.routes.length > 0) {
    throw new Stop(`${deployment.file} has routes, so it needs ISSUER, too: the origin that apps use`);
  }
  return issuer === undefined ? origins[0] : new URL(issuer).origin;
}

// workerd logs the line with NOSENTRY at every start.
const lastLines = (output) => output.trim().split("\n").filter((line) => !line.includes("NOSENTRY")).slice(-4);

const indent = (lines) => lines.map((line) => `  ${line}`).join("\n");

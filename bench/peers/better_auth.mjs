// better-auth on Node with SQLite on disk, set up for production as its documentation says.
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import path from "node:path";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { deviceAuthorization, jwt } from "better-auth/plugins";

const [port, folder] = process.argv.slice(2);
const database = new DatabaseSync(path.join(folder, "auth.db"));
// The settings that SQLite's own documentation recommends for a server.
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
const options = {
  database,
  baseURL: `http://localhost:${port}`,
  secret: "a secret of the benchmark that is long enough",
  emailAndPassword: { enabled: true },
  // All the load comes from one address.
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [jwt({ jwks: { keyPairConfig: { alg: "ES256" } } }), deviceAuthorization({ interval: "1s" })],
};
await (await getMigrations(options)).runMigrations();
const auth = betterAuth(options);
createServer(toNodeHandler(auth)).listen(Number(port), "127.0.0.1", () => console.log("ready"));

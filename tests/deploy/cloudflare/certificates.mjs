// A certificate authority for one test run. It issues a certificate for each host that a client connects to.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createSecureContext } from "node:tls";

const CONFIG = `[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
`;
const KEY = ["ecparam", "-name", "prime256v1", "-genkey", "-noout"];

function openssl(args) {
  try {
    return execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    if (error.code === "ENOENT") throw new Error("openssl is missing: install it to run the tests of the deployment");
    throw error;
  }
}

export class Certificates {
  #folder;
  #contexts = new Map();

  // The files go into `folder`; `ca.pem` is the certificate that clients trust.
  constructor(folder) {
    this.#folder = folder;
    const config = this.#file("openssl.cnf");
    writeFileSync(config, CONFIG);
    openssl([...KEY, "-out", this.#file("ca.key")]);
    openssl([...KEY, "-out", this.#file("host.key")]);
    openssl([
      "req", "-x509", "-new", "-key", this.#file("ca.key"), "-days", "30", "-subj", "/CN=Vestibule test authority",
      "-config", config, "-extensions", "ca", "-out", this.caFile,
    ]);
  }

  get caFile() {
    return this.#file("ca.pem");
  }

  get ca() {
    return readFileSync(this.caFile, "utf8");
  }

  // The TLS context for a host name (Server Name Indication, RFC 6066 §3).
  contextOf(host) {
    const known = this.#contexts.get(host);
    if (known !== undefined) return known;
    const [request, extensions] = [this.#file(`${host}.csr`), this.#file(`${host}.ext`)];
    // A common name has at most 64 characters; clients read the subject alternative name.
    openssl([
      "req", "-new", "-key", this.#file("host.key"), "-subj", "/CN=host", "-config", this.#file("openssl.cnf"), "-out", request,
    ]);
    writeFileSync(extensions, `subjectAltName = DNS:${host}\nextendedKeyUsage = serverAuth\n`);
    const cert = openssl([
      "x509", "-req", "-in", request, "-CA", this.caFile, "-CAkey", this.#file("ca.key"), "-CAcreateserial",
      "-CAserial", this.#file("serial"), "-days", "30", "-extfile", extensions,
    ]);
    const context = createSecureContext({ key: readFileSync(this.#file("host.key")), cert: cert + this.ca });
    this.#contexts.set(host, context);
    return context;
  }

  #file(name) {
    return path.join(this.#folder, name);
  }
}

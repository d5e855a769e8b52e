// An API that checks its access tokens (RFC 9068 §4) by itself, with the keys that the server
// publishes. Run it: node docs/examples/api.mjs
import { createServer } from "node:http";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const ISSUER = process.env.ISSUER ?? "http://localhost:8787";
const AUDIENCE = process.env.AUDIENCE ?? "https://photos.example.com/";
const keys = createRemoteJWKSet(new URL(`${ISSUER}/jwks`));

class Refused extends Error {
  constructor(status, challenge) {
    super(challenge);
    this.status = status;
    this.challenge = challenge;
  }
}

// The claims of a token that is good here and has the scope; else what RFC 6750 §3.1 says.
async function authorize(header, scope) {
  const [, token] = header?.match(/^Bearer ([^ ]+)$/i) ?? [];
  if (!token) throw new Refused(401, "Bearer");
  const options = { issuer: ISSUER, audience: AUDIENCE, typ: "at+jwt", algorithms: ["ES256"] };
  const { payload } = await jwtVerify(token, keys, options).catch((error) => {
    if (error instanceof errors.JOSEError) throw new Refused(401, 'Bearer error="invalid_token"');
    throw error;
  });
  const granted = typeof payload.scope === "string" ? payload.scope.split(" ") : [];
  if (!granted.includes(scope)) throw new Refused(403, `Bearer error="insufficient_scope", scope="${scope}"`);
  return payload;
}

const server = createServer(async (request, response) => {
  try {
    const { sub, client_id } = await authorize(request.headers.authorization, "photos.read");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ photos: [], sub, client_id }));
  } catch (error) {
    if (!(error instanceof Refused)) response.statusCode = 500;
    else response.writeHead(error.status, { "www-authenticate": error.challenge });
    response.end();
  }
});
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  console.log(`listening on ${server.address().port}`);
});

// Parses the form, signs with ES256 and responds: the minimum that a token endpoint can do.
const encode = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const text = new TextEncoder();
const header = encode(text.encode('{"alg":"ES256","typ":"at+jwt","kid":"one"}'));
let key;

export async function issue(form) {
  key ??= (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"])).privateKey;
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: "https://id.example.test", sub: form.get("client_id"), client_id: form.get("client_id"),
    aud: "https://api.example.test", scope: form.get("scope"), iat: now, exp: now + 600, jti: crypto.randomUUID() };
  const input = `${header}.${encode(text.encode(JSON.stringify(claims)))}`;
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, text.encode(input));
  return Response.json({ access_token: `${input}.${encode(new Uint8Array(signature))}`, token_type: "Bearer", expires_in: 600 });
}

export const formOf = async (request) => new URLSearchParams(await request.text());

export default {
  async fetch(request) {
    return issue(await formOf(request));
  },
};

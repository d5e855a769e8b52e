// WebCrypto, as the worker calls it, verifies what the native port signed, and uses its keys. The other way round:
// tests/native/signatures.rs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  generateKey, importPrivateKey, importPublicKey, sign, takeFast, verify, verifyForeign,
} from "../../crates/edge/src/platform.js";

const { input: text, native, webcrypto } = JSON.parse(
  readFileSync(new URL("../vectors/signatures.json", import.meta.url)),
);
const input = new TextEncoder().encode(text);
const bytes = (base64url) => new Uint8Array(Buffer.from(base64url, "base64url"));
// Calls a function of the platform as the wasm module does, and waits for its outcome.
const outcome = (begin, ...parameters) => {
  begin(...parameters);
  return takeFast();
};
const holds = (jwk, alg, signature, signed = input) =>
  outcome(verifyForeign, JSON.stringify(jwk), alg, signed, signature);

for (const [side, vectors] of Object.entries({ native, webcrypto })) {
  for (const { alg, jwk, pkcs8, signature } of vectors) {
    test(`WebCrypto verifies what ${side} signed by ${alg}, and nothing else`, async () => {
      assert.equal(await holds(jwk, alg, bytes(signature)), true);
      assert.equal(await holds(jwk, alg, bytes(signature), input.subarray(1)), false);
      const changed = bytes(signature);
      changed[changed.length >> 1] ^= 1;
      assert.equal(await holds(jwk, alg, changed), false);
      assert.equal(await holds(jwk, alg, new Uint8Array()), false);
    });

    if (!pkcs8) continue;
    test(`a key of ${side} for ${alg} signs by WebCrypto`, async () => {
      const kid = `${side} ${alg}`;
      await outcome(importPrivateKey, kid, alg, bytes(pkcs8));
      const signed = new Uint8Array(await outcome(sign, kid, input));
      await outcome(importPublicKey, JSON.stringify({ ...jwk, kid, alg, use: "sig" }));
      assert.equal(await outcome(verify, kid, input, signed), true);
      assert.equal(await outcome(verify, kid, input, bytes(signature)), true);
      assert.equal(await holds(jwk, alg, signed), true);
      // PKCS #1 v1.5 has no randomness (RFC 8017 §8.2), so both sides write the same.
      if (alg === "RS256") assert.deepEqual(signed, bytes(signature));
    });
  }
}

test("the platform hands over a new key as a JWK with its numbers, and as PKCS #8", async () => {
  for (const alg of ["ES256", "RS256"]) {
    const [jwk, pkcs8] = await outcome(generateKey, alg);
    const { kty, crv, x, y, n, e, d } = JSON.parse(jwk);
    assert.equal(d, undefined, "the public half alone");
    await outcome(importPrivateKey, jwk, alg, pkcs8);
    const signed = new Uint8Array(await outcome(sign, jwk, input));
    const numbers = alg === "ES256" ? { kty, crv, x, y } : { kty, n, e };
    assert.equal(await holds(numbers, alg, signed), true);
  }
});

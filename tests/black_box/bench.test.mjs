// The benchmark runs, checks the responses and prints its results. The results themselves aren't checked.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";

const root = path.resolve(import.meta.dirname, "../..");
const bench = (...given) =>
  spawnSync(process.execPath, ["bench/run.mjs", "ROUNDS=1", "SECONDS=0.3", "CONTENDERS=vestibule,floor,least", ...given], { cwd: root, encoding: "utf8" });

test("a part of the benchmark measures Vestibule beside its floor", () => {
  const { status, stdout, stderr } = bench("WORK=refresh,jwks");
  assert.equal(status, 0, stderr);
  for (const work of ["refresh", "jwks"]) {
    for (const contender of ["floor", "vestibule"]) assert.match(stdout, new RegExp(`^\\| ${work} \\| ${contender} \\| [1-9]`, "m"));
  }
  assert.match(stdout, /^\| refresh \| least \| [1-9]/m);
  assert.match(stdout, /refresh .*1 calls, 0 read, 1 written, 0 KV/);
});

test("single sign-on is measured beside an earlier build", () => {
  const { status, stdout, stderr } = bench("WORK=single_sign_on", "BEFORE=dist");
  assert.equal(status, 0, stderr);
  for (const contender of ["floor", "least", "vestibule", "before"]) {
    assert.match(stdout, new RegExp(`^\\| single_sign_on \\| ${contender} \\| [1-9]`, "m"));
  }
  assert.match(stdout, /single_sign_on .*\d calls, \d read, \d written, 0 KV/);
  assert.match(stdout, /^single_sign_on now \/ before: requests\/s \d\.\d\d .*, CPU \d\.\d\d /m);
});

test("an unknown work is refused with the list of known ones", () => {
  const { status, stderr } = bench("WORK=everything");
  assert.equal(status, 1);
  assert.match(stderr, /must be one of client_credentials, code, single_sign_on, refresh/);
});

test("an unknown contender is refused too", () => {
  const { status, stderr } = bench("WORK=jwks", "CONTENDERS=everyone");
  assert.equal(status, 1);
  assert.match(stderr, /CONTENDERS is everyone, and must be one of floor, least, vestibule/);
});

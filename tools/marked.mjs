// Replaces the part of a page that a measurement writes: between `<!-- NAME -->` and `<!-- /NAME -->`.
import { readFileSync, writeFileSync } from "node:fs";

function parts(file, name) {
  const [head, rest] = readFileSync(file, "utf8").split(`<!-- ${name} -->`);
  const [inside, tail] = rest.split(`<!-- /${name} -->`);
  return { head, inside, tail };
}

export const readMarked = (file, name) => parts(file, name).inside.trim();

export function writeMarked(file, name, text) {
  const { head, tail } = parts(file, name);
  writeFileSync(file, `${head}<!-- ${name} -->\n${text}\n<!-- /${name} -->${tail}`);
}

// Settings in the form that the server reads, and the report of a running server about them.
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";

// Reads the settings in a TOML file, as texts. Throws an error with what is wrong with the file.
function readSettings(file) {
  let table;
  try {
    table = parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`the settings cannot be read: ${error.message}`);
  }
  if (typeof table.vars === "object") {
    const [name = "NAME"] = Object.keys(table.vars);
    const written = typeof table.vars[name] === "object" ? `[[${name}]], not [[vars.${name}]]` : `${name} = …, without [vars]`;
    throw new Error(`${file} has a table vars, as wrangler.toml does. Settings are at the top level here: write ${written}`);
  }
  return asTexts(table);
}

// The settings in a file, if one is given, and those of the command line, which win. An error goes to `stop`.
export function settingsOf(file, commandLine, stop) {
  try {
    return { ...(file === undefined ? {} : readSettings(file)), ...commandLine };
  } catch (error) {
    return stop(error.message);
  }
}

// Settings are text. Tables, such as PROVIDERS, are JSON.
export const asTexts = (settings) =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)]));

// Returns `wrong`, the problems in words, `unused`, the names that the server ignores, and `development`. An unknown
// name is wrong if `isSetting` returns true for it, and unused otherwise; a secret of a removed provider is unused.
export async function reportSettings(server, isSetting = () => true) {
  const { status, text } = await server.ask("/settings").catch((error) => {
    throw new Error(`the server does not answer: ${error.message}`);
  });
  if (status !== 200) throw new Error(text.trim());
  const { error, unknown, development } = JSON.parse(text);
  const isUnused = ({ name, is_provider_secret: isProviderSecret }) => isProviderSecret || !isSetting(name);
  const wrong = unknown.filter((entry) => !isUnused(entry)).map(describe);
  // The server reports a misspelled name itself, so don't report it twice.
  if (error !== null && wrong.length === 0) wrong.push(`Vestibule does not start: ${error}`);
  return { wrong, unused: unknown.filter(isUnused).map(({ name }) => name), development };
}

const describe = ({ name, nearest }) => `${name} is not a setting${nearest ? `; did you mean ${nearest}?` : ""}`;

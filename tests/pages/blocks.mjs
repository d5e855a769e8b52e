// The commands on a page: its fenced blocks of shell.
//
// Each such block says after `sh` what becomes of it: "```sh run" is run by the test, "```sh skip: why" is not. GitHub
// shows only the block. An output block that follows, such as "```json output", is what the command must print; `…`
// stands for any text, and spaces don't count.
import { readFileSync } from "node:fs";
import path from "node:path";

const FENCE = /^( *)```(.*)$/;

export function readBlocks(file) {
  const blocks = [];
  let open;
  readFileSync(file, "utf8").split("\n").forEach((line, index) => {
    const [, indent, info] = line.match(FENCE) ?? [];
    if (open === undefined && info !== undefined) {
      open = { at: `${path.basename(file)}:${index + 1}`, indent: indent.length, info: info.trim(), lines: [] };
    } else if (open !== undefined && info === "") {
      blocks.push({ at: open.at, info: open.info, text: open.lines.join("\n") });
      open = undefined;
    } else if (open !== undefined) {
      open.lines.push(line.slice(open.indent));
    }
  });
  return blocks;
}

// The commands of a page with what they must print. Throws an error for a block that doesn't say what becomes of it.
export function readCommands(file) {
  const blocks = readBlocks(file);
  const commands = blocks.map((block, index) => ({ ...block, output: outputOf(blocks[index + 1]) })).filter(({ info }) => /^(sh|bash|shell|console)\b/.test(info));
  for (const { at, info } of commands) {
    if (!/^sh (run|skip: \S.*)$/.test(info)) throw new Error(`${at}: write "sh run" or "sh skip: why" after the fence, not "${info}"`);
  }
  return commands.filter(({ info }) => info === "sh run");
}

const outputOf = (block) => (/^\S+ output$/.test(block?.info ?? "") ? block.text : undefined);

// Whether a text is the output that the page shows.
export function matches(output, text) {
  const bare = (one) => one.replace(/\s+/g, "");
  const pattern = bare(output).split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pattern.join(".*?")}$`).test(bare(text));
}

// The addresses of the server that a page names, except those within blocks.
export function readLinks(file) {
  const prose = readFileSync(file, "utf8").replace(/^ *```[^]*?^ *```$/gm, "");
  return [...new Set(prose.match(/http:\/\/localhost:8787[\w\-./?=&%]*/g) ?? [])].map((link) => link.replace(/[.,]$/, ""));
}

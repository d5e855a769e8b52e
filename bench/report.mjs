// Writes the results: a table and a plot for readers, and the data as JSON.
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import path from "node:path";
import { writeMarked } from "../tools/marked.mjs";
import { root } from "../tools/workerd/config.mjs";

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const fields = ["perSecond", "microseconds", "p50", "p99", "p999", "memory"];
const middle = (rounds) => Object.fromEntries(fields.map((field) => [field, median(rounds.map((round) => round[field]))]));
const ratio = (one, other) => (one && other ? Number((one.perSecond / other.perSecond).toFixed(3)) : null);
const digits = (number, many = 0) => number.toFixed(many);

// `measured` is work → contender → rounds. Each figure is the median of its rounds. `storage` contains the storage
// operations that Vestibule needs for one operation of a work.
export function report({ measured, storage }, { isWhole, rounds, seconds }) {
  const works = Object.entries(measured).map(([work, contenders]) => [
    work,
    Object.fromEntries(Object.entries(contenders).map(([name, all]) => [name, middle(all)])),
  ]);
  const data = Object.fromEntries(
    works.map(([work, by]) => [
      work,
      {
        requests_per_second: Object.fromEntries(Object.entries(by).map(([name, { perSecond }]) => [name, Math.round(perSecond)])),
        ratio_to_floor: ratio(by.vestibule, by.floor),
        ratio_to_least: ratio(by.vestibule, by.least),
      },
    ]),
  );
  console.log(table(works, storage));
  for (const line of changes(measured)) console.log(line);
  if (!isWhole) return;
  writeFileSync(path.join(root, "bench/results.json"), `${JSON.stringify(data, undefined, 2)}\n`);
  writeFileSync(path.join(root, "docs/pictures/benchmarks.svg"), plot(works));
  const file = path.join(root, "docs/benchmarks.md");
  const machine = `${cpus().length} × ${cpus()[0].model.trim()}, ${digits(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}; ` +
    `${rounds} alternating rounds of ${seconds} s; the median of the rounds`;
  writeMarked(file, "measured", `${machine}.\n\n${table(works, storage)}`);
}

// The change since the earlier build, as the median, minimum and maximum of the ratios of each round. Ratios within a
// round are compared, because the machine isn't equally fast in all rounds.
function changes(measured) {
  const compared = Object.entries(measured).filter(([, { vestibule, before }]) => vestibule && before);
  return compared.map(([work, { vestibule, before }]) => {
    const change = (what, field) => {
      const ratios = vestibule.map((round, index) => round[field] / before[index][field]);
      return `${what} ${digits(median(ratios), 2)} (${digits(Math.min(...ratios), 2)} to ${digits(Math.max(...ratios), 2)})`;
    };
    return `${work} now / before: ${change("requests/s", "perSecond")}, ${change("CPU", "microseconds")}, ${change("p50", "p50")}`;
  });
}

function table(works, storage) {
  const lines = [
    "| work | contender | requests/s | Vestibule's ratio to it | p50 ms | p99 ms | p99.9 ms | CPU µs | peak MiB | storage |",
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---|",
  ];
  for (const [work, by] of works) {
    for (const [name, row] of Object.entries(by)) {
      const ratio = by.vestibule && name !== "vestibule" ? digits(by.vestibule.perSecond / row.perSecond, 2) : "";
      lines.push(
        `| ${work} | ${name} | ${digits(row.perSecond)} | ${ratio} | ${digits(row.p50, 2)} | ${digits(row.p99, 2)} | ` +
          `${digits(row.p999, 2)} | ${digits(row.microseconds)} | ${digits(row.memory)} | ${name === "vestibule" ? told(storage[work]) : ""} |`,
      );
    }
  }
  return lines.join("\n");
}

const told = ({ objects, read, written, kv }) => `${objects} calls, ${read} read, ${written} written, ${kv} KV`;

// Bars: each contender's requests per second compared with the floor's, which has the full width.
function plot(works) {
  const colours = { floor: "#9a9996", least: "#5e5c64", vestibule: "#1a5fb4" };
  const rows = [];
  let y = 10;
  for (const [work, by] of works) {
    const most = Math.max(...Object.values(by).map(({ perSecond }) => perSecond));
    rows.push(`<text x="10" y="${y + 12}" font-weight="bold">${work}</text>`);
    for (const [name, { perSecond }] of Object.entries(by)) {
      y += 18;
      const width = Math.max(1, (360 * perSecond) / most);
      rows.push(
        `<text x="20" y="${y + 12}">${name}</text>` +
          `<rect x="190" y="${y + 2}" width="${width.toFixed(1)}" height="12" fill="${colours[name] ?? "#c64600"}"/>` +
          `<text x="${(196 + width).toFixed(1)}" y="${y + 12}">${digits(perSecond)}/s</text>`,
      );
    }
    y += 28;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 ${y}" width="640" height="${y}" font-family="sans-serif" font-size="11" role="img" aria-label="Requests per second by work and contender"><rect width="640" height="${y}" fill="#fff"/>${rows.join("\n")}</svg>\n`;
}

// Describes what a deployment changes.
import { base } from "./configuration.mjs";

// The lines for a worker that doesn't exist yet.
export function firstDeployment(deployment, { size, isFound }) {
  return [
    `${deployment.name} is new`,
    ...settingLines({}, deployment.settings),
    `classes: ${classesOf(base().migrations).join(", ")} (migration ${base().migrations.at(-1).tag})`,
    `KV namespace ${deployment.name}-kv: ${isFound ? "exists; its contents are kept" : "new"}`,
    `size: ${size} KiB compressed`,
  ];
}

// The lines for a worker that exists. `standing` is what `Standing.version` returns.
export function nextDeployment(deployment, standing, size) {
  const pending = pendingMigrations(standing.migration);
  const settings = settingLines(standing.settings, deployment.settings);
  const migrations = pending.map(({ tag, ...changes }) => `migration ${tag}: adds ${classesOf([changes]).join(", ")}`);
  const others = standing.others.map((binding) => `binding removed: ${binding}`);
  const rollback = pending.length > 0 ? ["after a migration, a rollback to before it isn't possible"] : [];
  return [
    ...(settings.length > 0 ? settings : ["settings: unchanged"]),
    ...(migrations.length > 0 ? migrations : ["classes: unchanged"]),
    ...rollback,
    ...others,
    `size: ${size} KiB compressed`,
  ];
}

// The migrations after the one with this tag.
export function pendingMigrations(tag) {
  const { migrations } = base();
  return migrations.slice(migrations.findIndex((migration) => migration.tag === tag) + 1);
}

const classesOf = (migrations) => migrations.flatMap((migration) => migration.new_sqlite_classes ?? []);

function settingLines(before, after) {
  const text = (value) => (value === undefined ? "its default" : JSON.stringify(value));
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => stable(before[name]) !== stable(after[name]))
    .map((name) => `${name}: ${text(before[name])} -> ${text(after[name])}`);
}

// JSON with sorted members, so that equal tables have equal texts.
function stable(value) {
  return JSON.stringify(value, (_, member) =>
    member !== null && typeof member === "object" && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member);
}

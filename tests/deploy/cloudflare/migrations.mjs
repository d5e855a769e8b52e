// The Durable Object classes of a worker, and the migrations that change them. A class keeps its objects when it is
// renamed; deleting it deletes them.
import { ApiError, classExists, classNotExported, invalidUpload } from "./errors.mjs";
import { newId } from "./identifiers.mjs";

// The classes after `migrations` (`old_tag`, `new_tag` and `steps` of an upload), and their tag. `state` is
// `{ tag, classes }`, where `classes` maps a name to `{ id, sqlite }`; it isn't changed.
export function migrate(state, migrations) {
  if (migrations === undefined) return state;
  const { old_tag: oldTag, new_tag: newTag, steps = [migrations] } = migrations;
  if ((oldTag ?? "") !== (state.tag ?? "")) {
    throw new ApiError(412, 10079, `Migration tag precondition failed; current tag is ${state.tag ?? "''"}`);
  }
  const classes = new Map(state.classes);
  for (const step of steps) apply(step, classes);
  return { tag: newTag, classes };
}

function apply(step, classes) {
  const existing = (name) => {
    if (!classes.has(name)) throw new ApiError(400, 10073, `Cannot apply migration to non-existent class '${name}'.`);
    return classes.get(name);
  };
  for (const [names, sqlite] of [[step.new_classes, false], [step.new_sqlite_classes, true]]) {
    for (const name of names ?? []) {
      if (classes.has(name)) throw classExists(name, sqlite ? "new-sqlite-class" : "new-class");
      classes.set(name, { id: newId(), sqlite });
    }
  }
  for (const { from, to } of step.renamed_classes ?? []) {
    classes.set(to, existing(from));
    classes.delete(from);
  }
  for (const name of step.deleted_classes ?? []) {
    existing(name);
    classes.delete(name);
  }
  if (step.transferred_classes?.length) throw invalidUpload("the double can't transfer classes");
}

// Refuses a version whose code lacks a class that has objects.
export function checkExports(classes, source) {
  const lists = [...source.matchAll(/export\s*\{([^}]*)\}/g)].map(([, list]) => list).join(",");
  const exported = new Set(lists.split(",").map((item) => item.trim().split(/\s+as\s+/).at(-1)));
  for (const [, name] of source.matchAll(/export\s+(?:var|let|const|class)\s+(\w+)/g)) exported.add(name);
  for (const name of classes.keys()) {
    if (!exported.has(name)) throw classNotExported(name);
  }
}

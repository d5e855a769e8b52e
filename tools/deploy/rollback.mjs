// What follows when the new version doesn't work.
import { pendingMigrations } from "./changes.mjs";
import { ask, isInteractive, Stop } from "./terminal.mjs";
import { runWrangler } from "./wrangler.mjs";

// Always throws `Stop`, after a rollback if there is somebody who wants it. `before` is what was deployed before.
export async function offerRollback(reason, { before, configuration, hasRotated }) {
  const previous = before?.versions[0]?.version_id;
  const failed = `the new version is deployed, but ${reason}`;
  if (previous === undefined) throw new Stop(`${failed}.\nThere is no version before it to return to`);
  if (pendingMigrations(before.migration).length > 0) {
    throw new Stop(`${failed}.\nThis deployment added classes, so the version before can't come back (docs/deploy.md)`);
  }
  if (hasRotated) throw new Stop(`${failed}.\nIt has the rotated secret, which the version before doesn't know: fix the cause and deploy again`);
  const args = ["rollback", previous, "--config", configuration];
  const command = `npx wrangler ${args.join(" ")}`;
  if (!isInteractive() || !/^y(es)?$/i.test(await ask(`${failed}.\nReturn to the version before? [y/N]`))) {
    throw new Stop(`${failed}.\nTo return to the version before:\n  ${command}`);
  }
  const { status, stderr } = await runWrangler([...args, "--yes", "--message", "The new version did not work"]);
  throw new Stop(status === 0 ? `${failed}. The version before is back` : `the rollback failed: ${stderr.trim()}\n  ${command}`);
}

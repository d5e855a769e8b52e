// Handles a new version that doesn't work.
import { pendingMigrations } from "./changes.mjs";
import { ask, isInteractive, Stop } from "./terminal.mjs";
import { runWrangler } from "./wrangler.mjs";

// Always throws `Stop`; before that, it rolls back if the user wants that. `before` is what was deployed before.
export async function offerRollback(reason, { before, configuration, hasRotated }) {
  const previous = before?.versions[0]?.version_id;
  const failed = `the new version is deployed, but ${reason}`;
  if (previous === undefined) throw new Stop(`${failed}.\nThere is no previous version to roll back to. Fix the cause and deploy again`);
  if (pendingMigrations(before.migration).length > 0) {
    throw new Stop(`${failed}.\nThis deployment had a migration, so it can't be rolled back. Fix the cause and deploy again`);
  }
  if (hasRotated) throw new Stop(`${failed}.\nIt has the rotated secret, which the previous version doesn't have. Fix the cause and deploy again`);
  const args = ["rollback", previous, "--config", configuration];
  const command = `npx wrangler ${args.join(" ")}`;
  if (!isInteractive() || !/^y(es)?$/i.test(await ask(`${failed}.\nRoll back to the previous version? [y/N]`))) {
    throw new Stop(`${failed}.\nTo roll back to the previous version:\n  ${command}`);
  }
  const { status, stderr } = await runWrangler([...args, "--yes", "--message", "The new version did not work"]);
  throw new Stop(status === 0 ? `${failed}.\nThe previous version serves again` : `${failed}, and the rollback failed: ${stderr.trim()}\nTry again:\n  ${command}`);
}

// Chooses the secrets to upload. Only a rotation replaces a secret that the worker already has.
import { opensAny, opensNewest } from "./published_keys.mjs";
import { newSecret, PREVIOUS, readSecret, readSecrets, SECRET } from "./secrets.mjs";
import { COMMAND, say, Stop } from "./terminal.mjs";

// `standing` are the names of the worker's secrets, undefined for a worker that doesn't exist; `exposed` are secrets
// that are deployed as settings; `readKeys` reads what the key ring has published. Returns the secrets to upload, and
// those of them to write into the file of secrets before, and the names of those in the file that are left as they are.
export async function chooseSecrets(files, { secretFile, rotates }, { standing, exposed = {}, readKeys }) {
  const { [SECRET]: copy, [PREVIOUS]: _, ...others } = readSecrets(files.secrets);
  const given = secretFile === undefined ? undefined : readSecret(secretFile);
  if (standing === undefined) {
    if (rotates) throw new Stop("there is no secret to rotate: the worker doesn't exist yet. Deploy it without ROTATE");
    const first = { [SECRET]: firstSecret(files, copy, given) };
    return { uploaded: { ...others, ...first }, written: first, left: [] };
  }
  if (Object.keys(exposed).length > 0) {
    const names = Object.keys(exposed).join(", ");
    say(`${names} was a plain setting, readable by everyone with access to the worker. This deployment makes it a secret; replace its value (SECURITY.md)`);
  }
  const names = [...standing, ...Object.keys(exposed)];
  const added = { ...exposed, ...Object.fromEntries(Object.entries(others).filter(([name]) => !names.includes(name))) };
  const left = Object.keys(others).filter((name) => names.includes(name));
  if (rotates) {
    const rotated = rotation(files, { names, keys: await readKeys() });
    return { uploaded: { ...added, ...rotated }, written: { ...exposed, ...rotated }, left };
  }
  if (names.includes(SECRET)) {
    if (given !== undefined) {
      throw new Stop(`the worker already has ${SECRET}, which SECRET= doesn't replace. To replace it: ${COMMAND} deploy ROTATE=yes`);
    }
    return { uploaded: added, written: exposed, left };
  }
  const returned = { [SECRET]: await returnedSecret(files, { secretFile, copy, given, readKeys }) };
  return { uploaded: { ...added, ...returned }, written: { ...exposed, ...returned }, left };
}

function firstSecret(files, copy, given) {
  if (copy !== undefined && given !== undefined && copy !== given) {
    throw new Stop(`${files.secrets} and the file that SECRET= names have different values of ${SECRET}. Remove the wrong one`);
  }
  if (given === undefined && copy === undefined && process.env.CI) {
    throw new Stop(
      "a first deployment in CI would lose the only copy of its secret with the runner. Make the first deployment by hand, or pass the secret: SECRET=FILE",
    );
  }
  return given ?? copy ?? newSecret();
}

// The secret for a worker that has lost its own. It must open a key, unless there are none yet.
async function returnedSecret(files, { secretFile, copy, given, readKeys }) {
  if (given === undefined) {
    const hint = copy === undefined ? "SECRET=FILE, with the file that has your copy" : `SECRET=${files.secrets}`;
    throw new Stop(
      `the worker exists, but its ${SECRET} is gone. A new one can't open what is stored.\nRestore your copy: ${COMMAND} deploy ${hint}\nIf you have no copy, see "If it is lost" in SECURITY.md`,
    );
  }
  const keys = await readKeys();
  if (keys !== undefined && !opensAny(keys, given)) {
    throw new Stop(`the secret in ${secretFile} is not the one that sealed this deployment's keys`);
  }
  return given;
}

// The new secret and the previous one, which go into one version together. An interrupted rotation goes on with the
// secret that it made. The secret that is used now must be proven, because its last copy may be what is replaced.
function rotation(files, { names, keys }) {
  const { [SECRET]: copy, [PREVIOUS]: previous } = readSecrets(files.secrets);
  if (copy === undefined) {
    throw new Stop(`a rotation needs the current secret. Write it into ${files.secrets}, as a line ${SECRET}=…`);
  }
  if (keys === undefined) throw new Stop("no keys are published yet, which the rotation would check. Open /jwks once, and run it again");
  if (!opensNewest(keys, copy)) {
    if (previous !== undefined && opensNewest(keys, previous)) return { [SECRET]: copy, [PREVIOUS]: previous };
    throw new Stop(`the ${SECRET} in ${files.secrets} is not the one that sealed this deployment's keys`);
  }
  if (names.includes(PREVIOUS)) {
    throw new Stop(`the last rotation isn't finished: ${PREVIOUS} is still set. SECURITY.md says when to remove it`);
  }
  return { [SECRET]: newSecret(), [PREVIOUS]: copy };
}

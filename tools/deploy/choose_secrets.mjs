// Chooses the secrets to upload. Only a rotation replaces a secret that the worker already has.
import { opensAny, opensNewest } from "./published_keys.mjs";
import { newSecret, PREVIOUS, readSecret, readSecrets, SECRET } from "./secrets.mjs";
import { say, Stop } from "./terminal.mjs";

// `standing` are the names of the worker's secrets, undefined for a worker that doesn't exist; `exposed` are secrets
// that were deployed as settings; `keys` are the keys that the key ring has published. Returns `uploaded`, the secrets
// to upload, and `written`, those of them that must be in the file of secrets before the upload.
export function chooseSecrets(files, { secretFile, rotates }, { standing, exposed = {}, keys }) {
  const { [SECRET]: copy, [PREVIOUS]: _, ...others } = readSecrets(files.secrets);
  const given = secretFile === undefined ? undefined : readSecret(secretFile);
  if (standing === undefined) {
    if (rotates) throw new Stop("there is no secret to rotate: the worker doesn't exist yet. Deploy it without ROTATE");
    const first = { [SECRET]: firstSecret(files, copy, given) };
    return { uploaded: { ...others, ...first }, written: first };
  }
  if (Object.keys(exposed).length > 0) {
    const names = Object.keys(exposed).join(", ");
    say(`${names} was a plain setting, readable by everyone with access to the worker. This deployment makes it a secret; replace its value (SECURITY.md)`);
  }
  const names = [...standing, ...Object.keys(exposed)];
  const added = { ...exposed, ...Object.fromEntries(Object.entries(others).filter(([name]) => !names.includes(name))) };
  if (rotates) {
    const rotated = rotation(files, { names, keys });
    return { uploaded: { ...added, ...rotated }, written: { ...exposed, ...rotated } };
  }
  if (names.includes(SECRET)) {
    if (given !== undefined) {
      throw new Stop(`the worker already has ${SECRET}, which SECRET= doesn't replace. To replace it: make deploy ROTATE=yes`);
    }
    return { uploaded: added, written: exposed };
  }
  const returned = { [SECRET]: returnedSecret(files, { secretFile, copy, given, keys }) };
  return { uploaded: { ...added, ...returned }, written: { ...exposed, ...returned } };
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

// The secret for a worker that has lost its own.
function returnedSecret(files, { secretFile, copy, given, keys }) {
  if (given === undefined) {
    const hint = copy === undefined ? "SECRET=FILE, with the file that has your copy" : `SECRET=${files.secrets}`;
    throw new Stop(
      `the worker exists, but its ${SECRET} is gone. A new one can't open what is stored.\nRestore your copy: make deploy ${hint}\nIf you have no copy, see "If it is lost" in SECURITY.md`,
    );
  }
  if (opensAny(keys, given) === false) {
    throw new Stop(`the secret in ${secretFile} is not the one that sealed this deployment's keys`);
  }
  return given;
}

// The new secret and the previous one, which one version gets together. After an interrupted rotation, these are the
// ones that it wrote into the file.
function rotation(files, { names, keys }) {
  const { [SECRET]: copy, [PREVIOUS]: previous } = readSecrets(files.secrets);
  if (copy === undefined) {
    throw new Stop(`a rotation needs the current secret. Write it into ${files.secrets}, as a line ${SECRET}=…`);
  }
  const isUsed = opensNewest(keys, copy);
  if (isUsed === false && previous !== undefined && opensNewest(keys, previous)) return { [SECRET]: copy, [PREVIOUS]: previous };
  if (isUsed === false) {
    throw new Stop(`the ${SECRET} in ${files.secrets} is not the one that sealed this deployment's keys`);
  }
  if (names.includes(PREVIOUS)) {
    throw new Stop(`the last rotation isn't finished: ${PREVIOUS} is still set. SECURITY.md says when to remove it`);
  }
  return { [SECRET]: newSecret(), [PREVIOUS]: copy };
}

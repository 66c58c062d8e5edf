import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { VmError } from "../errors.js";

/**
 * Makes sure that `bytes` more fit where `path` is or will be.
 *
 * @throws VmError that says how much there is
 */
export function needSpace(path: string, bytes: number, what: string): void {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new VmError(
    `${what}: ${Math.ceil(bytes / 1048576)} MiB are needed in ${folder}, where ${Math.floor(free / 1048576)} MiB are free`,
    "`npm run vm -- clean` removes what the tool has cached; BSDJAIL_VM_CACHE puts the cache elsewhere.",
  );
}

/** The checkout as it is: tracked files, changed ones and new ones, without what git ignores. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { VmError } from "../errors.js";
import { capture } from "../programs.js";

/** Names of the files below `root` that make up the checkout; with them those of `extra` that are there, which git may ignore. */
export async function checkoutFiles(
  root: string,
  extra: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const args = ["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  const { status, stdout, stderr } = await capture("git", args, { signal });
  if (status !== 0) throw new VmError(`git could not list the files of ${root}: ${stderr.trim()}`);
  const listed = stdout.split("\0").filter((name) => name !== "" && isThere(join(root, name)));
  return [...listed, ...extra.filter((name) => existsSync(join(root, name)))];
}

/** A tracked file that was removed is listed and not there; a submodule is a folder. */
function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

import { posix } from "node:path";
import type { Machine } from "../../../machine/machine.js";
import { codeOf, strerror } from "../../../strerror.js";
import type { BaseJail } from "./model.js";

/**
 * Looks at a place that a mount or a log is to have: absolute, and below the jail's root reached by no symbolic link.
 *
 * @param file the last component may be missing
 * @param mounted the kind of file system that has to be mounted there
 * @returns what is wrong with it, or undefined
 */
export async function checkPlace(
  jail: BaseJail,
  machine: Machine,
  parameter: string,
  path: string,
  file: boolean,
  mounted: string | undefined,
): Promise<string | undefined> {
  if (!path.startsWith("/")) return `${parameter}: ${path}: not an absolute pathname`;
  const root = jail.text("path") ?? "";
  const problem = (at: string, code: string): string => `${parameter}: ${at}: ${strerror(code)}`;
  if (path.startsWith(root) && path[root.length] === "/") {
    for (let at = path.indexOf("/", root.length + 1); ; at = path.indexOf("/", at + 1)) {
      const place = at < 0 ? path : path.slice(0, at);
      try {
        const info = await machine.stat(place);
        if (info === undefined && !(file && at < 0)) return problem(place, "ENOENT");
        if (info?.type === "symlink") return `${parameter}: ${place} is a symbolic link`;
      } catch (thrown) {
        return problem(place, codeOf(thrown));
      }
      if (at < 0) break;
    }
  }
  return mounted === undefined ? undefined : await checkMounted(machine, parameter, path, mounted);
}

async function checkMounted(
  machine: Machine,
  parameter: string,
  path: string,
  mounted: string,
): Promise<string | undefined> {
  if ((await machine.stat(path, { follow: true })) === undefined) return `${parameter}: ${path}: ${strerror("ENOENT")}`;
  const place = posix.normalize(path).replace(/(.)\/$/, "$1");
  const table = await machine.mounts();
  const found = table.filter((entry) => entry.target === place).at(-1);
  if (found === undefined) return `${parameter}: ${path}: not a mount point`;
  return found.type === mounted ? undefined : `${parameter}: ${path}: not a ${mounted} mount`;
}

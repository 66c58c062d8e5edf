import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConf } from "./load.js";

/** Which file FreeBSD's start-up script takes for a jail. Paths are the system's own, without the folder looked in. */
export interface ConfWhere {
  /** Undefined where it finds none. */
  readonly file: string | undefined;
  /** Why it takes that file, in one sentence. */
  readonly reason: string;
  /** Whether that file has the jail; undefined where there is no file, or one that is made when the jail starts. */
  readonly defines: boolean | undefined;
  /** Other files that have the jail too, and are not looked at. */
  readonly hides: readonly string[];
  /** Whether `service jail start` without a name starts it, where `jail_enable` is set. */
  readonly startsByItself: boolean;
}

const ASSIGNMENT = /^\s*([A-Za-z_]\w*)=(?:"([^"]*)"|'([^']*)'|([^\s#;]*))/gm;

/** Variables of rc.conf(5), those that are set by a plain text. */
function rcVariables(root: string): Map<string, string> {
  const variables = new Map<string, string>();
  for (const file of ["etc/rc.conf", "etc/rc.conf.local"]) {
    for (const [, name = "", double, single, bare] of (textOf(join(root, file)) ?? "").matchAll(ASSIGNMENT)) {
      variables.set(name, double ?? single ?? bare ?? "");
    }
  }
  return variables;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // As the script's `test -r`: what cannot be read is not there.
    return undefined;
  }
}

/**
 * Says which file the start-up script of FreeBSD 15 (`service jail`) takes for a jail, and which others it hides. rc.conf(5)
 *
 * @param root the folder that stands for `/`, default `/`
 */
export function whereConf(jail: string, root = "/"): ConfWhere {
  const rc = rcVariables(root);
  const variable = `jail_${jail.replace(/[/.]/g, "_")}`;
  const common = rc.get("jail_conf") || "/etc/jail.conf";
  const own = rc.get(`${variable}_conf`) || `/etc/jail.${jail}.conf`;
  const inFolder = `/etc/jail.conf.d/${jail}.conf`;
  const has = (file: string): boolean => {
    if (textOf(join(root, file)) === undefined) return false;
    return loadConf(join(root, file)).jails.some(({ name }) => name === jail);
  };
  const list = (rc.get("jail_list") ?? "").split(/\s+/).filter((word) => word !== "");
  const startsByItself = list.length > 0 ? list.includes(jail) : has(common);
  const found = (file: string | undefined, reason: string, made = false): ConfWhere => ({
    file,
    reason,
    defines: file === undefined || made ? undefined : has(file),
    hides: [own, inFolder, common].filter((each) => each !== file && has(each)),
    startsByItself,
  });
  if (rc.get(`${variable}_rootdir`) && rc.get(`${variable}_hostname`)) {
    return found(`/var/run/jail.${jail}.conf`, `made from ${variable}_rootdir and the like in rc.conf`, true);
  }
  // Without a list and without a name, all jails of the common file are started, and no other file is looked at.
  if (list.length === 0 && startsByItself && !has(own) && !has(inFolder)) return found(common, "it has all jails");
  if (textOf(join(root, own)) !== undefined) return found(own, "a jail's own file comes first");
  const commonText = textOf(join(root, common));
  const included = /^\s*\.include\s*["']?\/etc\/jail\.conf\.d\//m.test(commonText ?? "");
  if (textOf(join(root, inFolder)) !== undefined && !included) {
    return found(inFolder, `its file in jail.conf.d comes before ${common}, which does not include that folder`);
  }
  if (commonText === undefined) return found(undefined, `there is no ${own}, no ${inFolder} and no ${common}`);
  return found(common, included ? "it includes jail.conf.d" : "there is no file of the jail's own");
}

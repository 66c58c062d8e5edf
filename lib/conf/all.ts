import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Conf, loadConf } from "./load.js";

/** Names in a folder, sorted; none where there is no such folder. @throws what else keeps it from being read */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

/** A file's text, or "" for one that cannot be read: {@link loadConf} says why. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * Every jail that the system's configuration defines: `/etc/jail.conf`, `/etc/jail.conf.d/NAME.conf` and
 * `/etc/jail.NAME.conf`. Of a jail that stands in several, the one that FreeBSD's start-up script takes. jail.conf(5)
 *
 * @param root the folder that stands for `/`, default `/`
 */
export function loadAll(root = "/"): Pick<Conf, "jails" | "problems"> {
  const etc = join(root, "etc");
  const common = join(etc, "jail.conf");
  const own = namesIn(etc).filter((name) => /^jail\..+\.conf$/.test(name));
  const inFolder = namesIn(join(etc, "jail.conf.d")).filter((name) => name.endsWith(".conf"));
  const hasCommon = existsSync(common);
  const base = hasCommon || (own.length === 0 && inFolder.length === 0) ? loadConf(common) : undefined;
  const jails = new Map((base?.jails ?? []).map((jail) => [jail.name, jail]));
  const problems = [...(base?.problems ?? [])];
  const included = hasCommon && /^\s*\.include\s*["']?\/etc\/jail\.conf\.d\//m.test(textOf(common));
  const files = [
    ...(included
      ? []
      : inFolder.map((name) => ({ name: name.slice(0, -".conf".length), file: join(etc, "jail.conf.d", name) }))),
    ...own.map((name) => ({ name: name.slice("jail.".length, -".conf".length), file: join(etc, name) })),
  ];
  for (const { name, file } of files) {
    const conf = loadConf(file);
    problems.push(...conf.problems);
    // The script asks such a file for the jail that it is named after, and for no other.
    for (const jail of conf.jails) if (jail.name === name) jails.set(name, jail);
  }
  return { jails: [...jails.values()], problems };
}

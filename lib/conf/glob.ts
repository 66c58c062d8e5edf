import { readdirSync, statSync } from "node:fs";

/** Whether a path has characters of glob(3). */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

function expression(pattern: string): RegExp {
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string;
    const set = /^\[([!^]?)(\]?[^\]]*)\]/.exec(pattern.slice(at));
    if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (set !== null) {
      source += `[${set[1] === "" ? "" : "^"}${(set[2] as string).replace(/[\\[\]^]/g, "\\$&")}]`;
      at += set[0].length - 1;
    } else source += (character === "\\" ? (pattern[++at] ?? "") : character).replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  }
  return new RegExp(`^${source}$`, "s");
}

/** The paths that fit a pattern of glob(3), sorted by their bytes. A leading dot is to be written. */
export function expand(pattern: string): string[] {
  const parts = pattern.split("/");
  let found = [parts[0] === "" ? "/" : ""];
  for (const part of parts[0] === "" ? parts.slice(1) : parts) {
    if (part === "") continue;
    const join = (folder: string, name: string): string =>
      folder + (folder === "" || folder.endsWith("/") ? "" : "/") + name;
    if (!isPattern(part)) {
      found = found.map((folder) => join(folder, part));
      continue;
    }
    const fits = expression(part);
    found = found.flatMap((folder) => {
      const names = namesIn(folder === "" ? "." : folder).filter(
        (name) => fits.test(name) && (part.startsWith(".") || !name.startsWith(".")),
      );
      return names.map((name) => join(folder, name));
    });
  }
  return found.filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined).sort(byBytes);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // As glob(3) without GLOB_ERR: what cannot be read has nothing in it.
    return [];
  }
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

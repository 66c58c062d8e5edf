import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openSimulated } from "../../lib/native.js";
import { FREEBSD_FILES, FREEBSD_FOLDERS, FREEBSD_HOSTS } from "./freebsd-folders.js";
import { SIMULATED_PROGRAMS } from "./left-out.js";
import { type Case, RECORDED_FOLDER } from "./recording.js";
import { shellCommands } from "./words.js";

const root = join(__dirname, "..", "..");

/** A simulated machine for one case, and the folder that it runs in. */
export interface CaseMachine {
  /** Stands for the folder of the recording. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Nothing runs beside it: a command in this process may have the process's environment for its own. */
  readonly alone?: boolean;
  /** What is ours in a text, in the recording's words. */
  asRecorded(text: string): string;
  /** What is the recording's in a text, in ours. */
  asOurs(text: string): string;
  /** Removes it all. */
  remove(): void;
}

/** Folders that a case lays out or makes on its way, and those above them. */
function foldersOf({ dirs = [], files = {}, steps }: Case, folder: string): string[] {
  const made = steps.flatMap(({ sh }) =>
    shellCommands(sh)
      .filter(({ words }) => words[0] === "mkdir")
      .flatMap(({ words }) => words.slice(1).filter((word) => !word.startsWith("-"))),
  );
  const found = new Set<string>();
  for (const path of [...dirs, ...made, ...Object.keys(files).map(dirname)]) {
    const absolute = path.startsWith(RECORDED_FOLDER)
      ? join(folder, path.slice(RECORDED_FOLDER.length))
      : join(folder, path);
    for (let at = path.startsWith("/") && !path.startsWith(RECORDED_FOLDER) ? path : absolute; at.length > 1; ) {
      found.add(at);
      at = dirname(at);
    }
  }
  for (let at = folder; at.length > 1; at = dirname(at)) found.add(at);
  return [...found];
}

/** Lays out what a case has in its folder. */
export function layOut({ dirs = [], files = {} }: Case, folder: string, asOurs: (text: string) => string): void {
  for (const path of dirs) mkdirSync(join(folder, path), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), asOurs(text));
  }
}

function programs(scratch: string): string {
  const bin = join(scratch, "bin");
  mkdirSync(bin);
  for (const name of ["jail", "jls", "jexec"]) symlinkSync(join(root, "libexec", name), join(bin, name));
  symlinkSync(process.execPath, join(bin, "node"));
  const program = join(__dirname, "host-program.cjs");
  for (const name of SIMULATED_PROGRAMS) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${program}" ${name} "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return bin;
}

/** Makes the machine of a case. @throws Error where the simulated kernel cannot be opened */
export function makeMachine(each: Case, release: string): CaseMachine {
  const scratch = mkdtempSync(join(tmpdir(), "t-"));
  const folder = join(scratch, "g");
  mkdirSync(folder);
  const exact = new RegExp(`${RECORDED_FOLDER}(?![A-Za-z0-9_.-])`, "g");
  const asOurs = (text: string): string => text.replace(exact, folder);
  layOut(each, folder, asOurs);
  const stateFile = join(scratch, "state");
  const opened = openSimulated({
    release,
    ...FREEBSD_HOSTS[release],
    hostname: "jailvm",
    stateFile,
    lastJid: each.lastjid ?? 0,
    paths: { any: false, directories: [...FREEBSD_FOLDERS, ...foldersOf(each, folder)], files: FREEBSD_FILES },
  });
  if (opened.error !== undefined) throw new Error(opened.error.message);
  const path = "/sbin:/bin:/usr/sbin:/usr/bin";
  const env = { PATH: `${programs(scratch)}:${path}`, BSDJAIL_KERNEL: "simulated", BSDJAIL_STATE: stateFile };
  return {
    folder,
    env,
    asOurs,
    asRecorded: (text) =>
      text
        .replaceAll(folder, RECORDED_FOLDER)
        .replaceAll(`${join(scratch, "bin")}:`, "")
        .replace(/^BSDJAIL_(?:KERNEL|STATE)=.*\n/gm, ""),
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  };
}

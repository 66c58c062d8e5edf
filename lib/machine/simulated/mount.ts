import { fail, ok, type ProgramAnswer, type ProgramWorld } from "./answer.js";
import type { World, WorldMount } from "./world.js";

const KNOWN_TYPES = new Set([
  "devfs",
  "fdescfs",
  "linprocfs",
  "linsysfs",
  "nullfs",
  "procfs",
  "tmpfs",
  "unionfs",
  "ufs",
  "zfs",
]);

/** A mount that was refused: what mount(8) says of it, and the errno that mount(2) gave. */
export interface MountRefusal {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

function refuse(code: string, message: string, status = 1): MountRefusal {
  return { code, message, status };
}

/** Puts a file system on `target` (a real path), as nmount(2) and the programs before it would. */
export function addMount(
  view: ProgramWorld,
  type: string,
  source: string,
  target: string,
  options: readonly string[],
): WorldMount | MountRefusal {
  const { world } = view;
  const at = view.paths.get(target);
  if (at === undefined) return refuse("ENOENT", `mount: ${target}: No such file or directory`);
  if (!KNOWN_TYPES.has(type)) return refuse("EINVAL", `mount: ${source}: Invalid fstype: Invalid argument`);
  let from = source;
  if (type === "nullfs" || type === "unionfs") {
    const origin = view.paths.get(source);
    if (origin === undefined) return refuse("ENOENT", `mount_${type}: ${source}: No such file or directory`);
    if ((origin.type === "directory") !== (at.type === "directory")) {
      return refuse(
        origin.type === "directory" ? "ENOTDIR" : "EISDIR",
        `mount_${type}: ${target}: must be same type as ${source} (file or directory)`,
        64,
      );
    }
    if (topMount(world, at.real)?.source === origin.real) {
      return refuse("EDEADLK", `mount_${type}: ${target}: Resource deadlock avoided`);
    }
    from = origin.real;
  } else if (at.type !== "directory") {
    return refuse("ENOTDIR", `mount: ${target}: Not a directory`);
  }
  const ruleset = options.find((option) => option.startsWith("ruleset="))?.slice("ruleset=".length);
  if (type === "devfs" && ruleset !== undefined && !(Number(ruleset) >= 0 && Number(ruleset) <= 65535)) {
    return refuse("EINVAL", "mount: devfs: invalid ruleset specification: Invalid argument");
  }
  world.serial++;
  const made: WorldMount = {
    source: from === "." ? type : from,
    target: at.real,
    type,
    options,
    fsid: `${world.serial.toString(16).padStart(8, "0")}29000000`,
  };
  world.mounts.push(made);
  return made;
}

/** The mount that is seen at a path: the last one made there. */
function topMount(world: World, target: string): WorldMount | undefined {
  return world.mounts.findLast((mount) => mount.target === target);
}

/** Whether something lives in a mount: a jail's root, or another mount below it or on it. */
function mountBusy(view: ProgramWorld, mount: WorldMount): boolean {
  const below = (path: string) => path === mount.target || path.startsWith(`${mount.target}/`);
  const later = view.world.mounts.slice(view.world.mounts.indexOf(mount) + 1);
  if (later.some((other) => below(other.target))) return true;
  // A jail's root is held by the file system that its path lies on, the deepest one.
  return view.jails.some((jail) => {
    const holder = view.world.mounts.findLast(
      (other) => jail.path === other.target || jail.path.startsWith(`${other.target === "/" ? "" : other.target}/`),
    );
    return holder === mount;
  });
}

/** Takes a mount away. */
export function removeMount(view: ProgramWorld, mount: WorldMount, force: boolean): "EBUSY" | undefined {
  if (!force && mountBusy(view, mount)) return "EBUSY";
  view.world.mounts = view.world.mounts.filter((other) => other !== mount);
  return undefined;
}

/** A column of `mount -p`: tabs up to the third stop, or one blank. */
function padded(text: string): string {
  const tabs = 3 - Math.floor(text.length / 8);
  return text + (tabs > 0 ? "\t".repeat(tabs) : " ");
}

/** The simulated mount(8). */
export function mount(args: readonly string[], view: ProgramWorld): ProgramAnswer {
  const { mounts } = view.world;
  if (args.length === 0 || args[0] === "-v") {
    const detail = (entry: WorldMount) => (args[0] === "-v" ? `, fsid ${entry.fsid}` : "");
    const lines = mounts.map((entry) => `${entry.source} on ${entry.target} (${entry.type}, local${detail(entry)})\n`);
    return ok(lines.join(""));
  }
  if (args[0] === "-p") {
    const lines = mounts.map((entry) => {
      const mode = entry.options.includes("ro") ? "ro" : "rw";
      return `${padded(entry.source)}${padded(entry.target)}${entry.type}\t${mode}\t\t0 0\n`;
    });
    return ok(lines.join(""));
  }
  let type = "ufs";
  const options: string[] = [];
  const operands: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string;
    if (word === "-t") type = args[++at] ?? "";
    else if (word === "-o") options.push(...(args[++at] ?? "").split(","));
    else if (word.startsWith("-o")) options.push(...word.slice(2).split(","));
    else if (word.startsWith("-")) return fail(`mount: illegal option -- ${word.slice(1)}`);
    else operands.push(word);
  }
  const [source, target] = operands;
  if (source === undefined || target === undefined) return fail("mount: missing operand");
  const made = addMount(view, type, source, target, options);
  return "code" in made ? fail(made.message, made.status) : ok();
}

/** The simulated umount(8). */
export function umount(args: readonly string[], view: ProgramWorld): ProgramAnswer {
  let force = false;
  let type: string | undefined;
  const operands: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string;
    if (word === "-f") force = true;
    else if (word === "-t") type = args[++at];
    else if (word.startsWith("-")) return fail(`umount: illegal option -- ${word.slice(1)}`);
    else operands.push(word);
  }
  const failures: string[] = [];
  for (const word of operands) {
    const byId = /^[0-9a-f]{16}$/.test(word);
    const found = byId
      ? view.world.mounts.find((entry) => entry.fsid === word)
      : topMount(view.world, view.paths.get(word)?.real ?? word);
    if (found === undefined && byId) failures.push(`umount: ${word}: unknown file system`);
    else if (found === undefined || (type !== undefined && found.type !== type)) {
      failures.push(`umount: ${word}: not a file system root directory`);
    } else if (removeMount(view, found, force)) failures.push(`umount: unmount of ${found.target} failed: Device busy`);
  }
  return failures.length === 0 ? ok() : fail(failures.join("\n"));
}

import type { World } from "./world.js";

/** A jail of the simulated kernel, as far as host programs have to do with it. */
export interface WorldJail {
  readonly jid: number;
  readonly name: string;
  readonly path: string;
  /** It has a network stack of its own. */
  readonly vnet: boolean;
  readonly dying: boolean;
}

/** What a simulated program sees while it runs. */
export interface ProgramWorld {
  readonly world: World;
  readonly jails: readonly WorldJail[];
  /** What a path is, links followed; undefined where there is nothing. */
  readonly paths: ReadonlyMap<string, { readonly real: string; readonly type: "file" | "directory" | "other" }>;
}

/** What a simulated program printed and returned. */
export interface ProgramAnswer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Status 0, with what it printed. */
export function ok(stdout = ""): ProgramAnswer {
  return { status: 0, stdout, stderr: "" };
}

/** A message on the error stream, and the status. */
export function fail(message: string, status = 1): ProgramAnswer {
  return { status, stdout: "", stderr: `${message}\n` };
}

/** A jail by jid or name, as jail_getid(3) finds it; else its words for why not. */
export function findJail(jails: readonly WorldJail[], word: string): WorldJail | string {
  const numeric = /^[0-9]+$/.test(word);
  const found = jails.find((jail) => (numeric ? jail.jid === Number(word) : jail.name === word && !jail.dying));
  const label = numeric ? `jail ${word}` : `jail "${word}"`;
  if (found === undefined) return `${label} not found`;
  return found.dying ? `${label} is dying` : found;
}

/** Lets go of what jails held that are gone: their interfaces come back, their datasets are free again. */
export function settle(world: World, jails: readonly WorldJail[]): boolean {
  const alive = new Set(jails.map((jail) => jail.jid));
  let changed = false;
  const orphaned = world.interfaces.filter((entry) => entry.home !== undefined && !alive.has(entry.home));
  if (orphaned.length > 0) {
    const names = new Set(orphaned.map((entry) => entry.name));
    world.interfaces = world.interfaces.filter(
      (entry) => !orphaned.includes(entry) && !(entry.peer !== undefined && names.has(entry.peer)),
    );
    changed = true;
  }
  const returning = world.interfaces.filter((entry) => entry.vnet !== 0 && !alive.has(entry.vnet));
  for (const entry of returning) {
    entry.vnet = 0;
    entry.addresses = [];
    entry.up = false;
    changed = true;
  }
  // An interface that comes back stands at the end of the list.
  world.interfaces = [...world.interfaces.filter((entry) => !returning.includes(entry)), ...returning];
  for (const dataset of world.datasets) {
    if (dataset.jid !== 0 && !alive.has(dataset.jid)) {
      dataset.jid = 0;
      changed = true;
    }
  }
  return changed;
}

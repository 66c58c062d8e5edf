/** What jails leave on a machine, as a list that can be compared: jails, mounts, interfaces, addresses, devfs rulesets. */
import type { JailHost } from "../host.js";
import type { Machine } from "../machine/machine.js";
import { runProgram } from "../machine/run.js";
import { parseInterfaces } from "../machine/tables.js";

/** What is looked at. */
export const PLACES = ["jails", "mounts", "interfaces", "aliases", "rulesets"] as const;

/** One of the things that are looked at. */
export type Place = (typeof PLACES)[number];

/** A machine at one moment: of each place what is there, each thing as a line that names it. */
export type Snapshot = Readonly<Partial<Record<Place, readonly string[]>>>;

/** What is there now and was not before, and the other way round. */
export interface Difference {
  readonly place: Place;
  readonly left: readonly string[];
  readonly missing: readonly string[];
}

async function jails(host: JailHost): Promise<string[]> {
  const rows = await host.list(["jid", "name", "path", "dying"], { dying: true });
  return rows.map(({ jid, name, path, dying }) => `jail ${jid} (${name}) at ${path}${dying ? ", dying" : ""}`);
}

async function mounts(machine: Machine): Promise<string[]> {
  const entries = await machine.mounts();
  return entries.map(
    ({ source, target, type, fsid }) => `${type} ${source} on ${target}${fsid === "" ? "" : ` (${fsid})`}`,
  );
}

/** What a program prints; undefined where it is not there or may not be run. */
async function printed(machine: Machine, argv: readonly string[]): Promise<string | undefined> {
  try {
    const { status, stdout } = await runProgram(machine, { argv });
    return status === 0 ? stdout : undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

async function rulesets(machine: Machine): Promise<string[]> {
  const sets = (await printed(machine, ["devfs", "rule", "showsets"]))?.split("\n").filter((line) => line !== "") ?? [];
  const lines: string[] = [];
  for (const set of sets) {
    const rules = (await printed(machine, ["devfs", "rule", "-s", set, "show"])) ?? "";
    lines.push(
      `devfs ruleset ${set}`,
      ...rules.split("\n").flatMap((rule) => (rule === "" ? [] : [`devfs ruleset ${set}: ${rule}`])),
    );
  }
  return lines;
}

/** Looks at a machine. Interfaces and rulesets that this user may not see are left out. */
export async function takeSnapshot(
  host: JailHost,
  machine: Machine,
  places: readonly Place[] = PLACES,
): Promise<Snapshot> {
  const wants = (place: Place) => places.includes(place);
  const network =
    wants("interfaces") || wants("aliases") ? parseInterfaces((await printed(machine, ["ifconfig", "-a"])) ?? "") : [];
  const found: Record<Place, () => Promise<string[]> | string[]> = {
    jails: () => jails(host),
    mounts: () => mounts(machine),
    interfaces: () => network.map(({ name }) => `interface ${name}`),
    aliases: () =>
      network.flatMap(({ name, addresses }) => addresses.map((each) => `${each.address}/${each.prefix} on ${name}`)),
    rulesets: () => rulesets(machine),
  };
  const snapshot: Partial<Record<Place, readonly string[]>> = {};
  for (const place of places) snapshot[place] = await found[place]();
  return snapshot;
}

/** Lines of `some` that `others` have not, each as often as it is more there. */
function without(some: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  return some.filter((line) => {
    const at = rest.indexOf(line);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

/** How a machine differs from what it was; nothing where it is the same. */
export function differences(before: Snapshot, after: Snapshot): readonly Difference[] {
  return PLACES.flatMap((place) => {
    const [was, is] = [before[place] ?? [], after[place] ?? []];
    const difference = { place, left: without(is, was), missing: without(was, is) };
    return difference.left.length + difference.missing.length === 0 ? [] : [difference];
  });
}

/** The differences for people, a line each. */
export function differenceLines(found: readonly Difference[]): readonly string[] {
  return found.flatMap(({ left, missing }) => [
    ...left.map((line) => `  + ${line}`),
    ...missing.map((line) => `  - ${line}`),
  ]);
}

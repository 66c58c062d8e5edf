import { aliasKind } from "./alias.js";
import { datasetKind } from "./dataset.js";
import { hookKind } from "./hooks.js";
import { interfaceKind } from "./interface.js";
import { jailKind } from "./jail.js";
import type { StepKind } from "./kind.js";
import { mountKind } from "./mounts.js";
import { persistKind } from "./persist.js";
import { readyKind } from "./ready.js";
import { terminateKind } from "./terminate.js";
import { updateKind } from "./update.js";

/** The name of a step: the parameter that asks for it, or what is done. */
export type StepName =
  | "exec.prepare"
  | "ip4.addr"
  | "ip6.addr"
  | "mount"
  | "mount.fstab"
  | "mount.devfs"
  | "mount.fdescfs"
  | "mount.procfs"
  | "exec.prestart"
  | "create"
  | "exec.created"
  | "zfs.dataset"
  | "vnet.interface"
  | "exec.start"
  | "command"
  | "exec.poststart"
  | "persist"
  | "ready"
  | "exec.prestop"
  | "exec.stop"
  | "stop.timeout"
  | "exec.poststop"
  | "exec.release"
  | "update";

/** A step: when it comes on the way up and down, where it runs, and what does and undoes it. */
export interface StepRow {
  readonly name: StepName;
  /** Its place in a start; none: it is not part of one. */
  readonly up?: number;
  /** Its place in a stop. */
  readonly down?: number;
  /** In a clean-up of a jail that is gone it runs like in a stop. */
  readonly cleans?: boolean;
  readonly where: "host" | "jail" | "kernel";
  /** Its two functions. */
  readonly kind: StepKind;
}

/**
 * The steps. Up and down are jail(8)'s orders; `vnet.interface` and `zfs.dataset` go before the removal, where jail(8)
 * has no step for them; `persist` and `ready` are jail(8)'s last act and ours.
 *
 * What a failed start has done is undone in the reverse order of doing.
 */
const STEPS: readonly StepRow[] = [
  { name: "exec.prepare", up: 10, where: "host", kind: hookKind },
  { name: "ip4.addr", up: 20, down: 150, cleans: true, where: "host", kind: aliasKind },
  { name: "ip6.addr", up: 30, down: 140, cleans: true, where: "host", kind: aliasKind },
  { name: "mount", up: 40, down: 130, cleans: true, where: "host", kind: mountKind },
  { name: "mount.fstab", up: 50, down: 120, cleans: true, where: "host", kind: mountKind },
  { name: "mount.devfs", up: 60, down: 110, cleans: true, where: "host", kind: mountKind },
  { name: "mount.fdescfs", up: 70, down: 100, cleans: true, where: "host", kind: mountKind },
  { name: "mount.procfs", up: 80, down: 90, cleans: true, where: "host", kind: mountKind },
  { name: "exec.prestart", up: 90, where: "host", kind: hookKind },
  { name: "create", up: 100, down: 70, cleans: true, where: "kernel", kind: jailKind },
  { name: "exec.created", up: 110, where: "host", kind: hookKind },
  { name: "zfs.dataset", up: 120, down: 60, cleans: true, where: "host", kind: datasetKind },
  { name: "vnet.interface", up: 130, down: 50, cleans: true, where: "host", kind: interfaceKind },
  { name: "exec.start", up: 140, where: "jail", kind: hookKind },
  { name: "command", up: 150, where: "jail", kind: hookKind },
  { name: "exec.poststart", up: 160, where: "host", kind: hookKind },
  { name: "persist", up: 170, where: "kernel", kind: persistKind },
  { name: "ready", up: 180, where: "host", kind: readyKind },
  { name: "exec.prestop", down: 10, where: "host", kind: hookKind },
  { name: "exec.stop", down: 20, where: "jail", kind: hookKind },
  { name: "stop.timeout", down: 30, where: "kernel", kind: terminateKind },
  { name: "exec.poststop", down: 80, cleans: true, where: "host", kind: hookKind },
  { name: "update", where: "kernel", kind: updateKind },
  { name: "exec.release", down: 160, cleans: true, where: "host", kind: hookKind },
];

function ordered(place: (row: StepRow) => number | undefined): StepRow[] {
  return STEPS.filter((row) => place(row) !== undefined).sort((a, b) => (place(a) ?? 0) - (place(b) ?? 0));
}

/** The steps of a start, in order. */
export const UP = ordered((row) => row.up);
/** The steps of a stop, in order. */
export const DOWN = ordered((row) => row.down);

/** A step by its name. */
export function stepRow(name: StepName): StepRow {
  const row = STEPS.find((candidate) => candidate.name === name);
  if (row === undefined) throw new RangeError(`there is no step "${name}"`);
  return row;
}

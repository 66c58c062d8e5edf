import type { AliasSpec, MountSpec } from "../spec.js";
import type { StepName } from "../steps/table.js";

/** An alias on an interface. */
export interface AliasThing {
  readonly kind: "alias";
  readonly step: StepName;
  readonly alias: AliasSpec;
}

/** A mounted file system. */
export interface MountThing {
  readonly kind: "mount";
  readonly step: StepName;
  readonly mount: MountSpec;
  /** The jail's root when it was mounted. */
  readonly root: string | undefined;
  /** What was mounted there before, by fsid: somebody else's. */
  readonly under?: readonly string[];
}

/** The jail itself. */
export interface JailThing {
  readonly kind: "jail";
  readonly step: StepName;
  readonly name: string;
}

/** An interface that was moved into the jail's network stack. */
export interface InterfaceThing {
  readonly kind: "interface";
  readonly step: StepName;
  readonly name: string;
}

/** A dataset that was attached to the jail. */
export interface DatasetThing {
  readonly kind: "dataset";
  readonly step: StepName;
  readonly name: string;
}

/** Something that a step makes on the machine, as the ledger writes it down before it is made. */
export type Thing = AliasThing | MountThing | JailThing | InterfaceThing | DatasetThing;

/** What a thing is called: two things of one name are the same. */
export function thingName(thing: Thing): string {
  switch (thing.kind) {
    case "alias":
      return `alias ${thing.alias.interface}|${thing.alias.address}`;
    case "mount":
      return `mount ${thing.mount.type} ${thing.mount.source} on ${thing.mount.target}`;
    case "jail":
      return `jail ${thing.name}`;
    case "interface":
      return `interface ${thing.name}`;
    case "dataset":
      return `dataset ${thing.name}`;
  }
}

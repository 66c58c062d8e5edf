import { type HostUser, MachineError } from "../machine.js";
import type { InterfaceAddress } from "../tables.js";
import { VersionedFile } from "../versioned-file.js";

/** An address of an interface. */
export interface WorldAddress extends InterfaceAddress {
  /** The machine's own: there again after a boot. */
  readonly own?: boolean;
}

/** A network interface of the simulated machine. */
export interface WorldInterface {
  name: string;
  /** The name that it was made with. */
  readonly born?: string;
  /** Whose network stack it is in now: a jid, 0 for the host. */
  vnet: number;
  /** Where it was made, if not on the host: it goes with that jail. */
  readonly home?: number;
  /** The driver, `lo` or `epair`. */
  readonly driver: string;
  /** The other end of an epair. */
  readonly peer?: string;
  up: boolean;
  description?: string;
  /** Groups besides the driver's own. */
  groups?: string[];
  /** The interfaces in a bridge. */
  members?: string[];
  addresses: WorldAddress[];
}

/** A mounted file system. */
export interface WorldMount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
  readonly fsid: string;
}

/** A ZFS dataset. */
export interface WorldDataset {
  readonly name: string;
  /** The property `jailed`. */
  jailed: boolean;
  /** The jail it is attached to, 0 for none. */
  jid: number;
  /** Where it is mounted when it is mounted by `zfs mount`. */
  mountpoint: string;
}

/** Everything about the machine around the kernel that host programs see and change. */
export interface World {
  readonly version: 1;
  /** A word that is another one after each boot. */
  boot: string;
  /** Counts what was made, for names and numbers that are used once. */
  serial: number;
  interfaces: WorldInterface[];
  mounts: WorldMount[];
  datasets: WorldDataset[];
  /** Rules of each devfs ruleset: number and text. */
  rulesets: Record<string, { readonly number: number; readonly text: string }[]>;
  users: HostUser[];
  hosts: Record<string, { readonly family: 4 | 6; readonly address: string }[]>;
  /** Addresses and ports on which something listens, `192.0.2.10:80`. */
  listeners: string[];
  /** sysctl nodes beside those of the simulated kernel. */
  sysctls: Record<string, string>;
}

/** A freshly installed machine. */
export function freshWorld(boot: string): World {
  return {
    version: 1,
    boot,
    serial: 0,
    interfaces: [
      {
        name: "lo0",
        vnet: 0,
        driver: "lo",
        up: true,
        addresses: [
          { family: "inet", address: "127.0.0.1", prefix: 8, own: true },
          { family: "inet6", address: "::1", prefix: 128, own: true },
        ],
      },
    ],
    mounts: [{ source: "zroot/ROOT/default", target: "/", type: "zfs", options: [], fsid: "00000000de000000" }],
    datasets: [],
    rulesets: {
      "1": [{ number: 100, text: "hide" }],
      "2": [{ number: 100, text: "path null unhide" }],
      "3": [{ number: 100, text: "path ptyp* unhide" }],
      "4": [
        { number: 100, text: "include 1" },
        { number: 200, text: "include 2" },
        { number: 300, text: "include 3" },
        { number: 400, text: "path fuse unhide" },
        { number: 500, text: "path zfs unhide" },
      ],
      "5": [{ number: 100, text: "include 4" }],
    },
    users: [
      { name: "root", uid: 0, gid: 0, home: "/root", shell: "/bin/sh" },
      { name: "www", uid: 80, gid: 80, home: "/nonexistent", shell: "/usr/sbin/nologin" },
      { name: "nobody", uid: 65534, gid: 65534, home: "/nonexistent", shell: "/usr/sbin/nologin" },
    ],
    hosts: { localhost: [{ family: 4, address: "127.0.0.1" }] },
    listeners: [],
    sysctls: {},
  };
}

/** The world, in memory or in a file that several processes share. */
export class WorldStore {
  readonly #file: VersionedFile | undefined;
  #number = 0;
  #text: string;
  #world: World;

  /** @param directory where its versions lie; undefined: in memory */
  constructor(directory: string | undefined, boot: string) {
    this.#file = directory === undefined ? undefined : new VersionedFile(directory);
    this.#world = freshWorld(boot);
    this.#text = JSON.stringify(this.#world);
  }

  /** The world as it is now. Not to be changed. */
  read(): World {
    if (this.#file === undefined) return this.#world;
    if (this.#number !== 0 && this.#file.newest() === this.#number) return this.#world;
    const version = this.#file.read();
    this.#number = version.number;
    if (version.number > 0) {
      const world = JSON.parse(version.text) as World;
      if (world.version !== 1) {
        throw new MachineError(
          "EFTYPE",
          "read",
          "",
          `the simulated machine's file is of version ${world.version}, not 1`,
        );
      }
      this.#text = version.text;
      this.#world = world;
    }
    return this.#world;
  }

  /** Changes the world in one move; `change` is asked again where another process came first, so it only computes. */
  update<T>(change: (world: World) => T): T {
    for (;;) {
      this.read();
      const draft = JSON.parse(this.#text) as World;
      const result = change(draft);
      const text = JSON.stringify(draft);
      if (text === this.#text) return result;
      if (this.#file !== undefined) {
        if (!this.#file.replace(this.#number, text)) continue;
        this.#number++;
      }
      this.#text = text;
      this.#world = draft;
      return result;
    }
  }
}

import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { hostCommands } from "../../../lib/exec/commands.js";
import type { JailHost } from "../../../lib/host.js";
import { HostJails } from "../../../lib/lifecycle/jails.js";
import type { JailDefinition } from "../../../lib/lifecycle/parameters.js";
import { SimulatedMachine } from "../../../lib/machine/simulated/machine.js";
import { HOOKS, interfaces } from "./parts.js";

/** What a folder with a simulated machine in it is made of. */
export interface Folder {
  readonly path: string;
  readonly directory: string;
}

export const BOOKS = "/var/db/bsdjail";

/** The kernel and the machine around it, both with their state in a folder, so that several processes share them. */
export function openFolder(JailHostClass: typeof JailHost, path: string) {
  const host = JailHostClass.simulated({ stateFile: join(path, "kernel") });
  const jails = new HostJails(host, hostCommands(host));
  const machine = new SimulatedMachine({
    root: join(path, "root"),
    state: join(path, "world"),
    jails: () => jails.forMachine(),
  });
  return { host, jails, machine };
}

/** Lays out files, interfaces and datasets in a folder for {@link EVERY_STEP}. */
export function prepareFolder(path: string, machine: SimulatedMachine): void {
  const root = join(path, "root");
  for (const directory of [
    "jails/a/dev/fd",
    "jails/a/proc",
    "jails/a/data",
    "jails/a/tmp",
    "jails/a/log",
    "jails/b",
    "srv/data",
    "etc",
  ]) {
    mkdirSync(join(root, directory), { recursive: true });
  }
  cpSync(join(__dirname, "../../fixtures/lifecycle/fstab"), join(root, "etc/fstab.a"));
  machine.change((world) => {
    world.interfaces.push(...interfaces());
    world.datasets.push({ name: "zroot/b", jailed: true, jid: 0, mountpoint: "/jails/b/data" });
  });
}

/** Two jails that use every step between them: a jail with addresses and mounts, and one with a network stack of its own. */
export const EVERY_STEP: readonly JailDefinition[] = [
  {
    name: "a",
    parameters: {
      ...HOOKS,
      path: "/jails/a",
      interface: "em0",
      "ip4.addr": ["192.0.2.10", "lo0|127.0.0.10/24", "192.0.2.1"],
      "ip6.addr": "2001:db8::10",
      mount: ["tmpfs /jails/a/tmp tmpfs rw,size=1m 0 0", "/srv/data /jails/a/data nullfs ro 0 0"],
      "mount.fstab": "/etc/fstab.a",
      "mount.devfs": true,
      "mount.fdescfs": true,
      "mount.procfs": true,
    },
    ready: { kind: "file", path: "/proc" },
  },
  {
    name: "b",
    parameters: {
      ...HOOKS,
      path: "/jails/b",
      persist: true,
      vnet: "new",
      "vnet.interface": "epair0b",
      "zfs.dataset": "zroot/b",
      depend: "a",
    },
  },
];

/** What is in a folder's machine and books that was not there at first. */
export async function leftovers({ jails, machine }: Pick<ReturnType<typeof openFolder>, "jails" | "machine">) {
  const { interfaces, mounts, datasets } = machine.world;
  const files = await machine.listDirectory(BOOKS);
  return [
    ...interfaces.flatMap(({ name, addresses }) =>
      addresses.filter(({ own }) => !own).map(({ address }) => `${name} ${address}`),
    ),
    ...interfaces.filter(({ vnet }) => vnet !== 0).map(({ name, vnet }) => `${name} in jail ${vnet}`),
    ...mounts.filter(({ target }) => target !== "/").map(({ target }) => `mount ${target}`),
    ...datasets.filter(({ jid }) => jid !== 0).map(({ name }) => `dataset ${name}`),
    ...(await jails.list()).map(({ name }) => `jail ${name}`),
    ...files.filter((name) => name.endsWith(".ledger")),
    ...(await machine.listDirectory(`${BOOKS}/shared`)),
  ];
}

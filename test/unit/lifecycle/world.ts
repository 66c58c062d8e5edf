import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Lifecycle } from "../../../lib/lifecycle/lifecycle.js";
import { type HostCommand, SimulatedMachine } from "../../../lib/machine/simulated/machine.js";
import { FakeJails } from "./fake-jails.js";
import { type MachineFaults, withFaults } from "./faults.js";
import { interfaces } from "./parts.js";

/** A fresh machine with a root of its own, jails in memory and a lifecycle on both; gone when the test is. */
export function freshWorld(options: { commands?: "record" | "host" | HostCommand } = {}) {
  const root = mkdtempSync(join(tmpdir(), "lifecycle-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const jails = new FakeJails();
  const machine = new SimulatedMachine({
    root,
    jails: () =>
      jails.jails.map(({ jid, name, path, dying, parameters }) => ({
        jid,
        name,
        path,
        dying,
        vnet: parameters.vnet === "new" || parameters.vnet === true,
      })),
    ...options,
  });
  const directory = "/var/db/bsdjail";
  const world = {
    root,
    jails,
    machine,
    directory,
    lifecycle: new Lifecycle({ jails, machine, directory }),
    /** A lifecycle whose machine fails as it is told. */
    faulty: (faults: MachineFaults) => new Lifecycle({ jails, machine: withFaults(machine, faults), directory }),
    makeDirectory: (path: string) => mkdirSync(join(root, path), { recursive: true }),
    writeFile: (path: string, text: string) => writeFileSync(join(root, path), text),
    addresses: (name: string) =>
      machine.world.interfaces.find((entry) => entry.name === name)?.addresses.map((entry) => entry.address) ?? [],
    /** What is on the machine and in the books that was not there at first. */
    async leftovers() {
      const { interfaces, datasets } = machine.world;
      const fresh = ["127.0.0.1", "::1", "192.0.2.1"];
      const files = await machine.listDirectory(directory);
      return [
        ...interfaces.flatMap((entry) => entry.addresses.map(({ address }) => `${entry.name} ${address}`)),
        ...interfaces.filter((entry) => entry.vnet !== 0).map((entry) => `${entry.name} in ${entry.vnet}`),
        ...world.mounted(),
        ...datasets.filter((dataset) => dataset.jid !== 0).map((dataset) => dataset.name),
        ...jails.jails.map((jail) => `jail ${jail.name}`),
        ...files.filter((name) => name.endsWith(".ledger")),
        ...(await machine.listDirectory(`${directory}/shared`)),
      ].filter((thing) => !fresh.some((address) => thing.endsWith(` ${address}`)));
    },
    mounted: () => machine.world.mounts.map((entry) => entry.target).filter((target) => target !== "/"),
  };
  for (const path of [
    "/jails/web/dev/fd",
    "/jails/web/proc",
    "/jails/web/data",
    "/jails/web/tmp",
    "/jails/web/log",
    "/srv/data",
    "/etc",
  ]) {
    world.makeDirectory(path);
  }
  world.writeFile("/etc/fstab.web", "tmpfs /jails/web/log tmpfs rw,size=1m 0 0\n");
  machine.change((state) => {
    state.interfaces.push(...interfaces());
    state.datasets.push({ name: "zroot/web", jailed: true, jid: 0, mountpoint: "/jails/web/data" });
  });
  return world;
}

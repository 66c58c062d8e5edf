import { describe, expect, it } from "vitest";
import { EVERYTHING } from "./everything.js";
import { freshWorld } from "./world.js";

const PERSISTENT = { ...EVERYTHING, parameters: { ...EVERYTHING.parameters, persist: true } };

describe("a start and a stop", () => {
  it("go in jail(8)'s order and leave nothing behind", async () => {
    const { lifecycle, machine, jails, addresses, mounted, directory } = freshWorld();
    jails.command = (_jail, { background }) => ({ hang: background });
    const up = await lifecycle.up([PERSISTENT]).result;
    expect(up.problems).toEqual([]);
    expect(up.jails.map(({ state, error }) => ({ state, error }))).toEqual([{ state: "up", error: undefined }]);
    expect(addresses("em0")).toEqual(["192.0.2.1", "192.0.2.10", "192.0.2.11", "2001:db8::10"]);
    expect(mounted()).toEqual([
      "/jails/web/tmp",
      "/jails/web/data",
      "/jails/web/log",
      "/jails/web/dev",
      "/jails/web/dev/fd",
      "/jails/web/proc",
    ]);
    expect(jails.jails[0]?.parameters["ip4.addr"]).toEqual(["192.0.2.10", "127.0.0.10", "192.0.2.11"]);
    expect(machine.world.interfaces.find((entry) => entry.name === "epair0b")?.vnet).toBe(jails.jails[0]?.jid);

    const steps: string[] = [];
    const run = lifecycle.down([PERSISTENT], {
      onEvent: (event) => {
        if (event.type === "step") steps.push(`${event.step} ${event.argv.join(" ") || event.text}`);
      },
    });
    const down = await run.result;
    expect(down.jails.map(({ state, error, left }) => ({ state, error, left }))).toEqual([
      { state: "down", error: undefined, left: [] },
    ]);
    expect(steps).toEqual([
      "exec.prestop echo prestop",
      "exec.stop sh /etc/rc.shutdown",
      "stop.timeout kill(2) SIGTERM",
      "vnet.interface /sbin/ifconfig epair0b -vnet 1",
      "zfs.dataset /sbin/zfs unjail 1 zroot/web",
      "create jail_remove(2)",
      "exec.poststop echo poststop",
      "mount.procfs /sbin/umount /jails/web/proc",
      "mount.fdescfs /sbin/umount /jails/web/dev/fd",
      "mount.devfs /sbin/umount /jails/web/dev",
      "mount.fstab /sbin/umount -t tmpfs /jails/web/log",
      "mount /sbin/umount -t nullfs /jails/web/data",
      "mount /sbin/umount -t tmpfs /jails/web/tmp",
      "ip6.addr /sbin/ifconfig em0 inet6 2001:db8::10 prefixlen 128 -alias",
      "ip4.addr /sbin/ifconfig em0 inet 192.0.2.11 netmask 255.255.255.0 -alias",
      "ip4.addr /sbin/ifconfig lo0 inet 127.0.0.10/24 -alias",
      "ip4.addr /sbin/ifconfig em0 inet 192.0.2.10 netmask 255.255.255.255 -alias",
      "exec.release echo release",
    ]);
    expect(addresses("em0")).toEqual(["192.0.2.1"]);
    expect(mounted()).toEqual([]);
    expect((await machine.listDirectory(directory)).filter((name) => name.endsWith(".ledger"))).toEqual([]);
    expect(await machine.listDirectory(`${directory}/shared`)).toEqual([]);
  });
});

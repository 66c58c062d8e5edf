import { describe, expect, it } from "vitest";
import type { JailDefinition } from "../../../lib/lifecycle/parameters.js";
import { freshWorld } from "./world.js";

const EVERYTHING: JailDefinition = {
  name: "web",
  parameters: {
    path: "/jails/web",
    persist: true,
    vnet: "new",
    interface: "em0",
    "ip4.addr": ["192.0.2.10", "lo0|127.0.0.10/24", "192.0.2.11/255.255.255.0"],
    "ip6.addr": "2001:db8::10",
    mount: ["tmpfs /jails/web/tmp tmpfs rw,size=1m 0 0", "/srv/data /jails/web/data nullfs ro 0 0"],
    "mount.devfs": true,
    "mount.fdescfs": true,
    "mount.procfs": true,
    "vnet.interface": "epair0b",
    "exec.prestart": "echo prestart",
    "exec.created": "echo created; true",
    "exec.start": "sh /etc/rc",
    "exec.poststart": "echo poststart",
    "exec.prestop": "echo prestop",
    "exec.stop": "sh /etc/rc.shutdown",
    "exec.poststop": "echo poststop",
    "exec.release": "echo release",
    "zfs.dataset": "zroot/web",
  },
};

describe("a start and a stop", () => {
  it("go in jail(8)'s order and leave nothing behind", async () => {
    const { lifecycle, machine, jails, addresses, mounted, directory } = freshWorld();
    const up = await lifecycle.up([EVERYTHING]).result;
    expect(up.problems).toEqual([]);
    expect(up.jails.map(({ state, error }) => ({ state, error }))).toEqual([{ state: "up", error: undefined }]);
    expect(addresses("em0")).toEqual(["192.0.2.1", "192.0.2.10", "192.0.2.11", "2001:db8::10"]);
    expect(mounted()).toEqual([
      "/jails/web/tmp",
      "/jails/web/data",
      "/jails/web/dev",
      "/jails/web/dev/fd",
      "/jails/web/proc",
    ]);
    expect(jails.jails[0]?.parameters["ip4.addr"]).toEqual(["192.0.2.10", "127.0.0.10", "192.0.2.11"]);
    expect(machine.world.interfaces.find((entry) => entry.name === "epair0b")?.vnet).toBe(jails.jails[0]?.jid);

    const steps: string[] = [];
    const run = lifecycle.down([EVERYTHING], {
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

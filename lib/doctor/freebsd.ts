import type { JailHost } from "../host.js";
import { commonChecks } from "./common.js";
import { type Check, check } from "./diagnosis.js";
import type { DoctorMachine } from "./machine.js";

const OLDEST = 13;
/** The ruleset that jail(8) gives a jail's devfs unless told otherwise. */
const JAIL_RULESET = 4;

/** The checks of a FreeBSD. */
export async function freebsdChecks(host: JailHost, machine: DoctorMachine, release: string): Promise<Check[]> {
  const { settings, kernel } = host;
  const jailed = (await settings.get("security.jail.jailed")) === true;
  return [
    ...kernelChecks(host, release),
    ...commonChecks(machine, jailed, kernel.simulated),
    ...(jailed ? [await roomCheck(host)] : []),
    await vimageCheck(host),
    ...(await limitChecks(host)),
    await zfsCheck(host),
    await rulesetCheck(machine),
    descriptorCheck(host),
  ];
}

function kernelChecks(host: JailHost, release: string): Check[] {
  const count = [...host.parameters].length;
  const major = Number.parseInt(release, 10);
  return [
    check(
      "jails",
      "kernel",
      "The kernel has jails",
      count > 0,
      `${count} parameters under security.jail.param`,
      "The kernel tells of no jail parameters; GENERIC has them.",
    ),
    check(
      "jails",
      "release",
      `The release is FreeBSD ${OLDEST} or newer`,
      !(major < OLDEST),
      release || "not told",
      `FreeBSD ${OLDEST} is the oldest release that this was written for.`,
    ),
  ];
}

/** Inside a jail: whether it may have jails of its own. */
async function roomCheck({ settings }: JailHost): Promise<Check> {
  const most = await settings.get("security.jail.children.max");
  const now = await settings.get("security.jail.children.cur");
  const [area, name, statement] = ["jails", "children", "This jail may have another jail inside"] as const;
  if (most === undefined || now === undefined) {
    return {
      area,
      name,
      statement,
      answer: "unknown",
      found: "kernels before FreeBSD 15 do not tell a jail its children.max",
    };
  }
  return check(
    area,
    name,
    statement,
    now < most,
    `${now} of at most ${most}`,
    `On the host: bsdjail set JAIL children.max=${now + 1}, which must stay below its parent's.`,
  );
}

async function vimageCheck({ settings }: JailHost): Promise<Check> {
  const has = (await settings.get("kern.features.vimage")) === true;
  return check(
    "vnet",
    "vimage",
    "Jails can have network stacks of their own",
    has,
    `kern.features.vimage is ${has ? 1 : "not there"}`,
    "Build the kernel with options VIMAGE, or use GENERIC, which has it since FreeBSD 12.0.",
  );
}

async function limitChecks({ settings }: JailHost): Promise<Check[]> {
  const enabled = await settings.get("kern.racct.enable");
  const statement = "The kernel counts resources, for limits by rctl(8)";
  if (enabled === undefined) {
    return [
      check(
        "limits",
        "racct",
        statement,
        false,
        "the kernel has no kern.racct.enable",
        "Build the kernel with options RACCT and RCTL, or use GENERIC.",
      ),
    ];
  }
  return [
    check(
      "limits",
      "racct",
      statement,
      enabled,
      `kern.racct.enable is ${enabled ? 1 : 0}`,
      "Put kern.racct.enable=1 into /boot/loader.conf and start the system again.",
    ),
  ];
}

async function zfsCheck(host: JailHost): Promise<Check> {
  const version =
    (await host.settings.get("vfs.zfs.version.module")) ?? (await host.settings.get("vfs.zfs.version.spa"));
  const loaded = version !== undefined || host.parameters.get("allow.mount.zfs") !== undefined;
  return check(
    "zfs",
    "zfs",
    "ZFS is loaded",
    loaded,
    loaded ? String(version ?? "allow.mount.zfs is there") : "its sysctls are not there",
    "sysrc zfs_enable=YES && service zfs start; once, without starting at boot: kldload zfs.",
  );
}

async function rulesetCheck(machine: DoctorMachine): Promise<Check> {
  const sets = (await machine.output(["/sbin/devfs", "rule", "showsets"]))?.split(/\s+/).filter((word) => word !== "");
  const [area, name] = ["advice", "devfs"] as const;
  const statement = `devfs ruleset ${JAIL_RULESET} is there, which hides most devices from a jail`;
  if (sets === undefined) return { area, name, statement, answer: "unknown", found: "devfs(8) did not answer" };
  const there = sets.includes(String(JAIL_RULESET));
  return check(
    area,
    name,
    statement,
    there,
    sets.length === 0 ? "no rulesets" : `rulesets ${sets.join(", ")}`,
    "service devfs restart loads those of /etc/defaults/devfs.rules. A devfs with a ruleset that is not there hides nothing.",
  );
}

function descriptorCheck(host: JailHost): Check {
  const has = host.parameters.get("meta") !== undefined;
  const found = has
    ? "handles hold a descriptor each"
    : "FreeBSD has them since 15.0; jid and name are compared before each act";
  return {
    area: "advice",
    name: "descriptors",
    statement: "The kernel has jail descriptors",
    answer: has ? "yes" : "no",
    found,
  };
}

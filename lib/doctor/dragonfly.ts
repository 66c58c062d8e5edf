import { sharedLocalhosts } from "../dragonfly/localhost.js";
import type { JailHost } from "../host.js";
import { commonChecks } from "./common.js";
import { type Check, check } from "./diagnosis.js";
import type { DoctorMachine } from "./machine.js";

/** The checks of a DragonFly BSD. */
export async function dragonflyChecks(host: JailHost, machine: DoctorMachine): Promise<Check[]> {
  const { settings, kernel } = host;
  const jailed = (await settings.get("jail.jailed")) === true;
  const defaults = (await settings.list()).filter(({ name }) => name.startsWith("jail.defaults."));
  const hostname = await settings.get("jail.defaults.set_hostname_allowed");
  const override = await settings.get("jail.defaults.allow_listen_override");
  const lacks = (area: "vnet" | "limits" | "zfs", name: string, statement: string, found: string): Check => ({
    area,
    name,
    statement,
    answer: "no",
    found,
  });
  return [
    check(
      "jails",
      "kernel",
      "The kernel has jails with settings of their own",
      defaults.length > 0,
      `${defaults.length} settings under jail.defaults`,
      "DragonFly BSD has them since 5.8; older kernels have one set for all jails.",
    ),
    check(
      "jails",
      "nested",
      "This process may make jails",
      !jailed,
      jailed ? "in a jail" : "on the host",
      "Jails cannot be nested on DragonFly BSD: run on the host.",
    ),
    ...commonChecks(machine, jailed, kernel.simulated),
    lacks(
      "vnet",
      "vimage",
      "Jails can have network stacks of their own",
      "DragonFly BSD has none: jails share the host's",
    ),
    lacks("limits", "racct", "The kernel counts resources, for limits by rctl(8)", "DragonFly BSD has no rctl(8)"),
    lacks("zfs", "zfs", "ZFS is loaded", "DragonFly BSD has HAMMER2 instead; mount what a jail needs below its path"),
    {
      area: "advice",
      name: "listen-override",
      statement: "New jails may listen where the host listens",
      answer: override === undefined ? "unknown" : override ? "yes" : "no",
      found: `jail.defaults.allow_listen_override is ${override === undefined ? "not there" : Number(override)}`,
      ...(override === false
        ? {
            remedy:
              "sysctl jail.defaults.allow_listen_override=1 lets the host's services stay on all addresses; or set allow.listen_override on a jail.",
          }
        : {}),
    },
    check(
      "advice",
      "hostname",
      "New jails may not change their host names",
      hostname !== true,
      `jail.defaults.set_hostname_allowed is ${Number(hostname ?? false)}`,
      "sysctl jail.defaults.set_hostname_allowed=0: a jail's root can else write what it likes into the host's list of jails.",
    ),
    await localhostCheck(host, jailed),
  ];
}

async function localhostCheck(host: JailHost, jailed: boolean): Promise<Check> {
  const [area, name, statement] = ["advice", "localhost", "Each jail has a localhost of its own"] as const;
  if (jailed) return { area, name, statement, answer: "unknown", found: "a jail sees no list of jails" };
  const jails = await host.list(["jid", "ip4.addr", "ip6.addr"]);
  const shared = sharedLocalhosts(jails);
  return check(
    area,
    name,
    statement,
    shared.length === 0,
    shared.map(({ message }) => message).join("; ") || `${jails.length} jails`,
    "One loopback and one external address for each jail: see docs/dragonfly.md.",
  );
}

/** What differs between the releases of FreeBSD that are simulated, each difference by name. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { JAIL_CREATE, JAIL_DYING, JAIL_UPDATE } from "../../../lib/binding.js";
import { doctorCommand } from "../../../lib/cli/doctor.js";
import type { CliCommand } from "../../../lib/cli/io.js";
import { createCommand } from "../../../lib/cli/verbs/create.js";
import { getCommand } from "../../../lib/cli/verbs/get.js";
import { listCommand } from "../../../lib/cli/verbs/list.js";
import { paramsCommand } from "../../../lib/cli/verbs/params.js";
import { removeCommand } from "../../../lib/cli/verbs/remove.js";
import { setCommand } from "../../../lib/cli/verbs/set.js";
import { type JailError, JailHost } from "../../../lib/index.js";
import { int32, pack } from "../../../lib/params/encode.js";
import { memoryIo } from "../cli/memory-io.js";

const THIRTEEN = ["13.0", "13.1", "13.2", "13.3", "13.4", "13.5"];
const FOURTEEN = ["14.0", "14.1", "14.2", "14.3"];
const FIFTEEN = ["15.0", "15.1"];
const ALL = [...THIRTEEN, ...FOURTEEN, ...FIFTEEN];

const on = (release: string) => JailHost.simulated({ release });
const parameters = (release: string): string[] => Array.from(on(release).parameters, ({ name }) => name);
const added = (from: string, to: string): string[] =>
  parameters(to)
    .filter((name) => !parameters(from).includes(name))
    .sort();
const refusal = (promise: Promise<unknown>): Promise<JailError | undefined> =>
  promise.then(
    () => undefined,
    (error: JailError) => error,
  );

describe("parameters", () => {
  it("of 13 are allow.* up to suser; none is lost later", () => {
    for (const [at, release] of ALL.entries()) {
      const before = ALL[at - 1];
      if (before !== undefined)
        expect(parameters(before).filter((name) => !parameters(release).includes(name))).toEqual([]);
    }
    expect(parameters("13.2")).toContain("allow.suser");
    expect(parameters("13.2")).not.toContain("allow.nfsd");
  });

  it("that 14.0 added: allow.nfsd", () => {
    expect(added("13.2", "14.0")).toEqual(["allow.nfsd"]);
  });

  it("that 15.0 added: metadata, and permissions for clocks, routes, attributes, audit and tampering", () => {
    expect(added("14.3", "15.0")).toEqual([
      "allow.adjtime",
      "allow.extattr",
      "allow.mount.p9fs",
      "allow.routing",
      "allow.setaudit",
      "allow.settime",
      "allow.unprivileged_parent_tampering",
      "env",
      "meta",
    ]);
  });

  it("are the same in the releases of one branch, as far as they are known", () => {
    for (const branch of [THIRTEEN, FOURTEEN, FIFTEEN]) {
      for (const release of branch) expect(parameters(release)).toEqual(parameters(branch[0] as string));
    }
  });

  it("that a release does not have are refused by name", async () => {
    const refused = async (release: string, more: object) =>
      (await refusal(on(release).create({ path: "/", ...more })))?.kernelMessage ?? "taken";
    expect(await refused("13.2", { "allow.nfsd": true })).toBe("unknown parameter: allow.nfsd");
    expect(await refused("14.3", { meta: "a=b" })).toBe("unknown parameter: meta");
    expect(await refused("14.3", { "allow.routing": true })).toBe("unknown parameter: allow.routing");
    expect(await refused("15.0", { meta: "a=b", "allow.routing": true })).toBe("taken");
  });
});

describe("host settings", () => {
  it("that came: mlock_allowed with 14.0, the children's and the metadata's with 15.0", () => {
    for (const release of ALL) {
      const { settings } = on(release);
      const major = Number.parseInt(release, 10);
      expect(settings.getSync("security.jail.mlock_allowed"), release).toBe(major >= 14 ? false : undefined);
      expect(settings.getSync("security.jail.children.max"), release).toBe(major >= 15 ? 999999 : undefined);
      expect(settings.getSync("security.jail.meta_maxbufsize"), release).toBe(major >= 15 ? 4096 : undefined);
    }
  });

  it("tell the release", () => {
    for (const release of ALL) {
      const { settings } = on(release);
      expect(settings.getSync("kern.osrelease")).toBe(`${release}-RELEASE`);
      expect(Math.floor(Number(settings.getSync("kern.osreldate")) / 100000)).toBe(Number.parseInt(release, 10));
    }
  });
});

describe("calls", () => {
  it("that 15.0 added: jail descriptors, and so owned jails", async () => {
    for (const release of ALL) {
      const error = await refusal(on(release).create({ path: "/" }, { owned: true }));
      expect(error?.code, release).toBe(FIFTEEN.includes(release) ? undefined : "EINVAL");
      const call = on(release).kernel.jailRemoveJdSync(1 << 30);
      expect(call.error?.code, release).toBe(FIFTEEN.includes(release) ? "EBADF" : "ENOSYS");
    }
  });

  it("that 15.0 added: jail events", async () => {
    for (const release of ALL) {
      const { error } = await on(release).kernel.eventsOpen();
      expect(error?.code, release).toBe(FIFTEEN.includes(release) ? undefined : "ENOSYS");
    }
  });

  it("look at privilege before their flags up to 14, and after them since 15.0", () => {
    const code = (release: string) => {
      const user = on(release).simulation?.process(1001);
      return user?.kernel.jailSetSync(pack([["persist", null]]), 0x1000 | JAIL_CREATE).error?.code;
    };
    for (const release of ALL) expect(code(release), release).toBe(FIFTEEN.includes(release) ? "EINVAL" : "EPERM");
  });
});

describe("a dying jail", () => {
  const dying = async (release: string) => {
    const host = on(release);
    const jail = await host.create({ name: "web", path: "/" });
    host.simulation?.holdDying(jail.jid);
    host.kernel.jailRemoveSync(jail.jid);
    return { host, jid: jail.jid };
  };
  const living = (host: JailHost) => host.listSync(["jid", "name"]);

  it("is brought back to life by JAIL_DYING up to 14, and stays dead since 15.0", async () => {
    for (const release of ALL) {
      const { host, jid } = await dying(release);
      expect(living(host)).toEqual([]);
      const { error } = host.kernel.jailSetSync(
        pack([
          ["jid", int32("jid", jid)],
          ["persist", null],
        ]),
        JAIL_UPDATE | JAIL_DYING,
      );
      if (FIFTEEN.includes(release)) {
        expect(error?.code, release).toBe("ENOENT");
        expect(living(host)).toEqual([]);
      } else {
        expect(error, release).toBeUndefined();
        expect(living(host)).toEqual([{ jid, name: "web" }]);
      }
    }
  });

  it("keeps its jid from others up to 14, and gets another one since 15.0", async () => {
    for (const release of ALL) {
      const { host, jid } = await dying(release);
      const error = await refusal(host.create({ jid, path: "/" }));
      expect(error?.code, release).toBe(FIFTEEN.includes(release) ? undefined : "EEXIST");
      expect(living(host).map((row) => row.jid)).toEqual(FIFTEEN.includes(release) ? [jid] : []);
    }
  });
});

describe("security.jail.list", () => {
  it("gives each jail as many addresses as one before it had, since 14.0", async () => {
    const HEAD = 1560; // of one jail, without its addresses
    for (const release of ALL) {
      const host = on(release);
      await host.create({ path: "/", "ip4.addr": ["10.0.0.1"] });
      await host.create({ path: "/", "ip4.addr": ["10.0.0.2", "10.0.0.3"] });
      const { data } = host.kernel.sysctlSync("security.jail.list");
      expect(data.length, release).toBe(2 * HEAD + 4 * (THIRTEEN.includes(release) ? 3 : 4));
    }
  });
});

describe("commands", () => {
  const COMMANDS: readonly (readonly [CliCommand, ...string[]])[] = [
    [createCommand, "name=web", "path=/jails/web", "ip4.addr=192.0.2.1", "allow.raw_sockets"],
    [setCommand, "web", "allow.mount", "securelevel=1"],
    [getCommand, "web"],
    [listCommand, "-o", "all"],
    [paramsCommand],
    [doctorCommand],
    [removeCommand, "web"],
  ];

  it("work on each release", async () => {
    for (const release of ALL) {
      const folder = mkdtempSync(join(tmpdir(), "bsdjail-releases-"));
      try {
        const env = { BSDJAIL_KERNEL: "simulated", BSDJAIL_RELEASE: release, BSDJAIL_STATE: join(folder, "kernel") };
        for (const [command, ...argv] of COMMANDS) {
          const io = memoryIo(env, folder);
          const status = await command(argv, io);
          expect({ release, argv, status, err: io.err() }).toEqual({ release, argv, status: 0, err: "" });
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  });
});

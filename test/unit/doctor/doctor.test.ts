import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocalKernel } from "../../../lib/binding.js";
import { doctorCommand } from "../../../lib/cli/doctor.js";
import { type Diagnosis, type DoctorMachine, diagnose } from "../../../lib/doctor/index.js";
import { HostSettings, JailHost } from "../../../lib/index.js";
import { memoryIo } from "../cli/memory-io.js";
import { fitting } from "../schemas.js";

const machine = (own: Partial<DoctorMachine> = {}): DoctorMachine => ({
  uid: 0,
  jailExec: "/x/jail-exec",
  output: async () => "1\n2\n3\n4\n5\n",
  ...own,
});
const found = (diagnosis: Diagnosis, name: string) => diagnosis.checks.find((each) => each.name === name);

describe("diagnose", () => {
  it("says what a FreeBSD is ready for, and what to do about each no", async () => {
    const diagnosis = await diagnose(JailHost.simulated({ release: "15.1" }), machine());
    expect(diagnosis).toMatchObject({
      system: "freebsd",
      simulated: true,
      release: "15.1-RELEASE",
      ready: { jails: "yes", vnet: "yes", limits: "no", zfs: "no" },
    });
    expect(found(diagnosis, "racct")?.remedy).toContain("kern.racct.enable=1 into /boot/loader.conf");
    expect(found(diagnosis, "zfs")?.remedy).toContain("zfs_enable=YES");
    expect(found(diagnosis, "devfs")).toMatchObject({ answer: "yes", found: "rulesets 1, 2, 3, 4, 5" });
    for (const check of diagnosis.checks) {
      if (check.answer === "yes") expect(check.remedy).toBeUndefined();
    }
  });

  it("notices a user, missing rulesets, and a devfs(8) that does not answer", async () => {
    const host = JailHost.simulated();
    const user = await diagnose(host, machine({ uid: 1001, output: async () => "\n" }));
    expect(user.ready.jails).toBe("no");
    expect(found(user, "root")).toMatchObject({ answer: "no", found: "user id 1001" });
    expect(found(user, "devfs")).toMatchObject({ answer: "no", found: "no rulesets" });
    expect(found(user, "devfs")?.remedy).toContain("service devfs restart");
    const mute = await diagnose(host, machine({ output: async () => undefined }));
    expect(found(mute, "devfs")?.answer).toBe("unknown");
    expect(mute.ready.jails).toBe("yes");
  });

  it("asks in a jail for room for another", async () => {
    const host = JailHost.simulated({ release: "15.1" });
    const answer = async (most: number) => {
      const jail = await host.create({ path: "/", "children.max": most });
      const inside = host.simulation?.process();
      inside?.attach(jail.jid);
      const kernel = inside?.kernel as LocalKernel;
      const view = Object.create(host, { kernel: { value: kernel }, settings: { value: new HostSettings(kernel) } });
      Object.defineProperty(view, "parameters", { value: host.parameters });
      return diagnose(view as JailHost, machine());
    };
    const none = await answer(0);
    expect(none.ready.jails).toBe("no");
    expect(found(none, "children")).toMatchObject({ found: "0 of at most 0" });
    expect(found(none, "children")?.remedy).toContain("children.max=1");
    expect((await answer(2)).ready.jails).toBe("yes");
  });

  it("knows the releases apart", async () => {
    const older = await diagnose(JailHost.simulated({ release: "13.2" }), machine());
    expect(found(older, "descriptors")?.answer).toBe("no");
    expect(found(older, "release")).toMatchObject({ answer: "yes", found: "13.2-RELEASE" });
    expect(found(await diagnose(JailHost.simulated({ release: "15.0" }), machine()), "descriptors")?.answer).toBe(
      "yes",
    );
    const ancient = await diagnose(JailHost.simulated({ osrelease: "12.4-RELEASE" }), machine());
    expect(found(ancient, "release")?.answer).toBe("no");
    expect(ancient.ready.jails).toBe("no");
  });
});

describe("bsdjail doctor", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bsdjail-doctor-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function run(...argv: string[]) {
    const io = memoryIo({ BSDJAIL_KERNEL: "simulated", BSDJAIL_STATE: join(folder, "kernel") }, folder);
    return { status: await doctorCommand(argv, io), out: io.out(), err: io.err() };
  }

  it("prints areas, answers and remedies", async () => {
    const { status, out, err } = await run();
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toContain("FreeBSD 15.1-RELEASE, simulated\n\njails: ready\n");
    expect(out).toContain("limits (rctl): not ready\n  no   The kernel counts resources");
    expect(out).toContain("       Put kern.racct.enable=1 into /boot/loader.conf");
  });

  it("ends by what was asked about", async () => {
    expect((await run("jails", "vnet")).status).toBe(0);
    const limits = await run("limits");
    expect(limits.status).toBe(1);
    expect(limits.out).not.toContain("ZFS");
    const wrong = await run("vnets");
    expect(wrong.status).toBe(2);
    expect(wrong.err).toContain('unknown area "vnets"; did you mean "vnet"?');
    expect((await run("--help")).out).toContain("usage: bsdjail doctor");
  });

  it("answers in JSON as its schema says", async () => {
    const { status, out } = await run("--json");
    expect(status).toBe(0);
    const value = fitting<Diagnosis & { kernel: string }>("doctor", out);
    expect(value).toMatchObject({ kernel: "simulated", system: "freebsd", ready: { jails: "yes", limits: "no" } });
  });
});

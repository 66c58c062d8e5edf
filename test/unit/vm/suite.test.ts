import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { TestModule } from "vitest/node";
import { CommandOverrun } from "../../../scripts/vm/console/shell.js";
import { VmError } from "../../../scripts/vm/errors.js";
import type { Guest, GuestRun } from "../../../scripts/vm/guest/guest.js";
import type { TarSource } from "../../../scripts/vm/guest/tar.js";
import { prebuilds, prebuilt } from "../../../scripts/vm/suite/addon.js";
import { checkoutFiles } from "../../../scripts/vm/suite/checkout.js";
import { commandPlan } from "../../../scripts/vm/suite/command-plan.js";
import { countJunit, countLine, junitOf, mergeJunit, sum } from "../../../scripts/vm/suite/junit.js";
import { givenModules } from "../../../scripts/vm/suite/modules.js";
import { fittingFiles, releaseIn, type SuiteOptions, suitePlan } from "../../../scripts/vm/suite/own-suite.js";
import type { Work } from "../../../scripts/vm/suite/plan.js";
import { provideNode } from "../../../scripts/vm/suite/provision.js";
import SkipsReporter, { DECLARED } from "../../../scripts/vm/suite/skips-reporter.js";
import { exitStatus, type MachineResult, type PartResult, summaryLines } from "../../../scripts/vm/suite/summary.js";
import { Waits } from "../../../scripts/vm/waits.js";
import { scratch } from "./fake-console.js";

const { signal } = new AbortController();

describe("counts", () => {
  const xml = `<?xml version="1.0"?><testsuites name="vitest tests" tests="9">
<testsuite name="a.test.ts" timestamp="x" hostname="h" tests="5" failures="1" errors="0" skipped="2" time="1">..</testsuite>
<testsuite name="b.test.ts" tests="4" failures="0" errors="1" skipped="0">..</testsuite></testsuites>`;

  it("are read from JUnit's form, suite by suite", () => {
    expect(countJunit(xml)).toEqual({ passed: 5, failed: 2, skipped: 2 });
    expect(countJunit("<testsuites></testsuites>")).toBeUndefined();
  });

  it("are read from the last closing line", () => {
    expect(countLine("1 passed, 2 failed\nnoise\n12 passed, 0 failed, 3 skipped\n")).toEqual({
      passed: 12,
      failed: 0,
      skipped: 3,
    });
    expect(countLine("12 passed")).toBeUndefined();
  });

  it("of several machines are one report, each suite under its machine's name", () => {
    const own = junitOf("random", { passed: 1, failed: 2, skipped: 0 }, "first <difference> & \x1b[31mred");
    expect(own).toContain("first &lt;difference&gt; &amp; ?[31mred");
    const merged = mergeJunit([
      { machine: "15.0-amd64", xml },
      { machine: "14.3-amd64", xml: own },
    ]);
    expect([...merged.matchAll(/<testsuite name="([^"]*)"/g)].map(([, name]) => name)).toEqual([
      "15.0-amd64: a.test.ts",
      "15.0-amd64: b.test.ts",
      "14.3-amd64: random",
    ]);
    expect(countJunit(merged)).toEqual(
      sum([
        { passed: 5, failed: 2, skipped: 2 },
        { passed: 1, failed: 2, skipped: 0 },
      ]),
    );
  });
});

function part(changes: Partial<PartResult>): PartResult {
  return { name: "vitest", status: 0, counts: { passed: 3, failed: 0, skipped: 0 }, ms: 1500, skips: [], ...changes };
}

function machine(changes: Partial<MachineResult>): MachineResult {
  return {
    ...{ label: "15.0", arch: "amd64", system: "FreeBSD 15.0-RELEASE amd64", accelerator: "tcg", way: "serial" },
    ...{
      image: "/i",
      addon: "cross-compiled",
      bootMs: 2000,
      resumed: true,
      notes: [],
      parts: [part({})],
      warnings: [],
    },
    recording: "/out/console.log",
    ...changes,
  };
}

describe("the end of a run", () => {
  it("has the exit status of the first part that failed; a missing one is a failure, a warning is none", () => {
    const status = (...results: Partial<MachineResult>[]) => exitStatus(results.map(machine), 125);
    expect(status({})).toBe(0);
    expect(status({ warnings: ["it did not power off"] })).toBe(0);
    expect(status({ parts: [part({}), part({ status: 3 })] }, { parts: [part({ status: 4 })] })).toBe(3);
    expect(status({ parts: [part({ status: undefined, problem: "gone" })] })).toBe(1);
    expect(status({ parts: [part({ counts: { passed: 1, failed: 1, skipped: 0 } })] })).toBe(1);
    expect(status({ parts: [part({ status: undefined, leftOut: true, problem: "no recording" })] })).toBe(0);
    expect(status({}, { parts: [], trouble: "the kernel panicked" })).toBe(125);
  });

  it("is told with what it ran on, what was skipped and why", () => {
    const skips = [{ reason: "needs ZFS", tests: ["a: 1", "a: 2", "a: 3", "b: 4"] }];
    const text = summaryLines(
      machine({
        notes: ["kvm: there is no /dev/kvm"],
        parts: [part({ skips }), part({ name: "random", status: undefined, counts: undefined, problem: "it hangs" })],
        trouble: "the machine hangs",
        warnings: ["slow"],
      }),
    ).join("\n");
    for (const words of [
      "FreeBSD 15.0-RELEASE amd64",
      "accelerator tcg, way in serial, resumed in 2.0 s",
      "note: kvm: there is no /dev/kvm",
      "vitest: 3 passed, 0 failed, 0 skipped (exit status 0, 1.5 s)",
      "skipped 4: needs ZFS",
      "and 1 more",
      "random: (no exit status: it hangs",
      "trouble: the machine hangs",
      "warning: slow",
      "console /out/console.log",
    ]) {
      expect(text).toContain(words);
    }
  });
});

it("skips are listed by their reasons, and by their declaration where a test gives none", () => {
  const file = join(scratch(), "skips.json");
  const test = (fullName: string, note?: string) => ({ fullName, result: () => ({ state: "skipped", note }) });
  const children = { allTests: () => [test("one", "no ZFS"), test("two"), test("three", "no ZFS")] };
  process.env.BSDJAIL_VM_SKIPS = file;
  try {
    new SkipsReporter().onTestRunEnd([{ relativeModuleId: "a.test.ts", children } as unknown as TestModule]);
  } finally {
    delete process.env.BSDJAIL_VM_SKIPS;
  }
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual([
    { reason: "no ZFS", tests: ["a.test.ts: one", "a.test.ts: three"] },
    { reason: DECLARED, tests: ["a.test.ts: two"] },
  ]);
});

it("a checkout is what git has and what is new, without what is ignored or removed", async ({ skip }) => {
  skip(spawnSync("git", ["--version"]).status !== 0, "git is not installed");
  const root = scratch();
  const git = (...args: string[]) =>
    spawnSync("git", ["-C", root, "-c", "user.name=t", "-c", "user.email=t@t", ...args]);
  git("init", "-q");
  for (const name of ["kept", "removed", "ö name", "dist/built"]) {
    mkdirSync(join(root, "dist"), { recursive: true });
    writeFileSync(join(root, name), "");
  }
  writeFileSync(join(root, ".gitignore"), "dist\nignored\n");
  git("add", "-A");
  git("commit", "-qm", "x");
  rmSync(join(root, "removed"));
  writeFileSync(join(root, "new"), "");
  writeFileSync(join(root, "ignored"), "");
  const files = await checkoutFiles(root, ["dist", "not-there"], signal);
  expect([...files].sort()).toEqual([".gitignore", "dist", "kept", "new", "ö name"]);
  await expect(checkoutFiles("/nowhere", [], signal)).rejects.toThrow("git could not list");
});

it("recordings fit a guest of their own major release", () => {
  expect([releaseIn("FreeBSD 15.0-RELEASE-p1 amd64"), releaseIn("Linux 6.1.0 x86_64")]).toEqual(["15.0", undefined]);
  const root = join(__dirname, "../../..");
  const files = fittingFiles(root, "test/fixtures/kernel", "13.5");
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(basename(file)).toMatch(/^freebsd-13\./);
  expect(fittingFiles(root, "test/fixtures/kernel", "99.0")).toEqual([]);
});

/** A guest that notes what it is told, and answers as it was told to. */
class FakeGuest implements Guest {
  readonly way = "serial";
  readonly ran: string[] = [];
  readonly putIn: string[] = [];
  readonly #answers: (line: string, options: GuestRun) => number | Error;
  readonly #files: Readonly<Record<string, string>>;

  constructor(
    answers: (line: string, options: GuestRun) => number | Error,
    files: Readonly<Record<string, string>> = {},
  ) {
    this.#answers = answers;
    this.#files = files;
  }

  async run(argv: readonly string[], options: GuestRun): Promise<number> {
    const line = argv.join(" ");
    this.ran.push(line);
    const answer = this.#answers(line, options);
    if (answer instanceof Error) throw answer;
    return answer;
  }

  async put(source: TarSource, folder: string): Promise<void> {
    this.putIn.push(`${"archive" in source ? source.archive : source.names.join(" ")} -> ${folder}`);
  }

  async get(_folder: string, names: readonly string[], into: string): Promise<void> {
    for (const name of names) {
      const content = this.#files[name];
      if (content === undefined) throw new VmError(`${name} is not there`);
      writeFileSync(join(into, name), content);
    }
  }

  close(): void {}
}

function work(guest: Guest, changes: Partial<Work> = {}): Work {
  return {
    ...{
      guest,
      arch: "amd64",
      waits: new Waits(),
      signal,
      emulated: true,
      out: scratch(),
      system: "FreeBSD 15.1-RELEASE amd64",
    },
    ...{ show: () => {}, say: () => {} },
    ...changes,
  };
}

describe("the plan for our own suite", () => {
  const root = join(__dirname, "../../..");
  const modules = { folder: "/modules", identity: "m1" };
  const options: SuiteOptions = {
    ...{ root, modules, node: undefined, network: false, words: ["test/unit/params"] },
    addon: { by: "compiled in the guest", why: "zig was not found" },
    parts: ["vitest", "conformance", "random"],
  };

  // The checkout is listed by git, and this one may be a copy without its history.
  const listed = spawnSync("git", ["-C", root, "rev-parse", "--git-dir"]).status === 0;

  it("runs the parts with their results, and goes on after one that failed or never returned", async ({ skip }) => {
    skip(!listed, "this is no checkout of git's");
    const guest = new FakeGuest(
      (line) => {
        if (line.includes("vitest.mjs")) return 1;
        return line.includes("scripts/conformance.ts")
          ? new CommandOverrun("the command did not return within 9 s")
          : 0;
      },
      {
        "vitest.xml": '<testsuite name="a" tests="2" failures="1" errors="0" skipped="1"></testsuite>',
        "skips.json": "[]",
      },
    );
    const results = await suitePlan(options).run(work(guest));
    const late = { status: undefined, problem: expect.stringContaining("--wait suite=SECONDS") };
    const recordings = fittingFiles(root, "test/fixtures/kernel", "15.1").length;
    expect(recordings).toBeGreaterThan(1);
    expect(results).toMatchObject([
      { name: "vitest", status: 1, counts: { passed: 0, failed: 1, skipped: 1 } },
      ...Array.from({ length: recordings }, () => ({ name: expect.stringMatching(/^conformance-15\./), ...late })),
      { name: "random", leftOut: true },
    ]);
    const vitest = guest.ran.find((line) => line.includes("vitest.mjs"));
    expect(vitest).toMatch(/--reporter=junit .* test\/unit\/params$/);
    expect(guest.ran).toContain("node scripts/install.cjs");
    expect(guest.putIn[0]).toContain("package.json");
  });

  it("compares each recording on the machine as it was prepared, where that can be had", async ({ skip }) => {
    skip(!listed, "this is no checkout of git's");
    const machines: FakeGuest[] = [];
    const begun = (): Work => {
      const guest = new FakeGuest(() => 0);
      machines.push(guest);
      return work(guest, { renew: async () => begun() });
    };
    await suitePlan({ ...options, parts: ["conformance", "transcripts", "vitest"] }).run(begun());
    const compared = machines.map(({ ran }) =>
      ran.flatMap((line) => /fixtures\/\w+\/freebsd-(\S+)$/.exec(line)?.[1] ?? []),
    );
    expect(compared.every((files) => files.length === 1)).toBe(true);
    expect(compared.flat()).toContain("15.1-jexec.json");
    for (const { putIn, ran } of machines) {
      expect(putIn).toEqual([expect.stringContaining("package.json")]);
      expect(ran.findIndex((line) => line.includes("JailHost"))).toBeGreaterThanOrEqual(0);
    }
    expect(machines.at(-1)?.ran.at(-1)).toMatch(/vitest/);
  });

  it("stops with the machine, and where the addon does not work in it", async ({ skip }) => {
    skip(!listed, "this is no checkout of git's");
    const gone = new FakeGuest((line) => (line.includes("vitest.mjs") ? new VmError("the kernel panicked: x") : 0));
    await expect(suitePlan(options).run(work(gone))).rejects.toThrow("the kernel panicked");
    const useless = new FakeGuest((line) => (line.includes("JailHost") ? 1 : 0));
    await expect(suitePlan(options).run(work(useless))).rejects.toThrow("the addon does not work in the guest");
  });

  it("is another one when what it prepares is", () => {
    const plans = [options, { ...options, modules: { ...modules, identity: "m2" } }, { ...options, network: true }];
    expect(new Set(plans.map((each) => suitePlan(each).identity)).size).toBe(3);
    expect(suitePlan({ ...options, words: [] }).identity).toBe(suitePlan(options).identity);
  });
});

describe("Node.js in a guest", () => {
  it("is the guest's own where it has one", async () => {
    const guest = new FakeGuest(() => 0);
    await provideNode(work(guest), undefined, false);
    expect(guest.ran.some((line) => line.includes("pkg"))).toBe(false);
  });

  it("is put in where it is given, and asked for its version", async () => {
    const folder = scratch();
    writeFileSync(join(folder, "node-v22.tar.xz"), "");
    const guest = new FakeGuest((line) => (line === "node --version" ? 126 : 0));
    const failure = provideNode(work(guest), join(folder, "node-v22.tar.xz"), false);
    await expect(failure).rejects.toThrow("asking node for its version: exit status 126");
    expect(guest.putIn).toEqual([`${folder}/node-v22.tar.xz -> /opt/bsdjail/node`]);
    await expect(provideNode(work(guest), "/nowhere/node", false)).rejects.toThrow("--node /nowhere/node");
  });

  it("comes by pkg, the newest that there is; without a network it is missed", async () => {
    const guest = new FakeGuest((line) => Number(line.includes("/bin/sh -c node") || line.includes("node24")));
    await provideNode(work(guest), undefined, true);
    expect(guest.ran.filter((line) => line.includes("pkg install")).map((line) => line.split(" ").at(-1))).toEqual([
      "node24",
      "node22",
    ]);
    await expect(provideNode(work(new FakeGuest(() => 1)), undefined, false)).rejects.toThrow(
      "no network to get it by",
    );
    await expect(provideNode(work(new FakeGuest(() => 1)), undefined, true)).rejects.toMatchObject({
      hint: expect.stringContaining("--node"),
    });
  });
});

it("a command's plan brings results back, and says which did not come", async () => {
  const guest = new FakeGuest(() => 0, { "out.txt": "x" });
  const plan = commandPlan({
    root: undefined,
    prepare: "echo p",
    argv: ["make"],
    env: {},
    back: ["out.txt", "missing"],
  });
  expect(await plan.run(work(guest))).toMatchObject([
    { name: "make", status: 0 },
    { name: "getting missing", status: undefined, problem: "missing is not there" },
  ]);
});

it("node_modules and prebuilds that are named have to be there", () => {
  const folder = scratch();
  expect(() => givenModules(folder)).toThrow("no node_modules with vitest");
  mkdirSync(join(folder, "node_modules/vitest"), { recursive: true });
  expect(givenModules(join(folder, "node_modules")).folder).toBe(folder);
  expect(() => prebuilt(folder, "aarch64")).toThrow("prebuilds/freebsd-arm64 has no prebuild");
  mkdirSync(join(folder, prebuilds("amd64")), { recursive: true });
  writeFileSync(join(folder, prebuilds("amd64"), "bsdjail.node"), "");
  expect(prebuilt(folder, "amd64")).toEqual({ by: "cross-compiled", folder: "prebuilds/freebsd-x64" });
});

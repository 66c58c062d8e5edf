import { execFileSync } from "node:child_process";
import { tracingChannel } from "node:diagnostics_channel";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  JailHost,
  type LifecycleEvent,
  PlanStaleError,
  parseDefinitions,
  readDefinitions,
  ready,
  STEP_CHANNEL,
  type StepTrace,
} from "../../../lib/index.js";
import { checkBooks } from "../../../lib/lifecycle/open.js";

function folder(...directories: string[]) {
  const path = mkdtempSync(join(tmpdir(), "host-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const directory of directories) mkdirSync(join(path, directory), { recursive: true });
  return path;
}

const CONF = `
path = "/jails/$name";
persist;
mount.devfs;
web { interface = em0; ip4.addr = 192.0.2.10/24, 192.0.2.11; exec.start = "server &"; depend = db; }
db { exec.poststart = "echo ready; true"; meta.owner = ops; }
`;

/** A simulated machine in memory with two jails' roots and an interface. */
function machine(conf = CONF) {
  const root = folder("jails/web/dev", "jails/db/dev");
  const host = JailHost.simulated();
  const lifecycle = host.lifecycle({ root });
  lifecycle.simulation?.change((world) => {
    world.interfaces.push({ name: "em0", vnet: 0, driver: "physical", up: true, addresses: [] });
  });
  const { jails, problems } = parseDefinitions(conf);
  expect(problems).toEqual([]);
  return { root, host, lifecycle, jails };
}

describe("the lifecycle of a host", () => {
  it("starts and stops what a jail.conf says, on the simulated kernel", async () => {
    const { host, lifecycle, jails } = machine();
    const up = await lifecycle.up(jails).result;
    expect(up.jails.map(({ jail, state }) => `${jail} ${state}`)).toEqual(["db up", "web up"]);
    expect(host.listSync(["name", "ip4.addr"])).toEqual([
      { name: "db", "ip4.addr": [] },
      { name: "web", "ip4.addr": ["192.0.2.10", "192.0.2.11"] },
    ]);
    expect(host.commands.map(({ jail, argv }) => `${jail}: ${argv.join(" ")}`)).toEqual(["web: server"]);
    expect(lifecycle.simulation?.world.mounts.map(({ target }) => target)).toContain("/jails/web/dev");
    expect((await host.lifecycle({ root: lifecycle.simulation?.root }).why("web")).findings).toMatchObject([
      { about: "fine" },
    ]);
    expect((await lifecycle.down(jails).result).ok).toBe(true);
    expect(host.listSync(["name"])).toEqual([]);
    expect(lifecycle.simulation?.world.mounts).toHaveLength(1);
  });

  it("tells its events to an iterator, to a callback and to a diagnostics channel", async () => {
    const { lifecycle, jails } = machine();
    const traced: StepTrace[] = [];
    const channel = tracingChannel<string, StepTrace>(STEP_CHANNEL);
    const subscriber = {
      asyncEnd: (trace: StepTrace) => void traced.push(trace),
    } as never;
    channel.subscribe(subscriber);
    const called: LifecycleEvent[] = [];
    const iterated: LifecycleEvent[] = [];
    const run = lifecycle.up(jails, { onEvent: (event) => called.push(event) });
    for await (const event of run) iterated.push(event);
    channel.unsubscribe(subscriber);
    expect(iterated).toEqual(called);
    const steps = iterated.filter((event) => event.type === "step");
    expect(traced.map(({ event }) => event)).toEqual(steps);
    const poststart = steps.find(({ step }) => step === "exec.poststart");
    expect(poststart).toMatchObject({
      jail: "db",
      direction: "up",
      where: "host",
      argv: ["/bin/sh", "-c", "echo ready; true"],
      outcome: "done",
      status: 0,
    });
  });

  it("really runs the programs that the machine does not know, where that is asked for", async () => {
    const root = folder("jails/web/dev", "jails/db/dev");
    const host = JailHost.simulated();
    const asked: string[] = [];
    const programs = ({ argv }: { argv: readonly string[] }) => {
      asked.push(argv.join(" "));
      return { stdout: "from a function\n" };
    };
    const [, db] = parseDefinitions(CONF).jails;
    for (const [way, text] of [["host", "ready\n"] as const, [programs, "from a function\n"] as const]) {
      const lifecycle = host.lifecycle({ root, programs: way });
      const run = lifecycle.up([db as never]);
      const outputs: string[] = [];
      for await (const event of run) if (event.type === "step") outputs.push(event.stdout);
      expect(outputs.join("")).toBe(text);
      await lifecycle.down([db as never]).result;
    }
    expect(asked).toEqual(["/bin/sh -c echo ready; true"]);
  });

  it("keeps its books beside a state file, in its own folder in memory, and where it is told", async () => {
    const path = folder("root/jails");
    const definition = { name: "a", parameters: { path: "/", persist: true } };
    const shared = JailHost.simulated({ stateFile: join(path, "kernel") });
    await shared.up([definition]).result;
    expect(readdirSync(join(path, "kernel.machine/ledgers"))).toContain("a.ledger");
    // Another object, as another process would have it.
    const other = JailHost.simulated({ stateFile: join(path, "kernel") });
    expect(await other.lifecycle().status()).toMatchObject([{ name: "a", state: "up", situation: "up" }]);
    expect((await other.down([], { only: ["a"] }).result).jails).toMatchObject([{ state: "down" }]);
    await JailHost.simulated()
      .lifecycle({ directory: join(path, "books") })
      .up([definition]).result;
    expect(readdirSync(join(path, "books"))).toContain("a.ledger");
    await JailHost.simulated()
      .lifecycle({ root: join(path, "root") })
      .up([definition]).result;
    expect(readdirSync(join(path, "root/var/db/bsdjail"))).toContain("a.ledger");
    expect(existsSync("/var/db/bsdjail/a.ledger")).toBe(false);
  });

  it("refuses options that cannot be", () => {
    const host = JailHost.simulated();
    expect(() => host.lifecycle({ directory: "books" })).toThrow(/directory.*must be absolute/);
    expect(() => host.lifecycle({ root: "./x" })).toThrow(/root.*must be absolute/);
    const run = (options: object) => host.lifecycle().up([], options).result;
    return Promise.all([
      expect(run({ parallel: 0 })).rejects.toThrow(/0 commands at once/),
      expect(run({ withinMs: -1 })).rejects.toThrow(/withinMs is -1/),
    ]);
  });

  it("believes no books that others can write", () => {
    const path = folder();
    const books = join(path, "books");
    checkBooks(books);
    mkdirSync(books, { mode: 0o700 });
    checkBooks(books);
    symlinkSync(books, join(path, "link"));
    checkBooks(join(path, "link"));
    for (const mode of [0o720, 0o702, 0o1777]) {
      chmodSync(books, mode);
      expect(() => checkBooks(books)).toThrow(/^directory cannot be ".*books": others than its owner may write in it/);
      expect(() => checkBooks(join(path, "link"))).toThrow(/others than its owner/);
    }
    writeFileSync(join(path, "file"), "");
    expect(() => checkBooks(join(path, "file"))).toThrow(/it must be a folder/);
  });

  it.runIf(process.geteuid?.() === 0)("believes no books of another user", () => {
    const path = folder();
    const books = join(path, "books");
    mkdirSync(books, { mode: 0o700 });
    symlinkSync(books, join(path, "link"));
    lchownSync(join(path, "link"), 65534, 65534);
    checkBooks(books);
    expect(() => checkBooks(join(path, "link"))).toThrow(/belongs to another user \(user id 65534\)/);
    chownSync(books, 65534, 65534);
    expect(() => checkBooks(books)).toThrow(/belongs to another user/);
  });

  it("refuses what is no definition by its place, and says nothing where nobody waits", async () => {
    const host = JailHost.simulated();
    const cases: [unknown, RegExp][] = [
      [undefined, /^definitions cannot be undefined: they must be an array/],
      [[null], /^definitions\[0\]\.name cannot be undefined/],
      [[{ name: "a", parameters: {} }, { name: "b" }], /^definitions\[1\]\.parameters cannot be undefined/],
    ];
    for (const [given, message] of cases) {
      const definitions = given as never;
      void host.up(definitions);
      await expect(host.up(definitions).result).rejects.toThrow(message);
      await expect(host.down(definitions).result).rejects.toThrow(message);
      await expect(host.lifecycle().plan(definitions)).rejects.toThrow(message);
    }
    expect(await host.list(["name"])).toEqual([]);
  });

  it("is refused where jails have no names", () => {
    const dragonfly = JailHost.simulated({ release: "dragonfly-6.4" });
    expect(() => dragonfly.lifecycle()).toThrow(/DragonFly's have none/);
  });

  it("leaves out what a jail.conf has wrong, and says it", () => {
    const { jails, problems } = parseDefinitions(
      "a { path = $nowhere; }\nb { path = /; }\n7 { name = seven; path = /; }",
    );
    expect(jails.map(({ name, parameters }) => [name, parameters])).toEqual([
      ["b", { path: "/" }],
      ["seven", { jid: "7", path: "/" }],
    ]);
    expect(problems).toMatchObject([{ jail: "a" }]);
    expect(readDefinitions("/no/such/jail.conf")).toMatchObject({ jails: [], problems: [{ place: undefined }] });
  });

  it("undoes what it does when a listener throws, and then says what was thrown", async () => {
    const { host, lifecycle, jails } = machine();
    const run = lifecycle.up(jails, {
      onEvent: (event) => {
        if (event.type === "step" && event.step === "mount.devfs") throw new Error("a listener's own");
      },
    });
    await expect(run.result).rejects.toThrow("a listener's own");
    expect(host.listSync(["name"])).toEqual([]);
    expect(lifecycle.simulation?.world.mounts).toHaveLength(1);
  });

  it("waits for a probe that is a function, and no longer than its time", async () => {
    const { lifecycle, jails } = machine();
    const [, db] = jails as never as [never, { name: string; parameters: object }];
    const asked: number[] = [];
    const good = ready.call(({ jid }) => asked.push(jid) > 2);
    expect((await lifecycle.up([{ ...db, ready: good } as never]).result).ok).toBe(true);
    expect(asked.length).toBe(3);
    await lifecycle.down(jails).result;
    const never = ready.call(() => new Promise<boolean>(() => {}), { timeoutMs: 50 });
    const outcome = await lifecycle.up([{ ...db, ready: never } as never]).result;
    expect(outcome.jails[0]?.error).toMatchObject({
      code: "ETIMEDOUT",
      message: expect.stringContaining("the function did not answer"),
    });
  });
});

describe("a plan", () => {
  it("of a start that was made is refused when the machine has moved, and done otherwise", async () => {
    const { lifecycle, jails } = machine();
    const plan = await lifecycle.plan(jails);
    expect(plan.jails.map(({ jail, change }) => `${jail} ${change}`)).toEqual(["db create", "web create"]);
    expect((await lifecycle.apply(plan).result).ok).toBe(true);
    expect((await lifecycle.plan(jails)).jails.map(({ change }) => change)).toEqual(["none", "none"]);
    await expect(lifecycle.apply(plan).result).rejects.toThrow(PlanStaleError);
  });

  it("survives being written down", async () => {
    const { host, lifecycle, jails } = machine();
    const text = JSON.stringify(await lifecycle.plan(jails));
    expect((await lifecycle.apply(JSON.parse(text)).result).ok).toBe(true);
    expect(host.listSync(["name"])).toHaveLength(2);
  });

  it("of a stop names those that need what is stopped, and can be applied", async () => {
    const { host, lifecycle, jails } = machine();
    await lifecycle.up(jails).result;
    const plan = await lifecycle.planDown(jails, { only: ["db"] });
    expect(plan.jails.map(({ jail, change }) => `${jail} ${change}`)).toEqual(["web remove", "db remove"]);
    expect((await lifecycle.apply(plan).result).jails.map(({ jail }) => jail)).toEqual(["web", "db"]);
    expect(host.listSync(["name"])).toEqual([]);
  });

  it("restarts a jail that lost a parameter, with those that need it, and says why", async () => {
    const { lifecycle, jails } = machine(CONF.replace("db {", "db { allow.raw_sockets; "));
    await lifecycle.up(jails).result;
    const without = parseDefinitions(CONF).jails;
    const plan = await lifecycle.plan(without);
    expect(plan.jails).toMatchObject([
      { jail: "db", change: "restart", because: ["allow.raw_sockets"] },
      { jail: "web", change: "restart", because: ['it needs "db"'] },
    ]);
    expect((await lifecycle.apply(plan).result).ok).toBe(true);
    expect((await lifecycle.plan(without)).jails.map(({ change }) => change)).toEqual(["none", "none"]);
  });

  it("takes away a key of meta that is not defined any more, without a restart", async () => {
    const { host, lifecycle, jails } = machine();
    await lifecycle.up(jails).result;
    const without = parseDefinitions(CONF.replace("meta.owner = ops;", "")).jails;
    const plan = await lifecycle.plan(without);
    expect(plan.jails).toMatchObject([
      { jail: "db", change: "update", because: ["meta.owner"] },
      { jail: "web", change: "none" },
    ]);
    expect((await lifecycle.apply(plan).result).ok).toBe(true);
    expect(host.listSync(["meta"])[0]).toEqual({ meta: "" });
    expect((await lifecycle.plan(without)).jails.map(({ change }) => change)).toEqual(["none", "none"]);
  });
});

describe("before anything is begun", () => {
  const problemsOf = async (conf: string) => {
    const { lifecycle, jails } = machine(conf);
    const { problems } = await lifecycle.up(jails).result;
    return problems.map(({ jail, message }) => `${jail}: ${message}`);
  };

  it("a jail in a jail needs that one, and room in it", async () => {
    expect(await problemsOf('path = "/jails/db"; persist; "web.sub" {}')).toEqual([
      'web.sub: name: "web.sub" is a jail in "web", which is neither defined nor up',
    ]);
    expect(await problemsOf('path = "/jails/db"; persist; web { } "web.sub" {}')).toEqual([
      'web.sub: name: "web.sub" is a jail in "web", whose children.max is 0: set it to the number of its jails',
    ]);
  });

  it("an interface goes only into a network stack of its own", async () => {
    expect(await problemsOf('web { path = "/jails/web"; persist; vnet.interface = em0; }')).toEqual([
      "web: vnet.interface: em0: the jail has no network stack of its own: set vnet",
    ]);
  });
});

describe("what is mounted already", () => {
  it("is as good as ours, unless more may be written to it", async () => {
    const root = folder("jails/web/data", "srv/data");
    const lifecycle = JailHost.simulated().lifecycle({ root });
    const definition = (options: string) => [
      {
        name: "web",
        parameters: { path: "/jails/web", persist: true, mount: `/srv/data /jails/web/data nullfs ${options} 0 0` },
      },
    ];
    lifecycle.simulation?.change((world) => {
      world.mounts.push({
        source: "/srv/data",
        target: "/jails/web/data",
        type: "nullfs",
        options: ["rw"],
        fsid: "ff29000000000000",
      });
    });
    const refused = await lifecycle.up(definition("ro")).result;
    expect(refused.jails[0]?.error).toMatchObject({ code: "EBUSY", hint: expect.stringContaining("mount -u -o ro") });
    expect((await lifecycle.up(definition("rw")).result).ok).toBe(true);
    await lifecycle.down(definition("rw")).result;
    expect(lifecycle.simulation?.world.mounts.map(({ fsid }) => fsid)).toContain("ff29000000000000");
  });

  it("a devfs of somebody else's gets the jail's own on top, which alone is taken away", async () => {
    const { lifecycle, jails } = machine();
    lifecycle.simulation?.change((world) => {
      world.mounts.push({
        source: "devfs",
        target: "/jails/db/dev",
        type: "devfs",
        options: [],
        fsid: "ff71000000000000",
      });
    });
    const there = () =>
      lifecycle.simulation?.world.mounts
        .filter(({ target }) => target === "/jails/db/dev")
        .map(({ options }) => options);
    await lifecycle.up(jails, { only: ["db"] }).result;
    expect(there()).toEqual([[], ["ruleset=4"]]);
    await lifecycle.down(jails).result;
    expect(there()).toEqual([[]]);
  });
});

it("the time for all ends what waits and what is begun, and what was done is undone", async () => {
  const { host, lifecycle, jails } = machine(CONF.replace("echo ready; true", "/bin/sleep 60"));
  const slow = host.lifecycle({ root: lifecycle.simulation?.root, programs: "host" });
  const outcome = await slow.up(jails, { withinMs: 300 }).result;
  expect(outcome.jails).toMatchObject([
    {
      jail: "db",
      state: "failed",
      error: { code: "ETIMEDOUT", message: expect.stringContaining("time for all jails") },
    },
    { jail: "web", state: "skipped" },
  ]);
  expect(host.listSync(["name"])).toEqual([]);
  expect(lifecycle.simulation?.world.mounts).toHaveLength(1);
});

it("a jail.conf in a file is read with what it includes", () => {
  const path = folder("d");
  writeFileSync(join(path, "jail.conf"), `.include "d/*.conf";\n`);
  writeFileSync(join(path, "d/web.conf"), `web { path = "/"; exec.start = "a", "b"; }\n`);
  expect(readDefinitions(join(path, "jail.conf")).jails).toEqual([
    { name: "web", parameters: { path: "/", "exec.start": ["a", "b"] } },
  ]);
});

it("a jail that stays dying is what a stop left, and is told from one that others stopped", async () => {
  const { host, lifecycle, jails } = machine();
  await lifecycle.up(jails, { only: ["db"] }).result;
  const [{ jid } = { jid: 0 }] = host.listSync(["jid"]);
  host.simulation?.holdDying(jid);
  const down = await lifecycle.down(jails, { only: ["db"], withinMs: 1 }).result;
  expect(down.jails).toMatchObject([
    {
      jail: "db",
      state: "failed",
      error: { code: "EBUSY", message: expect.stringMatching(/still dying after 1\.0 s$/) },
      left: [{ thing: "jail db", code: "EBUSY" }],
    },
  ]);
  const [row] = await lifecycle.status();
  expect(row).toMatchObject({ name: "db", state: "dying", situation: "remains" });
  const { findings } = await lifecycle.why("db", jails);
  expect(findings.map(({ about, cause }) => `${about}: ${cause}`)).toEqual([
    "not gone: the last stop could not take everything away",
    expect.stringMatching(
      /^not stopped: in its last run, removal failed: jail \d+ \("db"\) was removed and is still dying/,
    ),
    expect.stringMatching(/^not gone: /),
  ]);
  host.simulation?.finishDying(jid);
  expect((await lifecycle.recover().result).jails).toMatchObject([
    { jail: "db", state: "down", reason: "what a stop could not take away was taken away" },
  ]);
  expect(lifecycle.simulation?.world.mounts).toHaveLength(1);
});

it("a console log that is a pipe, a directory or behind a link is refused, and nothing waits for it", async () => {
  const { root, lifecycle, jails } = machine();
  const log = (path: string) => [
    { name: "db", parameters: { ...jails[1]?.parameters, "exec.start": "true", "exec.consolelog": path } },
  ];
  execFileSync("mkfifo", [join(root, "jails/db/fifo")]);
  execFileSync("ln", ["-s", "/etc", join(root, "jails/db/away")]);
  for (const [path, code] of [
    ["/jails/db/fifo", "EFTYPE"],
    ["/jails/db/dev", "EISDIR"],
    ["/jails/db/away/console", "ELOOP"],
    ["/jails/db/none/console", "ENOENT"],
    ["console", "EINVAL"],
  ] as const) {
    const outcome = await lifecycle.up(log(path)).result;
    expect(outcome.jails[0], path).toMatchObject({ state: "failed", error: { code } });
  }
  expect((await lifecycle.up(log("/jails/db/console")).result).ok).toBe(true);
});

import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../../lib/lifecycle/events.js";
import { ready } from "../../../lib/lifecycle/ready.js";
import { freshWorld } from "./world.js";

const jail = (parameters: Record<string, unknown>, name = "web") => ({
  name,
  parameters: { path: "/jails/web", persist: true, ...parameters },
});

describe("what is wrong before anything is begun", () => {
  const cases: [string, Record<string, unknown>, string, string][] = [
    ["a path that is missing", { path: "/jails/nosuch" }, "path", "No such file or directory"],
    ["a path that is a file", { path: "/etc/fstab.web" }, "path", "Not a directory"],
    ["a path that is relative", { path: "jails" }, "path", "not an absolute pathname"],
    ["a mount line with two fields", { mount: "tmpfs /jails/web/tmp" }, "mount", "missing information"],
    [
      "an fstab with two fields",
      { "mount.fstab": "/etc/fstab.two" },
      "mount.fstab",
      "fstab.two:2: tmpfs /x: missing information",
    ],
    ["an fstab that is missing", { "mount.fstab": "/etc/nosuch" }, "mount.fstab", "ENOENT"],
    ["a relative mount point", { mount: "tmpfs ../a tmpfs" }, "mount", "../a: not an absolute pathname"],
    [
      "a mount point that is missing",
      { mount: "tmpfs /jails/web/nosuch tmpfs" },
      "mount",
      "/jails/web/nosuch: No such file",
    ],
    [
      "a mount point beyond a link",
      { mount: "tmpfs /jails/web/link/x tmpfs" },
      "mount",
      "/jails/web/link is a symbolic link",
    ],
    ["a mount point that climbs out", { mount: "tmpfs /jails/web/../x tmpfs" }, "mount", 'leaves "/jails/web" by ".."'],
    [
      "a nullfs source that is missing",
      { mount: "/srv/nosuch /jails/web/tmp nullfs" },
      "mount",
      "/srv/nosuch: No such file",
    ],
    ["an unknown interface", { "ip4.addr": "nosuch0|10.0.0.1" }, "interface", 'interface "nosuch0" does not exist'],
    [
      "an unknown vnet interface",
      { vnet: "new", "vnet.interface": "nosuch0b" },
      "vnet.interface",
      '"nosuch0b" does not exist',
    ],
    ["an unknown dataset", { "zfs.dataset": "zroot/nosuch" }, "zfs.dataset", "dataset does not exist"],
    ["a dataset that is not for jails", { "zfs.dataset": "zroot/plain" }, "zfs.dataset", "jailed=off"],
    [
      "a devfs ruleset that is missing",
      { "mount.devfs": true, devfs_ruleset: 77 },
      "mount.devfs",
      "ruleset 77 does not exist",
    ],
    [
      "a devfs ruleset that is empty",
      { "mount.devfs": true, devfs_ruleset: 78 },
      "mount.devfs",
      "ruleset 78 has no rules",
    ],
    ["a user that is missing", { "exec.system_user": "nosuch" }, "exec.system_user", "nosuch: no such user"],
    ["an address that is none", { "ip4.addr": "10.0.0.300" }, "ip4.addr", "not an IPv4 address"],
    ["a time that is none", { "exec.timeout": "soon" }, "exec.timeout", 'non-integer value "soon"'],
    ["a boolean that is none", { "mount.devfs": "maybe" }, "mount.devfs", 'non-boolean value "maybe"'],
    ["a relative console log", { "exec.consolelog": "log" }, "exec.consolelog", "not an absolute pathname"],
    ["a console log that is a link", { "exec.consolelog": "/jails/web/link" }, "exec.consolelog", "is a symbolic link"],
    [
      "a host name that nobody knows",
      { ip_hostname: true, "host.hostname": "nosuch" },
      "ip_hostname",
      '"nosuch" was not resolved',
    ],
    ["a relative fstab", { "mount.fstab": "fstab" }, "mount.fstab", "fstab: not an absolute pathname"],
    ["a source that is an option", { mount: "-o /jails/web/x nullfs" }, "mount", "-o: mount(8) would take it for"],
    ["a type that is an option", { mount: "x /jails/web/x -f" }, "mount", "-f: mount(8) would take it for"],
    ["a dataset that is an option", { "zfs.dataset": "-r" }, "zfs.dataset", '"-r" names no dataset'],
    ["an interface that is an option", { "ip4.addr": "-a|10.0.0.1" }, "interface", '"-a" does not exist'],
    ["a command that is a number", { "exec.start": 7 }, "exec.start", "neither a text nor"],
  ];
  it.each(cases)("%s", async (_title, parameters, parameter, words) => {
    const world = freshWorld();
    world.writeFile("/etc/fstab.two", "# comment\ntmpfs /x\n");
    symlinkSync("/etc", join(world.root, "/jails/web/link"));
    world.machine.change((state) => {
      state.datasets.push({ name: "zroot/plain", jailed: false, jid: 0, mountpoint: "/plain" });
      state.rulesets["78"] = [];
    });
    const outcome = await world.lifecycle.up([jail(parameters)]).result;
    expect(outcome.ok).toBe(false);
    expect(outcome.problems.map((problem) => problem.parameter)).toContain(parameter);
    expect(outcome.problems.map((problem) => problem.message).join("\n")).toContain(words);
    expect(outcome.jails).toMatchObject([{ jail: "web", state: "failed" }]);
    expect(await world.leftovers()).toEqual([]);
  });

  it("is told of all jails together, and the others start", async () => {
    const world = freshWorld();
    const outcome = await world.lifecycle.up([
      jail({ path: "/no/one", "zfs.dataset": "zroot/nosuch", mount: "tmpfs /no/one/tmp tmpfs" }, "one"),
      jail({ "ip4.addr": ["nosuch0|10.0.0.1", "10.0.0.999"] }, "two"),
      jail({}, "three"),
    ]).result;
    expect(outcome.problems.map((problem) => `${problem.jail} ${problem.parameter}`).sort()).toEqual([
      "one path",
      "one zfs.dataset",
      "two interface",
      "two ip4.addr",
    ]);
    expect(world.jails.jails.map(({ name }) => name)).toEqual(["three"]);
  });

  it("is not looked for where exec.prepare is there to make it", async () => {
    const world = freshWorld({
      commands: ({ argv }) => {
        if (argv[0] === "make-it") world.makeDirectory("/jails/made/dev");
        return {};
      },
    });
    const definition = jail({ path: "/jails/made", "exec.prepare": "make-it", "mount.devfs": true });
    expect((await world.lifecycle.up([definition]).result).ok).toBe(true);
    expect(world.mounted()).toEqual(["/jails/made/dev"]);
  });
});

describe("a hook", () => {
  it("that fails, is killed, or cannot be found ends the start and says so", async () => {
    for (const [command, code, words] of [
      ["exit 7", "EEXIT", "failed with status 7"],
      ["kill -9 $$", "ESIGNAL", "exited on signal SIGKILL"],
      ["/no/such/program", "ENOENT", "/no/such/program"],
    ] as const) {
      const world = freshWorld({ commands: "host" });
      const text = command.startsWith("/") ? command : `${command};`;
      const outcome = await world.lifecycle.up([
        jail({ "exec.prestart": text, interface: "em0", "ip4.addr": "10.0.0.9" }),
      ]).result;
      expect(outcome.jails).toMatchObject([{ state: "failed", error: { code } }]);
      expect(outcome.jails[0]?.error?.message).toContain(words);
      expect(await world.leftovers()).toEqual([]);
    }
  });

  it("that hangs is ended with all that it started, TERM first, and KILL where that is ignored", async () => {
    const world = freshWorld({ commands: "host" });
    const text = "trap '' TERM; echo started; (trap '' TERM; sleep 300) & sleep 300; echo done";
    const events: LifecycleEvent[] = [];
    const outcome = await world.lifecycle.up([jail({ "exec.prestart": text, "exec.timeout": 1 })], {
      killAfterMs: 50,
      onEvent: (event) => events.push(event),
    }).result;
    expect(outcome.jails).toMatchObject([{ state: "failed", error: { code: "ETIMEDOUT" } }]);
    const step = events.find((event) => event.type === "step" && event.step === "exec.prestart");
    expect(step).toMatchObject({ outcome: "failed", stdout: "started\n", signal: "SIGKILL" });
  });

  it("that prints a megabyte is cut to what is kept, and its output is whole in the events", async () => {
    const world = freshWorld({ commands: "host" });
    let bytes = 0;
    const outcome = await world.lifecycle.up([jail({ "exec.prestart": "head -c 1000000 /dev/zero | tr '\\0' x" })], {
      keepBytes: 1000,
      onEvent: (event) => {
        if (event.type === "output") bytes += event.text.length;
        if (event.type === "step" && event.step === "exec.prestart") {
          expect(event).toMatchObject({ stdout: "x".repeat(1000), truncated: true, outcome: "done" });
        }
      },
    }).result;
    expect(outcome.ok).toBe(true);
    expect(bytes).toBe(1_000_000);
  });

  it("that prints what is no text does no harm", async () => {
    const world = freshWorld({ commands: "host" });
    const outcome = await world.lifecycle.up([jail({ "exec.prestart": "head -c 4096 /dev/urandom; exit 1" })]).result;
    expect(outcome.jails).toMatchObject([{ state: "failed", error: { code: "EEXIT" } }]);
    expect(JSON.parse(JSON.stringify(outcome)).jails).toHaveLength(1);
  });

  it("gets JID, JNAME and JPATH, and a clean environment where that is asked for", async () => {
    const requests: Record<string, unknown>[] = [];
    const world = freshWorld({
      commands: ({ argv, env, clean, user }) => {
        requests.push({ argv, env, clean, user });
        return {};
      },
    });
    const hooks = { "exec.prestart": "before", "exec.created": "after", "exec.poststop": "gone" };
    await world.lifecycle.up([jail({ ...hooks, "exec.clean": true, "exec.system_user": "www" })]).result;
    await world.lifecycle.down([jail(hooks)]).result;
    const env = { JNAME: "web", JPATH: "/jails/web" };
    expect(requests).toEqual([
      { argv: ["before"], env, clean: true, user: "www" },
      { argv: ["after"], env: { ...env, JID: "1" }, clean: true, user: "www" },
      { argv: ["gone"], env: { ...env, JID: "1" }, clean: undefined, user: undefined },
    ]);
  });

  it("of a stop that fails keeps the jail up, unless it is forced", async () => {
    const world = freshWorld({ commands: ({ argv }) => ({ status: argv[0] === "no" ? 1 : 0 }) });
    const definition = jail({ "exec.prestop": "no" });
    await world.lifecycle.up([definition]).result;
    expect((await world.lifecycle.down([definition]).result).jails).toMatchObject([{ state: "failed" }]);
    expect(world.jails.jails).toHaveLength(1);
    expect((await world.lifecycle.down([definition], { force: true }).result).jails).toMatchObject([
      { state: "failed", error: { code: "EEXIT" } },
    ]);
    expect(world.jails.jails).toHaveLength(0);
    expect(await world.leftovers()).toEqual([]);
  });
});

describe("a jail", () => {
  it("that dies by itself half-way is noticed, and its things go", async () => {
    const world = freshWorld();
    world.jails.command = () => {
      world.jails.jails.length = 0;
      return { status: 1 };
    };
    const outcome = await world.lifecycle.up([jail({ "exec.start": "rc", interface: "em0", "ip4.addr": "10.0.0.9" })])
      .result;
    expect(outcome.jails).toMatchObject([{ state: "failed", left: [] }]);
    expect(await world.leftovers()).toEqual([]);
  });

  it("that does not persist goes when its commands are over, and so does what was made for it", async () => {
    const world = freshWorld();
    const definition = jail({ persist: false, "exec.start": "true", interface: "em0", "ip4.addr": "10.0.0.9" });
    const outcome = await world.lifecycle.up([definition]).result;
    expect(outcome.jails).toMatchObject([{ state: "down", reason: expect.stringContaining("does not persist") }]);
    expect(await world.leftovers()).toEqual([]);
  });

  it("whose definition has changed is taken down with what was made then", async () => {
    const world = freshWorld();
    await world.lifecycle.up([jail({ interface: "em0", "ip4.addr": "10.0.0.9", mount: "tmpfs /jails/web/tmp tmpfs" })])
      .result;
    const outcome = await world.lifecycle.down([jail({ interface: "lo0", "ip4.addr": "10.0.0.10" })]).result;
    expect(outcome.jails).toMatchObject([{ state: "down", reason: expect.stringContaining("definition has changed") }]);
    expect(await world.leftovers()).toEqual([]);
  });

  it("started twice at once is started once", async () => {
    const world = freshWorld();
    const definition = jail({ interface: "em0", "ip4.addr": "10.0.0.9", "exec.start": "rc" });
    const runs = await Promise.all([1, 2, 3].map(() => world.lifecycle.up([definition]).result));
    expect(runs.map((run) => run.jails[0]?.state).sort()).toEqual(["unchanged", "unchanged", "up"]);
    expect(world.jails.commands).toHaveLength(1);
    await world.lifecycle.down([definition]).result;
    expect(await world.leftovers()).toEqual([]);
  });

  it("started while another stops it is up or down, and nothing between", async () => {
    const world = freshWorld();
    const definition = jail({
      interface: "em0",
      "ip4.addr": "10.0.0.9",
      "exec.start": "rc",
      "exec.stop": "rc.shutdown",
    });
    await world.lifecycle.up([definition]).result;
    const waits: LifecycleEvent[] = [];
    const note = { onEvent: (event: LifecycleEvent) => event.type === "wait" && waits.push(event) };
    const runs = await Promise.all([
      world.lifecycle.down([definition], note).result,
      world.lifecycle.up([definition], note).result,
    ]);
    expect(runs.every((run) => run.ok)).toBe(true);
    expect(waits).toMatchObject([{ holder: { pid: process.pid } }]);
    const up = world.jails.jails.length === 1;
    expect(world.addresses("em0").includes("10.0.0.9")).toBe(up);
    await world.lifecycle.down([definition]).result;
    expect(await world.leftovers()).toEqual([]);
  });

  it("that the kernel refuses leaves nothing, and the kernel's words are told", async () => {
    const world = freshWorld();
    const refusal = Object.assign(new Error("prison limit exceeded"), {
      code: "EPERM",
      syscall: "jail_set",
      parameter: "children.max",
    });
    world.jails.failCreate = () => refusal;
    const outcome = await world.lifecycle.up([jail({ interface: "em0", "ip4.addr": "10.0.0.9" })]).result;
    expect(outcome.jails[0]?.error).toEqual({
      code: "EPERM",
      message: "prison limit exceeded",
      syscall: "jail_set",
      parameter: "children.max",
    });
    expect(await world.leftovers()).toEqual([]);
  });
});

describe("a run", () => {
  it("that is stopped by its signal ends its command and takes back what is half done", async () => {
    const world = freshWorld({ commands: "host" });
    const controller = new AbortController();
    const definition = jail({ interface: "em0", "ip4.addr": "10.0.0.9", "exec.prestart": "echo here; sleep 300" });
    const run = world.lifecycle.up([definition, jail({ depend: "web" }, "later")], {
      signal: controller.signal,
      killAfterMs: 50,
    });
    for await (const event of run) if (event.type === "output") controller.abort(new Error("enough"));
    const outcome = await run.result;
    expect(Object.fromEntries(outcome.jails.map(({ jail: name, state }) => [name, state]))).toEqual({
      web: "aborted",
      later: "skipped",
    });
    expect(await world.leftovers()).toEqual([]);
  });

  it("that may take only so long cuts hooks short and still takes everything down", async () => {
    const world = freshWorld({ commands: "host" });
    world.jails.command = (_name, { background }) => ({ hang: background });
    const definition = jail({
      interface: "em0",
      "ip4.addr": "10.0.0.9",
      "exec.start": "server &",
      "exec.prestop": "sleep 300;",
      "exec.stop": "never-run",
      "stop.timeout": 300,
    });
    await world.lifecycle.up([definition]).result;
    const outcome = await world.lifecycle.down([definition], { withinMs: 100, killAfterMs: 50 }).result;
    expect(outcome.jails).toMatchObject([{ state: "failed", error: { code: "ETIMEDOUT" }, left: [] }]);
    expect(world.jails.commands.map(({ argv }) => argv[0])).toEqual(["server"]);
    expect(await world.leftovers()).toEqual([]);
  });
});

describe("ready", () => {
  it("is asked again until it holds, and dependents wait for it", async () => {
    const world = freshWorld();
    const order: string[] = [];
    let asked = 0;
    const web = {
      ...jail({ "exec.poststart": "after-web" }),
      ready: ready.call(() => (++asked < 3 ? "not yet" : true)),
    };
    const outcome = await world.lifecycle.up([web, jail({ depend: "web", "exec.prestart": "app" }, "app")], {
      onEvent: (event) => {
        if (event.type === "step") order.push(`${event.jail} ${event.step}`);
      },
    }).result;
    expect(outcome.ok).toBe(true);
    expect(asked).toBe(3);
    expect(order).toEqual(["web create", "web exec.poststart", "web ready", "app exec.prestart", "app create"]);
  });

  it("that never holds fails the start with its last answer", async () => {
    const world = freshWorld();
    const probes = [
      [ready.tcp(80, { timeoutMs: 30 }), "127.0.0.1 port 80: ECONNREFUSED"],
      [ready.file("/nosuch", { timeoutMs: 30 }), "/nosuch: not there"],
      [ready.log(/started/, { path: "/etc/fstab.web", timeoutMs: 30 }), "/etc/fstab.web does not have it"],
      [ready.exec(["check"], { timeoutMs: 30 }), "status 4: still loading"],
      [ready.call(() => Promise.reject(new Error("boom")), { timeoutMs: 30 }), "boom"],
    ] as const;
    world.jails.command = () => ({ status: 4, stdout: "still loading" });
    for (const [probe, words] of probes) {
      const outcome = await world.lifecycle.up([{ ...jail({}), ready: probe }]).result;
      expect(outcome.jails).toMatchObject([{ state: "failed", error: { code: "ETIMEDOUT" } }]);
      expect(outcome.jails[0]?.error?.message).toContain(words);
      expect(await world.leftovers()).toEqual([]);
    }
  });

  it("of a log looks only at what came since the start", async () => {
    const world = freshWorld({
      commands: ({ argv }) => {
        if (argv[0] === "log") world.writeFile("/etc/log", "old: started\nnew: started again\n");
        return {};
      },
    });
    world.writeFile("/etc/log", "old: started\n");
    const probe = ready.log(/started/, { path: "/etc/log", timeoutMs: 30 });
    expect((await world.lifecycle.up([{ ...jail({}), ready: probe }]).result).ok).toBe(false);
    const outcome = await world.lifecycle.up([{ ...jail({ "exec.poststart": "log" }), ready: probe }]).result;
    expect(outcome.ok).toBe(true);
  });
});

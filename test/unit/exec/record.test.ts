import { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { JailCommandError, JailEntryError, JailHost, JailParameterError } from "../../../lib/index.js";
import { ended } from "./ended.js";

describe("commands of a simulated host that records", () => {
  it("are noted, and succeed without a word", async () => {
    const host = JailHost.simulated();
    const web = await host.create({ name: "web", path: "/jails/web" });
    const options = { user: "www", cwd: "/srv", env: { A: "1" }, fib: 2 };
    expect(await web.exec("/usr/bin/id", ["-u"], options)).toEqual({
      ...{ stdout: "", stderr: "", exitCode: 0, signal: null },
      durationMs: expect.any(Number),
    });
    web.execSync("true");
    expect(await ended(web.spawn("nginx", ["-t"], { stdio: "ignore" }))).toEqual([0, null]);
    expect(host.commands).toEqual([
      {
        ...{ pid: expect.any(Number), jid: web.jid, jail: "web", argv: ["/usr/bin/id", "-u"], user: "www" },
        ...{ hostUser: false, cwd: "/srv", fib: 2, env: { A: "1" }, tty: false, detached: false },
      },
      expect.objectContaining({ argv: ["true"], user: undefined, env: {} }),
      expect.objectContaining({ argv: ["nginx", "-t"] }),
    ]);
    expect(await web.processes()).toEqual([]);
  });

  it("stay as processes where they are detached, until they are signalled", async () => {
    const host = JailHost.simulated();
    const web = await host.create({ name: "web" });
    const child = web.spawn("nginx", [], { detached: true, stdio: "ignore" });
    await child.entered;
    expect(await web.processes()).toMatchObject([{ pid: child.pid, jid: web.jid, user: "root", command: "nginx" }]);
    const closed = ended(child);
    expect(child.kill("SIGHUP")).toBe(true);
    expect(await closed).toEqual([null, "SIGHUP"]);
    expect([child.killed, child.signalCode, child.kill()]).toEqual([true, "SIGHUP", false]);
  });

  it("end with their jail", async () => {
    const host = JailHost.simulated();
    const web = await host.create({ name: "web" });
    const child = web.spawn("nginx", [], { detached: true });
    await child.entered;
    const closed = ended(child);
    await web.remove();
    expect(await closed).toEqual([null, "SIGKILL"]);
    expect(() => web.spawn("true")).toThrow(expect.objectContaining({ name: "JailEntryError", code: "ERR_JAIL_GONE" }));
    await expect(web.exec("true")).rejects.toMatchObject({ code: "ERR_JAIL_GONE", step: "attach", jail: "web" });
    expect(() => web.execSync("true")).toThrow(expect.objectContaining({ code: "ERR_JAIL_GONE" }));
  });

  it("hold a jail that does not persist", async () => {
    const host = JailHost.simulated();
    const job = await host.create({ name: "job" });
    const child = job.spawn("worker", [], { detached: true });
    await child.entered;
    await job.update({ persist: false });
    expect(await job.get(["name"])).toEqual({ name: "job" });
    child.kill();
    await ended(child);
    await expect(host.open("job")).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("are child processes to whoever looks", async () => {
    const host = JailHost.simulated();
    const child = (await host.create({ name: "web" })).spawn("nginx", ["-t"]);
    expect(child).toBeInstanceOf(ChildProcess);
    expect([child.spawnfile, child.spawnargs, child.exitCode]).toEqual(["nginx", ["nginx", "-t"], null]);
    const order: string[] = [];
    for (const event of ["spawn", "exit", "close"]) child.on(event, () => order.push(event));
    await ended(child);
    expect([order, child.exitCode, child.stdout.readableEnded]).toEqual([["spawn", "exit", "close"], 0, true]);
  });
});

describe("commands of a simulated host that a function answers", () => {
  it("write and end as it says", async () => {
    const host = JailHost.simulated({
      commands: ({ argv: [file], jail }) =>
        file === "hostname" ? { stdout: `${jail}\n` } : { stderr: "no\n", exitCode: 3 },
    });
    const web = await host.create({ name: "web" });
    expect((await web.exec("hostname")).stdout).toBe("web\n");
    expect(web.execSync("hostname", [], { encoding: "buffer" }).stdout).toEqual(Buffer.from("web\n"));
    await expect(web.exec("other")).rejects.toMatchObject({
      ...{ name: "JailCommandError", code: "ERR_JAIL_COMMAND_FAILED", stderr: "no\n", stdout: "", exitCode: 3 },
      message: "other in jail 'web' ended with exit status 3:\nno",
    });
    expect(() => web.execSync("other")).toThrow(JailCommandError);
  });

  it("read, write and know of their end while they run", async () => {
    const host = JailHost.simulated({
      async commands(_command, { stdin, stdout, killed }) {
        for await (const line of stdin) stdout.write(String(line).toUpperCase());
        return killed.aborted ? undefined : { exitCode: 5 };
      },
    });
    const web = await host.create({ name: "web" });
    const child = web.spawn("shout");
    child.stdin.end("abc");
    child.stdout.setEncoding("utf8");
    let text = "";
    child.stdout.on("data", (piece: string) => {
      text += piece;
    });
    expect([await ended(child), text]).toEqual([[5, null], "ABC"]);
    const killed = web.spawn("shout");
    killed.kill("SIGKILL");
    expect(await ended(killed)).toEqual([null, "SIGKILL"]);
  });

  it.each([
    ["ERR_JAIL_NO_SUCH_USER", "user"],
    ["ERR_JAIL_NO_SUCH_COMMAND", "exec"],
    ["ERR_JAIL_CANNOT_RUN", "exec"],
    ["ERR_JAIL_GONE", "attach"],
  ] as const)("fail to begin with %s", async (fails, step) => {
    const host = JailHost.simulated({ commands: () => ({ fails }) });
    const web = await host.create({ name: "web" });
    await expect(web.exec("x")).rejects.toMatchObject({ name: "JailEntryError", code: fails, step, jail: "web" });
    expect(() => web.execSync("x")).toThrow(JailEntryError);
    const child = web.spawn("x");
    const order: unknown[] = [];
    child.on("error", (error) => order.push((error as NodeJS.ErrnoException).code));
    child.on("exit", () => order.push("exit"));
    const closed = ended(child);
    await expect(child.entered).rejects.toMatchObject({ code: fails });
    await closed;
    expect(order).toEqual([fails, "exit"]);
  });

  it("are ended by an abort, a time limit and too much output", async () => {
    const host = JailHost.simulated({
      commands: ({ argv: [file] }) => (file === "much" ? { stdout: "x".repeat(100), stays: true } : { stays: true }),
    });
    const web = await host.create({ name: "web" });
    const abort = new AbortController();
    const aborted = web.exec("sleep", [], { signal: abort.signal });
    setImmediate(() => abort.abort(new Error("enough")));
    await expect(aborted).rejects.toMatchObject({ code: "ABORT_ERR", signal: "SIGTERM", cause: { message: "enough" } });
    await expect(web.exec("sleep", [], { signal: abort.signal })).rejects.toMatchObject({ code: "ABORT_ERR" });
    await expect(web.exec("sleep", [], { timeout: 1 })).rejects.toMatchObject({ code: "ERR_JAIL_COMMAND_TIMEOUT" });
    await expect(web.exec("much", [], { maxBuffer: 10 })).rejects.toMatchObject({
      ...{ code: "ERR_CHILD_PROCESS_STDIO_MAXBUFFER", stdout: "x".repeat(10) },
    });
    const child = web.spawn("sleep", [], { signal: AbortSignal.timeout(1), killSignal: "SIGINT" });
    const [error] = await once(child, "error");
    expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR" });
    expect(child.signalCode).toBe("SIGINT");
    expect(await web.processes()).toEqual([]);
  });

  it("may not be late where nobody can wait", async () => {
    const host = JailHost.simulated({ commands: async () => ({}) });
    const web = await host.create({ name: "web" });
    expect(() => web.execSync("x")).toThrow(/must not be one/);
    expect(await web.processes()).toEqual([]);
  });

  it("tell of the function's own failure", async () => {
    const host = JailHost.simulated({
      commands() {
        throw new Error("the test is wrong");
      },
    });
    const web = await host.create({ name: "web" });
    const [error] = await once(web.spawn("x"), "error");
    expect(error).toMatchObject({ message: "the test is wrong" });
    await expect(web.exec("x")).rejects.toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching("the test is wrong"),
    });
  });
});

describe("what cannot be a command", () => {
  const host = JailHost.simulated();
  it.each<[string, unknown[], RegExp]>([
    ["an empty file", ["", []], /^file cannot be "": it names no command$/],
    ["a NUL in the file", ["a\0b", []], /^file cannot be .*NUL/],
    ["a NUL in an argument", ["a", ["b", "c\0"]], /^args\[1\] cannot be/],
    ["a user in both files", ["a", [], { user: "a", hostUser: "b" }], /^hostUser cannot be "b": user is given too/],
    ["a relative directory", ["a", [], { cwd: "srv" }], /^cwd cannot be "srv": it must be absolute/],
    ["a routing table below 0", ["a", [], { fib: -1 }], /^fib cannot be -1/],
    [
      "an environment that is clean and inherited",
      ["a", [], { clean: true, inheritEnv: true }],
      /^clean cannot be true/,
    ],
    ["a NUL in a variable", ["a", [], { env: { A: "\0" } }], /^env\.A cannot be/],
    ["a = in a variable's name", ["a", [], { env: { "A=B": "" } }], /^env cannot be "A=B"/],
    ["a terminal that wide", ["a", [], { tty: { columns: 70000, rows: 1 } }], /^tty\.columns cannot be 70000/],
    ["a signal that is none", ["a", [], { parentDeathSignal: "SIGNONE" }], /^parentDeathSignal cannot be "SIGNONE"/],
  ])("%s", async (_name, args, message) => {
    const jail = await host.create({});
    const call = args as Parameters<typeof jail.exec>;
    for (const run of [() => jail.spawn(...call), () => jail.execSync(...call)]) {
      expect(run).toThrow(JailParameterError);
      expect(run).toThrow(message);
    }
    await expect(jail.exec(...call)).rejects.toThrow(message);
    expect(await jail.processes()).toEqual([]);
  });

  it("an answer that is none", () => {
    expect(() => JailHost.simulated({ commands: "nothing" as "record" })).toThrow(/^commands cannot be "nothing"/);
  });
});

describe("a child that somebody else ends", () => {
  it("notices, also when it was ended behind its back", async () => {
    const host = JailHost.simulated();
    const web = await host.create({ name: "web" });
    const child = web.spawn("nginx", [], { detached: true });
    await child.entered;
    const closed = ended(child);
    host.simulation?.exit(child.pid as number);
    expect(await closed).toEqual([null, "SIGKILL"]);
  });
});

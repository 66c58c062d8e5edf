/** What only a kernel with jails can show: as root on FreeBSD, in jails that are made for it. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { release } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Jail, JailHost, type WatchEvent } from "../../../lib/index.js";
import { ended } from "./ended.js";

const PREFIX = `inside${process.pid}`;
const onFreebsd = (process.platform as string) === "freebsd" && process.getuid?.() === 0;

describe.runIf(onFreebsd)("in a jail of this machine's own kernel", () => {
  let host: JailHost;
  let jail: Jail;
  const sh = (...script: string[]) => execFileSync("/bin/sh", ["-c", script.join(" ")], { encoding: "utf8" }).trim();
  const said = async (...argv: [string, ...string[]]) => (await jail.exec(argv[0], argv.slice(1))).stdout.trim();

  beforeAll(async () => {
    host = JailHost.native();
    jail = await host.create({ name: PREFIX, path: "/", "host.hostname": "inside.example", "children.max": 5 });
  });
  afterAll(async () => {
    for (const { jid, name } of await host.list(["jid", "name"])) {
      if (name.startsWith(PREFIX)) await (await host.open(jid)).remove();
    }
  });

  it("a command is in the jail, and the jail goes when it is removed afterwards", async () => {
    expect(await said("hostname")).toBe("inside.example");
    expect(jail.execSync("sysctl", ["-n", "security.jail.jailed"]).stdout.trim()).toBe("1");
    const short = await host.create({ name: `${PREFIX}short`, path: "/" });
    await short.exec("true");
    await short.remove({ timeout: 30_000 });
    expect(await host.lingers(short.jid, `${PREFIX}short`)).toBe(false);
  });

  it("a command has its user's groups, login class, directory and nothing of ours", async () => {
    process.env.BSDJAIL_TEST_LEAK = "leaked";
    const login = await said("env");
    expect(login).toMatch(/^HOME=\/root$/m);
    expect(login).toMatch(/^PATH=\/sbin:\/bin:/m);
    expect(login).not.toMatch(/BSDJAIL/);
    const { stdout } = await jail.exec("sh", ["-c", "id -un; pwd"], { user: "operator", clean: true });
    expect(stdout).toBe("operator\n/\n");
    expect((await jail.exec("id", ["-un"], { hostUser: "nobody" })).stdout).toBe("nobody\n");
    await expect(jail.exec("id", [], { user: "nosuch" })).rejects.toMatchObject({ code: "ERR_JAIL_NO_SUCH_USER" });
    expect((await jail.exec("sysctl", ["-n", "net.my_fibnum"], { fib: 0 })).stdout.trim()).toBe("0");
    await expect(jail.exec("true", [], { fib: 60000 })).rejects.toMatchObject({ step: "fib", errnoCode: "EINVAL" });
  });

  it("a directory that was handed in keeps it out, and is named; one that was not is no harm", async () => {
    const directory = openSync("/etc", "r");
    try {
      await jail.exec("true");
      const child = jail.spawn("true", [], { stdio: ["ignore", "ignore", "ignore", directory] });
      const closed = ended(child);
      const [error] = await once(child, "error");
      expect(error).toMatchObject({
        step: "attach",
        errnoCode: "EPERM",
        detail: expect.stringMatching(/descriptor 3/),
      });
      await closed;
    } finally {
      closeSync(directory);
    }
  });

  it("signals, limits and descriptors are a new process's", async () => {
    const caught = await said("/bin/sh", "-c", 'procstat -i $$ | awk \'$3 == "PIPE" || $3 == "USR1" { print $4 }\'');
    expect(caught.split("\n")).toEqual(["---", "---"]);
    const open = await said("/bin/sh", "-c", "procstat -f $$ | awk '$3 ~ /^[0-9]+$/ { print $3 }'");
    expect(open.split("\n")).toEqual(["0", "1", "2"]);
  });

  it("a terminal is made inside: it can be opened again by its name", async () => {
    const script = "stty size; test -c $(tty) && echo through > $(tty); read x; stty size; exit 6";
    const child = jail.spawn("sh", ["-c", script], { tty: { columns: 90, rows: 33 } });
    let shown = "";
    child.stdout.on("data", (bytes) => {
      shown += String(bytes);
    });
    await expect.poll(() => shown, { timeout: 30_000 }).toMatch("through");
    child.resize(40, 12);
    child.stdin.write("x\n");
    expect(await ended(child)).toEqual([6, null]);
    expect(shown).toBe("33 90\r\nthrough\r\nx\r\n12 40\r\n");
  });

  it("a jail that is gone, or whose jid another has, is not entered", async () => {
    const gone = await host.create({ name: `${PREFIX}gone`, path: "/" });
    sh(`jail -r ${PREFIX}gone`);
    await expect(gone.exec("true")).rejects.toMatchObject({ code: "ERR_JAIL_GONE" });
    sh(`jail -c jid=${gone.jid} name=${PREFIX}other path=/ persist`);
    await expect(gone.exec("true")).rejects.toMatchObject({ code: expect.stringMatching(/ERR_JAIL_(GONE|CHANGED)/) });
    sh(`jail -r ${PREFIX}other`);
  });

  it("processes are listed, signalled and stopped, and those that ignore TERM are named", async () => {
    const meek = jail.spawn("sleep", ["701"], { user: "nobody", stdio: "ignore" });
    const stubborn = jail.spawn("sh", ["-c", "trap '' TERM; echo r; while :; do sleep 1; done"]);
    await once(stubborn.stdout, "data");
    expect(await jail.processes()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ pid: meek.pid, jid: jail.jid, user: "nobody", command: "sleep 701" }),
      ]),
    );
    expect((await jail.blockers()).map(({ kind }) => kind)).toContain("process");
    const closed = [ended(meek), ended(stubborn)];
    const { terminated, killed } = await jail.stop({ timeout: 2000 });
    expect(terminated.map(({ pid }) => pid)).toContain(meek.pid);
    expect(killed.map(({ pid }) => pid)).toContain(stubborn.pid);
    expect(await Promise.all(closed)).toEqual([
      [null, "SIGTERM"],
      [null, "SIGKILL"],
    ]);
  });

  it("a watch tells what happens, also by others", async () => {
    const watcher = host.watch();
    const next = async (name: string): Promise<WatchEvent | undefined> => {
      for (;;) {
        const { value, done } = await watcher.next();
        if (done) return undefined;
        if (value.type !== "resync" && value.name === name) return value;
      }
    };
    expect((await next(PREFIX))?.type).toBe("exists");
    const name = `${PREFIX}watched`;
    sh(`jail -c name=${name} path=/ persist`);
    expect((await next(name))?.type).toBe("created");
    sh(`jail -m name=${name} host.hostname=h`);
    expect((await next(name))?.type).toBe("updated");
    // Before 15 a watch compares lists of jails, which do not say who entered.
    if (Number.parseInt(release(), 10) >= 15) {
      sh(`jexec ${name} true`);
      expect((await next(name))?.type).toBe("attached");
    }
    sh(`jail -r ${name}`);
    expect((await next(name))?.type).toBe("removed");
    expect((await next(name))?.type).toBe("gone");
    await watcher.return?.();
  });

  it("its use is counted and limited, where the kernel counts", async () => {
    if ((await host.settings.get("kern.racct.enable")) !== true) {
      await expect(jail.usage()).rejects.toMatchObject({ code: "ERR_JAIL_NO_RACCT" });
      return;
    }
    const limited = await host.create({ name: `${PREFIX}limited`, path: "/" });
    await limited.limits.add({ resource: "maxproc", action: "deny", amount: 2 });
    await limited.limits.add({ resource: "openfiles", action: "deny", amount: 5000 }, { stays: true });
    expect(await limited.limits.get()).toEqual([
      { resource: "openfiles", action: "deny", amount: 5000, per: "jail" },
      { resource: "maxproc", action: "deny", amount: 2, per: "jail" },
    ]);
    await expect(limited.exec("sh", ["-c", "sleep 1 & sleep 1 & sleep 1 & wait"])).rejects.toMatchObject({
      stderr: expect.stringMatching(/Cannot fork/),
    });
    const child = limited.spawn("sleep", ["702"], { stdio: "ignore" });
    await child.entered;
    // What the shell had started may be there a while yet.
    await expect.poll(() => limited.usage(), { timeout: 30_000 }).toMatchObject({ maxproc: 1, nthr: 1 });
    await limited.remove({ timeout: 30_000 });
    expect(sh(`rctl jail:${PREFIX}limited; rctl -r jail:${PREFIX}limited`)).toBe(
      `jail:${PREFIX}limited:openfiles:deny=5000`,
    );
  });
});

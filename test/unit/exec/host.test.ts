/** Commands that really run, through jail-exec: on a simulated host, where no jail is entered and all else is as in one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { constants, userInfo } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, it } from "vitest";
import { type Jail, JailHost } from "../../../lib/index.js";
import { ended } from "./ended.js";

let host: JailHost;
let jail: Jail;

beforeAll(async () => {
  host = JailHost.simulated({ commands: "host" });
  jail = await host.create({ name: "web" });
});

/** jexec(8)'s; the login classes of a FreeBSD put their own in its place. */
/** The last four are those of a login class, where there are such. */
const LOGIN_NAMES = ["HOME", "PATH", "SHELL", "TERM", "USER", "BLOCKSIZE", "LANG", "MAIL", "MM_CHARSET"];
const LOGIN_PATH = (process.platform as string) === "freebsd" ? /(^|:)\/bin(:|$)/ : /^\/bin:\/usr\/bin$/;

const sh = (script: string) => ["-c", script];

describe("a command's end and what kept it from beginning are different things", () => {
  it.each<[string, string, string[], object, object]>([
    ["its own status", "sh", sh("exit 127"), {}, { name: "JailCommandError", exitCode: 127, signal: null }],
    ["its own signal", "sh", sh("kill -9 $$"), {}, { name: "JailCommandError", exitCode: null, signal: "SIGKILL" }],
    ["no such command", "nosuch", [], {}, { code: "ERR_JAIL_NO_SUCH_COMMAND", step: "exec", errnoCode: "ENOENT" }],
    ["no such path", "/no/such", [], {}, { code: "ERR_JAIL_NO_SUCH_COMMAND", errno: -constants.errno.ENOENT }],
    ["a directory", "/etc", [], {}, { code: "ERR_JAIL_CANNOT_RUN", detail: "/etc: is a directory", syscall: "execve" }],
    ["not executable", "/etc/passwd", [], {}, { code: "ERR_JAIL_CANNOT_RUN", errnoCode: "EACCES" }],
    [
      "no such user",
      "true",
      [],
      { user: "nobodyhere" },
      { code: "ERR_JAIL_NO_SUCH_USER", step: "user", errnoCode: "" },
    ],
    [
      "no such user of the host",
      "true",
      [],
      { hostUser: "nobodyhere" },
      { code: "ERR_JAIL_NO_SUCH_USER", step: "host-user" },
    ],
    [
      "no such directory",
      "true",
      [],
      { cwd: "/no/such" },
      { code: "ERR_JAIL_ENTRY", step: "directory", errnoCode: "ENOENT" },
    ],
    ["no such routing table", "true", [], { fib: 99 }, { code: "ERR_JAIL_ENTRY", step: "fib", errnoCode: "EINVAL" }],
    ["megabytes of arguments", "true", ["x".repeat(4 << 20)], {}, { code: "ERR_JAIL_CANNOT_RUN", errnoCode: "E2BIG" }],
  ])("%s", async (_name, file, args, options, error) => {
    await expect(jail.exec(file, args, options)).rejects.toMatchObject(error);
    expect(() => jail.execSync(file, args, options)).toThrow(expect.objectContaining(error));
    expect(await jail.processes()).toEqual([]);
  });

  it("its error comes before its exit, and its exit before its close", async () => {
    const child = jail.spawn("nosuch");
    const order: unknown[] = [];
    for (const event of ["error", "exit", "close"]) child.on(event, () => order.push(event));
    await ended(child);
    expect(order).toEqual(["error", "exit", "close"]);
    await expect(child.entered).rejects.toMatchObject({ code: "ERR_JAIL_NO_SUCH_COMMAND" });
  });
});

describe("a command's environment", () => {
  const environment = async (options: object) => {
    const { stdout } = await jail.exec("env", [], options);
    return Object.fromEntries(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.split(/=(.*)/s)),
    );
  };

  it("is that of a login, and nothing of ours", async () => {
    process.env.BSDJAIL_TEST_LEAK = "leaked";
    const { username, homedir } = userInfo();
    const login = await environment({});
    expect(login).toMatchObject({ USER: username, HOME: homedir, PATH: expect.stringMatching(LOGIN_PATH) });
    expect(Object.keys(login).filter((name) => !LOGIN_NAMES.includes(name))).toEqual([]);
  });

  it("is what was given, and nothing else", async () => {
    expect(await environment({ env: { PATH: "/bin:/usr/bin", A: "b=c\td", B: undefined } })).toEqual({
      ...{ PATH: "/bin:/usr/bin", A: "b=c\td" },
    });
    expect(await environment({ env: { A: "1" }, clean: true })).toMatchObject({ USER: userInfo().username, A: "1" });
    // What would act on a program that is started acts on the command alone.
    expect(await environment({ env: { PATH: "/bin:/usr/bin", LD_PRELOAD: "" } })).toHaveProperty("LD_PRELOAD", "");
  });

  it("is ours where that is wanted", async () => {
    process.env.BSDJAIL_TEST_LEAK = "wanted";
    expect(await environment({ inheritEnv: true, env: { A: "1" } })).toMatchObject({
      BSDJAIL_TEST_LEAK: "wanted",
      A: "1",
    });
    const { username, homedir } = userInfo();
    expect(await environment({ inheritEnv: true, user: username })).toMatchObject({
      ...{ BSDJAIL_TEST_LEAK: "wanted", USER: username, HOME: homedir },
    });
  });
});

describe("a command's streams and descriptors", () => {
  it("are all that it has", async () => {
    const leak = openSync("/etc/passwd", "r");
    const directory = openSync("/tmp", "r");
    try {
      // Of this process nothing, and of jail-exec nothing: the last one is what lists them.
      const { stdout } = await jail.exec("sh", sh("ls /dev/fd/ | sort -n | tail -n +4 | wc -l"));
      expect(Number(stdout)).toBeLessThanOrEqual(1);
      const child = jail.spawn("sh", sh("cat <&5; echo x >&3"), {
        stdio: ["ignore", "pipe", "inherit", "pipe", "ignore", leak],
      });
      expect(child.stdio).toHaveLength(6);
      const [out, extra] = [text(child.stdout as NodeJS.ReadableStream), text(child.stdio[3] as NodeJS.ReadableStream)];
      expect(await ended(child)).toEqual([0, null]);
      expect([await out, await extra]).toEqual([readFileSync("/etc/passwd", "utf8"), "x\n"]);
    } finally {
      closeSync(leak);
      closeSync(directory);
    }
  });

  it("carry input and bytes that are no text", async () => {
    const bytes = Buffer.from([0, 255, 10, 200]);
    expect((await jail.exec("cat", [], { input: bytes, encoding: "buffer" })).stdout).toEqual(bytes);
    expect(jail.execSync("cat", [], { input: bytes, encoding: "buffer" }).stdout).toEqual(bytes);
    expect((await jail.exec("cat")).stdout).toBe("");
  });

  it("carry messages between Node.js processes", async () => {
    const script = "process.on('message', (m) => { process.send({ got: m }); process.disconnect(); });";
    const child = jail.spawn(process.execPath, ["-e", script], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const answer = once(child, "message");
    child.send({ n: 1 });
    expect((await answer)[0]).toEqual({ got: { n: 1 } });
    expect(await ended(child)).toEqual([0, null]);
  });
});

describe("a command that has to be ended", () => {
  it("is, with all that it started, when its time is over", async () => {
    const run = jail.exec("sh", sh("trap '' TERM; sleep 600 & sleep 600; sleep 600"), {
      timeout: 100,
      killSignal: "SIGKILL",
    });
    await expect(run).rejects.toMatchObject({ code: "ERR_JAIL_COMMAND_TIMEOUT", signal: "SIGKILL" });
    expect(() => jail.execSync("sleep", ["600"], { timeout: 50 })).toThrow(
      expect.objectContaining({ code: "ERR_JAIL_COMMAND_TIMEOUT", signal: "SIGTERM" }),
    );
  });

  it("is, when it writes too much", async () => {
    const limit = { maxBuffer: 1000 };
    const error = { code: "ERR_CHILD_PROCESS_STDIO_MAXBUFFER", stdout: "y\n".repeat(500) };
    await expect(jail.exec("yes", [], limit)).rejects.toMatchObject(error);
    expect(() => jail.execSync("yes", [], limit)).toThrow(expect.objectContaining({ code: error.code }));
  });

  it("is, when it is aborted: before, while and after it begins", async () => {
    const early = AbortSignal.abort(new Error("early"));
    await expect(jail.exec("sleep", ["600"], { signal: early })).rejects.toMatchObject({ cause: { message: "early" } });
    const abort = new AbortController();
    const child = jail.spawn("sleep", ["600"], { signal: abort.signal, stdio: "ignore" });
    const failed = once(child, "error");
    const closed = ended(child);
    abort.abort();
    expect((await failed)[0]).toMatchObject({ name: "AbortError" });
    expect(await closed).toEqual([null, "SIGTERM"]);
    const late = new AbortController();
    const run = jail.exec("sh", sh("echo begun; sleep 600"), { signal: late.signal });
    const waiting = setInterval(async () => {
      if ((await jail.processes()).length > 0) late.abort();
    }, 5);
    await expect(run).rejects.toMatchObject({ code: "ABORT_ERR", signal: "SIGTERM" });
    clearInterval(waiting);
    expect(await jail.processes()).toEqual([]);
  });

  it("goes on when its parent is killed, or ends with it where that is wanted", async () => {
    const parent = (options: string) =>
      spawn(process.execPath, [
        ...["--import", "tsx", "-e"],
        `const { JailHost } = require(${JSON.stringify(join(__dirname, "../../../lib/index.ts"))});
        (async () => {
          const host = JailHost.simulated({ commands: "host" });
          const jail = await host.create({});
          const child = jail.spawn("sleep", ["600"], { stdio: "ignore", ...${options} });
          await child.entered;
          console.log(child.pid);
        })();`,
      ]);
    const start = async (options: string) => {
      const process = parent(options);
      const [line] = await once(process.stdout, "data");
      process.kill("SIGKILL");
      await once(process, "close");
      return Number(String(line));
    };
    const orphan = await start("{}");
    expect(process.kill(orphan, 0)).toBe(true);
    process.kill(orphan, "SIGKILL");
    const dependent = await start('{ parentDeathSignal: "SIGKILL" }');
    if (process.platform === "darwin") return;
    await expect.poll(() => running(dependent), { timeout: 20_000 }).toBe(false);
  });
});

/** Whether a process runs: one that nobody has waited for yet does not. */
function running(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

describe("a command's terminal", () => {
  it("is one, has a size that changes, and passes on what is typed and how the command ends", async () => {
    const child = jail.spawn(
      "sh",
      sh("test -t 0 && test -t 1 && test -t 2 && stty size; read line; echo got $line; stty size; exit 7"),
      {
        tty: { columns: 100, rows: 30 },
      },
    );
    let shown = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      shown += piece;
    });
    await expect.poll(() => shown, { timeout: 20_000 }).toMatch("30 100\r\n");
    child.resize(40, 12);
    child.stdin.write("typed\n");
    expect(await ended(child)).toEqual([7, null]);
    expect(shown).toMatch(/^30 100\r\ntyped\r\ngot typed\r\n12 40\r\n$/);
    expect(() => child.resize(-1, 1)).toThrow(/^tty\.columns cannot be -1/);
  });

  it("brings signals to the command, and is no reason to hide that it never began", async () => {
    const child = jail.spawn("sh", sh("trap 'exit 3' USR1; echo ready; while :; do sleep 1; done"), { tty: true });
    await once(child.stdout, "data");
    child.kill("SIGUSR1");
    expect(await ended(child)).toEqual([3, null]);
    const missing = jail.spawn("nosuch", [], { tty: true });
    expect((await once(missing, "error"))[0]).toMatchObject({ code: "ERR_JAIL_NO_SUCH_COMMAND" });
    const killed = jail.spawn("sleep", ["600"], { tty: true });
    await killed.entered;
    killed.kill("SIGKILL");
    expect(await ended(killed)).toEqual([null, "SIGKILL"]);
  });
});

// BSDJAIL_TEST_SPAWNS=10000 makes it as many as a long run takes.
it("many in a row leave no descriptor, no process and no zombie", async () => {
  const many = Number(process.env.BSDJAIL_TEST_SPAWNS ?? 200);
  const open = () => readdirSync(process.platform === "linux" ? "/proc/self/fd" : "/dev/fd").length;
  await jail.exec("true");
  const before = open();
  for (let n = 0; n < many; n += 4) {
    await Promise.all([
      jail.exec("true"),
      jail.exec("true"),
      jail.exec("nosuch").catch(() => 0),
      jail.exec("false").catch(() => 0),
    ]);
  }
  expect(open()).toBeLessThanOrEqual(before + 2);
  expect(await jail.processes()).toEqual([]);
  if (process.platform !== "linux") return;
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  const zombies = children.filter((pid) => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1")));
  expect(zombies).toEqual([]);
}, 1_200_000);

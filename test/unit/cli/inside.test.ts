import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { execCommand } from "../../../lib/cli/inside/exec.js";
import { killCommand } from "../../../lib/cli/inside/kill.js";
import { psCommand } from "../../../lib/cli/inside/ps.js";
import { watchCommand } from "../../../lib/cli/inside/watch.js";
import type { CliCommand } from "../../../lib/cli/io.js";
import { type Jail, JailHost } from "../../../lib/index.js";
import { ended } from "../exec/ended.js";
import { fitting } from "../schemas.js";
import { memoryIo } from "./memory-io.js";

const TERM = 15;
const COMMANDS: Readonly<Record<string, CliCommand>> = {
  exec: execCommand,
  kill: killCommand,
  ps: psCommand,
  watch: watchCommand,
};

let folder: string;
let env: NodeJS.ProcessEnv;
let host: JailHost;
let web: Jail;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "bsdjail-inside-"));
  env = { BSDJAIL_KERNEL: "simulated", BSDJAIL_STATE: join(folder, "kernel") };
  host = JailHost.simulated({ stateFile: join(folder, "kernel") });
  web = await host.create({ name: "web", "children.max": 1 });
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(name: string, ...argv: string[]) {
  const io = memoryIo(env, folder);
  const status = await COMMANDS[name]?.(argv, io);
  return { status, out: io.out(), err: io.err() };
}

/** Runs with --json and holds each line against the published schema. */
async function runJson(name: string, ...argv: string[]) {
  const { status, out, err } = await run(name, "--json", ...argv);
  const lines = out.split("\n").filter((line) => line !== "");
  return { status, err, printed: lines.map((line) => fitting(name, line)) };
}

const start = (command: string, ignores: number[] = []) =>
  host.simulation?.spawn({ jid: web.jid, command, ignores, startedMs: 1000 }).value as number;

describe("bsdjail exec", () => {
  it("notes the command in a simulated jail, and says so", async () => {
    const { status, out, err } = await run("exec", "web", "uname", "-a");
    expect([status, out]).toEqual([0, ""]);
    expect(err).toMatch(/^bsdjail: the jail is simulated: uname is noted and not run; BSDJAIL_COMMANDS=host/);
    const { printed } = await runJson("exec", "-u", "www", "web", "uname", "--json", "--help");
    expect(printed).toMatchObject([
      { kernel: "simulated", jail: "web", argv: ["uname", "--json", "--help"], simulated: "record", exitCode: 0 },
    ]);
  });

  describe("with BSDJAIL_COMMANDS=host", () => {
    beforeEach(() => {
      env.BSDJAIL_COMMANDS = "host";
    });

    it("passes on what the command writes, and its status", async () => {
      const { status, out, err } = await run("exec", "web", "sh", "-c", "echo out; echo err >&2; exit 7");
      expect([status, out]).toEqual([7, "out\n"]);
      expect(err).toMatch(/runs on this machine itself, confined by nothing/);
      expect(err).toMatch(/err\n$/);
      expect((await run("exec", "web", "--", "sh", "-c", "kill -9 $$")).status).toBe(137);
      expect((await run("exec", "-C", "/tmp", "web", "pwd")).out).toBe("/tmp\n");
    });

    it("gives the command a login's environment, with what is asked for", async () => {
      const { out } = await run("exec", "-e", "A=b=c", "--env", "B=", "web", "env");
      const lines = out.split("\n");
      expect(lines).toEqual(expect.arrayContaining(["A=b=c", "B=", expect.stringMatching(/^PATH=.*\/bin/)]));
      expect(out).not.toMatch(/VITEST/);
      expect((await run("exec", "-i", "web", "env")).out).toMatch(/VITEST/);
    });

    it.each<[string, string[], number, RegExp]>([
      ["no such command", ["web", "nosuch"], 127, /no such command/],
      ["a directory", ["web", "/etc"], 126, /is a directory/],
      ["no such user", ["-u", "nobodyhere", "web", "true"], 125, /no such user/],
      ["no such directory", ["-C", "/no/such", "web", "true"], 125, /chdir ENOENT/],
      ["no such jail", ["wob", "true"], 125, /Did you mean "web"/],
      ["no jail", [], 2, /a jail is missing/],
      ["no command", ["web"], 2, /a command is missing/],
      ["two users", ["-u", "a", "-U", "b", "web", "true"], 125, /user is given too/],
      ["a variable without a value", ["-e", "A", "web", "true"], 2, /--env cannot be "A"/],
      ["a routing table that is none", ["-F", "x", "web", "true"], 2, /--fib cannot be "x"/],
      ["an unknown option", ["--frob", "web", "true"], 2, /unknown option "--frob"/],
    ])("has a status of its own for %s", async (_name, argv, status, message) => {
      const failed = await run("exec", ...argv);
      expect(failed.status).toBe(status);
      expect(failed.err).toMatch(message);
      const json = await run("exec", "--json", ...argv);
      expect(json.status).toBe(status);
      expect(fitting("failure", json.err)).toMatchObject({ status });
    });

    it("answers in JSON when the command has ended, whatever its status", async () => {
      const { status, printed } = await runJson("exec", "web", "sh", "-c", "echo out; echo err >&2; exit 3");
      expect(status).toBe(3);
      expect(printed).toMatchObject([
        { exitCode: 3, signal: null, stdout: "out\n", stderr: "err\n", simulated: "host" },
      ]);
      expect((await runJson("exec", "web", "sh", "-c", "kill -TERM $$")).status).toBe(143);
    });

    it("as a process passes on its streams, signals and the end by one", async () => {
      const program = ["--import", "tsx", join(__dirname, "../../../lib/cli/main.ts"), "exec", "web"];
      const started = (...argv: string[]) =>
        spawn(process.execPath, [...program, ...argv], {
          env: { ...process.env, ...env },
          stdio: ["pipe", "pipe", "ignore"],
        });
      const cat = started("cat");
      const through = Promise.all([text(cat.stdout), ended(cat)]);
      cat.stdin.end("through\n");
      expect(await through).toEqual(["through\n", [0, null]]);
      const trapped = started("sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done");
      const caught = ended(trapped);
      await once(trapped.stdout, "data");
      trapped.kill("SIGTERM");
      expect(await caught).toEqual([9, null]);
      expect(await ended(started("sh", "-c", "kill -TERM $$"))).toEqual([null, "SIGTERM"]);
    });
  });
});

it("bsdjail exec -t gives the command a terminal where there is none", async () => {
  env.BSDJAIL_COMMANDS = "host";
  // FreeBSD's terminals show the end of input before they take it back.
  const { out } = await run("exec", "-t", "web", "sh", "-c", "test -t 1 && echo yes");
  expect(out.replace("^D\b\b", "")).toBe("yes\r\n");
  expect((await run("exec", "-tT", "web", "true")).err).toMatch(/exclude each other/);
});

describe("bsdjail ps", () => {
  it("shows the processes of all jails, or of those that are named", async () => {
    const pid = start("nginx -g x");
    const { out } = await run("ps");
    expect(out).toBe(`JAIL   PID  USER  STARTED     COMMAND\nweb   ${pid}  root  1970-01-01  nginx -g x\n`);
    expect((await run("ps", "-q", "web")).out).toBe(`${pid}\n`);
    const { printed } = await runJson("ps", "web");
    expect(printed).toMatchObject([{ processes: [{ pid, jail: "web", started: "1970-01-01T00:00:01.000Z" }] }]);
    expect((await run("ps", "nosuch")).status).toBe(1);
  });
});

describe("bsdjail kill", () => {
  it("signals all processes of a jail", async () => {
    const pid = start("nginx");
    expect((await run("kill", "-s", "hup", "web")).out).toBe(`web: hup ${pid} nginx\n`);
    expect((await run("kill", "web")).out).toBe("web: no processes\n");
    const other = start("nginx");
    const { printed } = await runJson("kill", "-s", "9", "web");
    expect(printed).toMatchObject([{ jail: "web", signal: "SIGKILL", signalled: [{ pid: other }], killed: [] }]);
  });

  it("with a time limit kills those that ignore TERM, and names them", async () => {
    const [meek, stubborn] = [start("meek"), start("stubborn", [TERM])];
    const { out } = await run("kill", "-t", "0.05", "web");
    expect(out).toBe(`web: ended ${meek} meek\nweb: killed ${stubborn} stubborn\n`);
  });

  it.each<[string[], RegExp]>([
    [[], /no jail named/],
    [["-s", "NONE", "web"], /--signal cannot be "NONE"/],
    [["-s", "HUP", "-t", "1", "web"], /exclude each other/],
    [["-t", "x", "web"], /--timeout is "x"/],
  ])("refuses %j", async (argv, message) => {
    const { status, err } = await run("kill", ...argv);
    expect([status, message.test(err)]).toEqual([2, true]);
  });
});

describe("bsdjail watch", () => {
  /** The command, and what it has written line by line. */
  function watching(...argv: string[]) {
    const io = memoryIo(env, folder);
    const status = watchCommand(argv, io);
    return { status, lines: () => io.out().split("\n").slice(0, -1) };
  }

  it("shows what happens to one jail, until it is gone", async () => {
    const { status, lines } = watching("web");
    await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(1);
    await web.update({ name: "www" });
    await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(2);
    await web.remove();
    expect(await status).toBe(0);
    expect(lines().map((line) => line.slice(25))).toEqual([
      "exists web, jid 1",
      "updated www, jid 1, was web",
      "removed www, jid 1",
      "gone www, jid 1",
    ]);
  });

  it("prints JSON as its schema says", async () => {
    const { status, lines } = watching("--json", "web");
    await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(1);
    web.spawn("nginx", [], { detached: true, stdio: "ignore" }).unref();
    await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(2);
    await web.remove();
    await status;
    const events = lines().map((line) => fitting("watch", line));
    expect(events.map(({ type }) => type)).toEqual(["exists", "attached", "removed", "gone"]);
  });

  it("ends with an interrupt", async () => {
    const { status, lines } = watching();
    await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(1);
    process.emit("SIGINT");
    expect(await status).toBe(0);
  });

  it("refuses what it cannot do", async () => {
    expect((await run("watch", "a", "b")).err).toMatch(/at most one jail/);
    expect((await run("watch", "--interval", "x")).err).toMatch(/--interval is "x"/);
    expect((await run("watch", "nosuch")).status).toBe(1);
  });
});

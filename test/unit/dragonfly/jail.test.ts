import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dragonflyJail, type JailWords, parseJailWords, run } from "../../../lib/cli/dragonfly-jail.js";
import { JailHost } from "../../../lib/index.js";
import { jailExecPath } from "../../../lib/native.js";
import { memoryIo } from "../cli/memory-io.js";

const USAGE = "Usage: jail [-i] [-l -u username | -U username] path hostname ip-list command ...\n";

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bsdjail-four-words-"));
  env = { BSDJAIL_KERNEL: "simulated", BSDJAIL_RELEASE: "dragonfly-6.4", BSDJAIL_STATE: join(folder, "kernel") };
});
afterEach(() => rmSync(folder, { recursive: true }));

async function jail(argv: string[], options: Parameters<typeof dragonflyJail>[2] = {}) {
  const io = memoryIo(env, "/jails");
  const status = await dragonflyJail(argv, io, options);
  return { status, out: io.out(), err: io.err() };
}

describe("DragonFly's jail(8), simulated", () => {
  it("makes a jail that lives as long as its command", async () => {
    const host = JailHost.simulated({ release: "dragonfly-6.4", stateFile: env.BSDJAIL_STATE as string });
    let seen: unknown;
    let words: JailWords | undefined;
    const { status, out, err } = await jail(
      ["-i", "web", "web.example.org", "127.0.0.2,10.0.0.1,::2", "/bin/sh", "-c", "x"],
      {
        commands: (asked, process) => {
          words = asked;
          seen = { rows: host.listSync(), jid: process.jid };
          return 3;
        },
      },
    );
    expect({ status, out, err }).toEqual({ status: 3, out: "1\n", err: "" });
    expect(words?.command).toEqual(["/bin/sh", "-c", "x"]);
    // In the kernel's order, which is the other way round.
    expect(seen).toEqual({
      jid: 1,
      rows: [
        {
          jid: 1,
          name: "1",
          path: "/jails/web",
          "host.hostname": "web.example.org",
          "ip4.addr": ["10.0.0.1", "127.0.0.2"],
          "ip6.addr": ["::2"],
        },
      ],
    });
    expect(host.listSync(["jid"])).toEqual([]);
  });

  it("says what jail(8) says, and ends in 1", async () => {
    const said = async (...argv: string[]) => {
      const { status, out, err } = await jail(argv);
      expect(status).toBe(1);
      return out + err;
    };
    for (const argv of [
      [],
      ["/", "h", "10.0.0.1"],
      ["-l", "/", "h", "10.0.0.1", "sh"],
      ["-u", "a", "-U", "b", "/", "h", "", "sh"],
    ]) {
      expect(await said(...argv)).toBe(USAGE);
    }
    expect(await said("-x", "/", "h", "10.0.0.1", "sh")).toBe(`jail: illegal option -- x\n${USAGE}`);
    expect(await said("-u")).toBe(`jail: option requires an argument -- u\n${USAGE}`);
    expect((await jail(["/", "h", "10.0.0.1,nonsense", "sh"])).out).toBe("Invalid value nonsense\n");
    expect(await said("/", "h".repeat(256), "", "sh")).toBe("jail: jail: File name too long\n");
    const machine = { BSDJAIL_KERNEL: "simulated", BSDJAIL_RELEASE: "15.1", BSDJAIL_STATE: join(folder, "freebsd") };
    const io = memoryIo(machine, "/");
    expect(await dragonflyJail(["/", "h", "", "sh"], io)).toBe(1);
    expect(io.err()).toContain("BSDJAIL_RELEASE=dragonfly-6.4");
  });

  it("takes addresses as strtok(3) does: empty words are none", async () => {
    expect(parseJailWords(["/", "h", ",10.0.0.1,,::1,", "sh"]).addresses).toEqual(["10.0.0.1", "::1"]);
    expect((await jail(["/", "h", "", "sh"])).status).toBe(0);
    expect((await jail(["/", "h", Array.from({ length: 45 }, (_, at) => `10.0.0.${at}`).join(","), "sh"])).status).toBe(
      0,
    );
  });

  it("takes the jail's or the host's user", () => {
    expect(parseJailWords(["-l", "-u", "www", "/", "h", "", "sh"])).toMatchObject({
      login: true,
      user: { name: "www", from: "host" },
    });
    expect(parseJailWords(["-lUwww", "/", "h", "", "sh"])).toMatchObject({
      login: true,
      user: { name: "www", from: "jail" },
    });
    expect(parseJailWords(["/", "h", "", "sh", "-l", "-u"]).command).toEqual(["sh", "-l", "-u"]);
  });
});

/** jail-exec of a machine without jails: it says that it made jail 1, and runs the command here. */
// FreeBSD's jail-exec has FreeBSD's system calls, and DragonFly's jail(2) is none of them.
describe.skipIf((process.platform as string) === "freebsd")("DragonFly's jail(8) by jail-exec", () => {
  const helper = jailExecPath();

  /** In a process of its own, since the command gets the process's streams. */
  function outside(argv: string[], environment: NodeJS.ProcessEnv = {}) {
    const program = join(folder, "run.ts");
    const library = join(__dirname, "../../../lib/cli");
    writeFileSync(
      program,
      `import { parseJailWords, run } from ${JSON.stringify(join(library, "dragonfly-jail.ts"))};
       import { processIo } from ${JSON.stringify(join(library, "io.ts"))};
       const io = processIo();
       run(parseJailWords(process.argv.slice(2)), io, ${JSON.stringify(helper)}).then(
         (status) => { process.exitCode = status; },
         (said: Error & { stream: "stdout" | "stderr" }) => { io[said.stream].write(said.message); process.exitCode = 1; },
       );`,
    );
    const tsx = join(__dirname, "../../../node_modules/tsx/dist/cli.mjs");
    const child = spawnSync(process.execPath, [tsx, program, ...argv], {
      encoding: "utf8",
      cwd: folder,
      env: { PATH: process.env.PATH, ...environment },
    });
    return { status: child.status, out: child.stdout, err: child.stderr };
  }

  it("runs the command with its environment, and ends as it does", () => {
    expect(
      outside(["-i", "/", "h", "127.0.0.2", "/bin/sh", "-c", 'echo "$MINE"; pwd; exit 7'], { MINE: "a b" }),
    ).toMatchObject({
      status: 7,
      // The jail's number may be written in between.
      out: expect.stringMatching(/a b\n(1\n)?\/\n/),
      err: "",
    });
    expect(outside(["/", "h", "", "/bin/sh", "-c", "kill -9 $$"]).status).toBe(137);
  });

  it("says what failed in the words of jail(8)", () => {
    expect(outside(["/", "h", "", "/no/such"])).toEqual({
      status: 1,
      out: "",
      err: "jail: execv: /no/such: No such file or directory\n",
    });
    expect(outside(["/no/such", "h", "", "sh"]).err).toBe("jail: realpath: /no/such: No such file or directory\n");
    expect(outside(["/", "h", "x", "sh"]).out).toBe("Invalid value x\n");
    expect(outside(["-u", "no-such-user", "/", "h", "", "/bin/true"]).err).toBe("jail: no-such-user: no such user\n");
    // The caller's variables are the command's, and mean nothing to jail-exec itself.
    expect(outside(["/", "h", "", "/bin/true"], { BSDJAIL_EXEC_ATTACH: "1" }).status).toBe(0);
  });

  it("becomes a user with a login's environment", () => {
    const { username } = userInfo();
    const { status, out } = outside(["-l", "-U", username, "/", "h", "", "/bin/sh", "-c", 'echo "$USER:$MINE:$TERM"'], {
      MINE: "x",
      TERM: "vt100",
    });
    expect({ status, out }).toEqual({ status: 0, out: `${username}::vt100\n` });
  });

  it("says where jail-exec is missing", async () => {
    const io = memoryIo({}, "/");
    await expect(run(parseJailWords(["/", "h", "", "sh"]), io, undefined)).rejects.toThrow("jail-exec was not built");
  });
});

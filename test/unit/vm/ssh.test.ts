import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { actorOf } from "../../../lib/machine/process-identity.js";
import { CommandOverrun } from "../../../scripts/vm/console/shell.js";
import { SshGuest, sshArgs } from "../../../scripts/vm/guest/ssh-guest.js";
import { Waits } from "../../../scripts/vm/waits.js";
import { scratch } from "./fake-console.js";

const { signal } = new AbortController();

/** An ssh whose other side is this machine: what follows the destination is run, in a session of its own as sshd does it. */
const STUB = `#!${process.execPath}
const { spawn } = require("node:child_process");
if (process.env.SSH_STUB_BREAKS) process.exit(255);
const words = process.argv.slice(process.argv.indexOf("root@127.0.0.1") + 1);
spawn("/bin/sh", ["-c", words.join(" ")], { detached: true, stdio: "inherit" }).on("exit", (status) => process.exit(status ?? 1));
`;

beforeEach(({ onTestFinished }) => {
  const folder = scratch();
  writeFileSync(join(folder, "ssh"), STUB);
  chmodSync(join(folder, "ssh"), 0o755);
  const { PATH } = process.env;
  process.env.PATH = `${folder}:${PATH}`;
  onTestFinished(() => {
    process.env.PATH = PATH;
    delete process.env.SSH_STUB_BREAKS;
  });
});

describe("a guest reached by ssh", () => {
  const guest = new SshGuest(22, "/key", new Waits({ ssh: 30 }));

  async function run(
    argv: readonly string[],
    options: { limitMs?: number; env?: Record<string, string>; cwd?: string } = {},
  ) {
    const output = { stdout: "", stderr: "" };
    const onOutput = (text: string, stream: "stdout" | "stderr") => {
      output[stream] += text;
    };
    return { status: await guest.run(argv, { signal, onOutput, ...options }), ...output };
  }

  it("runs an argument vector as it is, with both streams, its status, and no input", async () => {
    expect(
      await run(["sh", "-c", 'echo "$A in $PWD"; echo err >&2; cat; exit 5'], { env: { A: "it's" }, cwd: "/" }),
    ).toEqual({
      ...{ status: 5, stdout: "it's in /\n", stderr: "err\n" },
    });
    expect((await run(["printf", "%s|", "a\nb", "$HOME", "'"])).stdout).toBe("a\nb|$HOME|'|");
  });

  it("that ends with 255 is told from one that cannot be reached", async () => {
    expect((await run(["sh", "-c", "exit 255"])).status).toBe(255);
    process.env.SSH_STUB_BREAKS = "1";
    await expect(run(["true"])).rejects.toThrow("cannot be reached by ssh any more");
    expect(await new SshGuest(22, "/key", new Waits({ ssh: 0.01 })).reachable(signal)).toBe(false);
    expect(await guest.reachable(signal, () => true)).toBe(false);
  });

  it("that never returns is ended over there too", async () => {
    const file = join(scratch(), "pid");
    // On a slow machine it has to get as far as that first.
    for (let limitMs = 1000; !existsSync(file); limitMs *= 2) {
      const late = run(["sh", "-c", `echo $$ >${file}; exec sleep 600`], { limitMs });
      await expect(late).rejects.toThrow(CommandOverrun);
    }
    const pid = Number(readFileSync(file, "utf8"));
    // Nobody may wait for it: it is gone all the same.
    await expect.poll(() => actorOf(pid), { timeout: 30_000 }).toBeUndefined();
  });

  it("gets files in and out", async () => {
    const [from, to, back] = [scratch(), join(scratch(), "a b"), scratch()];
    mkdirSync(join(from, "folder"));
    writeFileSync(join(from, "folder/it's"), "content");
    await guest.put({ folder: from, names: ["folder"] }, to, { signal });
    await guest.get(to, ["folder/it's"], back, { signal });
    expect(readFileSync(join(back, "folder/it's"), "utf8")).toBe("content");
    await expect(guest.get(to, ["nothing"], back, { signal })).rejects.toThrow("tar");
    await expect(guest.put({ folder: from, names: ["nothing"] }, to, { signal })).rejects.toThrow("tar");
  });

  it("is asked for by a key of its own and nobody's configuration", () => {
    const args = sshArgs(2222, "/k");
    expect(args.slice(0, 6)).toEqual(["-F", "none", "-i", "/k", "-p", "2222"]);
    expect(args).toContain("UserKnownHostsFile=/dev/null");
  });
});

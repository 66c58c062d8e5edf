import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { LocalMachine } from "../../../lib/machine/local.js";
import { runProgram } from "../../../lib/machine/run.js";
import { mountHelperPath } from "../../../lib/native.js";

const helper = mountHelperPath() ?? "";
const machine = new LocalMachine({ helper });

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(helper, args, { encoding: "utf8" });
  return { status, out: stdout.split("\0").slice(0, -1), err: stderr.split("\0") };
}

function tree() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "helper-")));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, "jail/dev/fd"), { recursive: true });
  writeFileSync(join(root, "jail/file"), "");
  symlinkSync("/etc", join(root, "jail/away"));
  return { root, jail: join(root, "jail") };
}

describe("mount-helper", () => {
  it("walks below a root and says where that is", () => {
    const { root, jail } = tree();
    symlinkSync(jail, join(root, "alias"));
    expect(run("walk", jail, `${jail}/dev/fd`)).toMatchObject({ status: 0, out: [`${jail}/dev/fd`] });
    expect(run("walk", `${root}/alias`, `${root}/alias/file`)).toMatchObject({ status: 0, out: [`${jail}/file`] });
  });

  it.each([
    ["away/ssh", "ELOOP", "away"],
    ["none", "ENOENT", "none"],
    ["dev/../../x", "EINVAL", "dev/.."],
  ])("refuses %s by %s, naming the component", (target, code, component) => {
    const { jail } = tree();
    const { status, err } = run("walk", jail, `${jail}/${target}`);
    expect({ status, err: err.slice(0, 3) }).toEqual({ status: 1, err: [code, "open", `${jail}/${component}`] });
  });

  it("says what is wrong with a mount as data, before anything is asked of the kernel", async () => {
    const { jail } = tree();
    const request = { type: "nullfs", source: `${jail}/none`, root: jail, target: `${jail}/dev`, options: [] };
    await expect(machine.mount(request)).rejects.toMatchObject({ code: "ENOENT", syscall: "realpath" });
    const diverted = { ...request, source: "/", target: `${jail}/away` };
    await expect(machine.mount(diverted)).rejects.toMatchObject({ code: "ELOOP", path: `${jail}/away` });
  });

  it.runIf(process.platform === "linux")("says ENOSYS for the table of a system that is not FreeBSD", async () => {
    await expect(machine.mounts()).rejects.toMatchObject({ code: "ENOSYS" });
  });

  it("knows the users of the host", async () => {
    const { username, uid, gid } = userInfo();
    expect(await machine.user(username)).toMatchObject({ name: username, uid, gid });
    expect(await machine.user("no-such-user-here")).toBeUndefined();
  });

  it("becomes a command, with a login's variables and nothing of ours", async () => {
    const { username, homedir } = userInfo();
    const result = await runProgram(machine, { argv: ["/usr/bin/env"], clean: true, env: { JNAME: "web" } });
    const lines = result.stdout.trim().split("\n");
    expect(lines).toContain(`USER=${username}`);
    expect(lines).toContain(`HOME=${homedir}`);
    expect(lines).toContain("JNAME=web");
    expect(lines.filter((line) => line.startsWith("npm_") || line.startsWith("VITEST"))).toEqual([]);
  });

  it("tells a command that is not there from one that cannot be run, and a user that is not there from both", () => {
    expect(run("as", "-c", "--", "/no/such/command").status).toBe(127);
    expect(run("as", "-c", "--", "/etc").status).toBe(126);
    expect(run("as", "-u", "no-such-user-here", "--", "/bin/true")).toMatchObject({
      status: 1,
      err: ["no-such-user-here: no such user\n"],
    });
  });

  it("refuses arguments that it does not know", () => {
    for (const args of [[], ["frob"], ["walk", "/"], ["mount", "tmpfs"], ["unmount"], ["as", "-x"], ["list", "x"]]) {
      expect(run(...args).status, args.join(" ")).toBe(64);
    }
  });
});

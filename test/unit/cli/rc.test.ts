import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

const project = join(__dirname, "../../..");
const script = join(project, "libexec/rc.d/jail");
let folder: string;

/** The script as it is, but for the files of the system that it reads. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bsdjail-rc-"));
  const text = readFileSync(script, "utf8")
    .replace(". /etc/rc.subr", `. ${join(project, "test/fixtures/lifecycle/rc.subr")}`)
    .replaceAll("/etc/jail.", join(folder, "etc/jail."))
    .replaceAll("/var/run/", join(folder, "run/"));
  writeFileSync(join(folder, "jail"), text);
  // A bsdjail that notes what it is asked, and fails for a jail of that name.
  const noting = `#!/bin/sh\necho "$*" >> ${folder}/asked\ncase " $* " in *" broken "*) echo "broken  failed"; exit 1 ;; esac\n`;
  writeFileSync(join(folder, "noting"), noting);
  const main = join(project, "lib/cli/main.ts");
  writeFileSync(join(folder, "really"), `#!/bin/sh\nexec ${process.execPath} --import tsx ${main} "$@"\n`);
  for (const name of ["noting", "really"]) chmodSync(join(folder, name), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  for (const name of ["etc", "run", "asked", "kernel.machine", "kernel"]) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
  for (const name of ["etc/jail.conf.d", "run"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "etc/jail.conf"), "path = /; persist; a { } b { depend = a; } c { }\n");
});

function service(rc: string, ...words: string[]) {
  writeFileSync(join(folder, "rc.conf"), rc);
  const env = {
    ...process.env,
    RC_CONF: join(folder, "rc.conf"),
    BSDJAIL_KERNEL: "simulated",
    BSDJAIL_STATE: join(folder, "kernel"),
  };
  const { status, stdout, stderr } = spawnSync("/bin/sh", [join(folder, "jail"), ...words], {
    env,
    cwd: project,
    encoding: "utf8",
  });
  return { status, out: stdout, err: stderr };
}

/** What the script asked of bsdjail, without the listing for the files of ids. */
function asked(rc: string, ...words: string[]): string[] {
  rmSync(join(folder, "asked"), { force: true });
  service(`bsdjail_program=${folder}/noting\njail_enable=YES\n${rc}`, ...words);
  const lines = readFileSync(join(folder, "asked"), "utf8").trim().split("\n");
  return lines.filter((line) => !line.startsWith("list ")).map((line) => line.replaceAll(`${folder}/etc`, "/etc"));
}

describe("the start-up script", () => {
  it("is good sh", () => {
    expect(spawnSync("/bin/sh", ["-n", script]).status).toBe(0);
    expect(readFileSync(script, "utf8")).toMatch(/^# PROVIDE: jail$/m);
  });

  it("says how to enable it where it is not", () => {
    expect(service("jail_enable=NO\n", "start")).toMatchObject({
      status: 0,
      out: expect.stringContaining("Set jail_enable to YES"),
    });
  });

  it("asks for what the variables of rc.conf say", () => {
    expect(asked("", "start")).toEqual(["up --parallel 1 -f /etc/jail.conf --"]);
    expect(asked("jail_parallel_start=YES", "start")).toEqual(["up -f /etc/jail.conf --"]);
    expect(asked('jail_list="c a"', "start")).toEqual(["up --parallel 1 -f /etc/jail.conf -- c a"]);
    expect(asked('jail_list="c a"', "stop")).toEqual(["down --parallel 1 -f /etc/jail.conf -- c a"]);
    expect(asked('jail_list="c a"\njail_reverse_stop=YES', "stop")).toEqual([
      "down --parallel 1 -f /etc/jail.conf -- a c",
    ]);
    expect(asked("", "stop")).toEqual(["down --parallel 1 --all -f /etc/jail.conf --"]);
    expect(asked("jail_reverse_stop=YES", "stop", "c", "a")).toEqual(["down --parallel 1 -f /etc/jail.conf -- c a"]);
    expect(asked("jail_list=b", "onestart", "a")).toEqual(["up --parallel 1 -f /etc/jail.conf -- a"]);
    expect(asked("", "restart", "a")).toEqual(["restart -f /etc/jail.conf -- a"]);
    expect(asked("jail_list=a", "status")).toEqual(["status -f /etc/jail.conf -- a"]);
    expect(asked("", "console", "a")).toEqual(["jexec -l a /usr/bin/login -f root"]);
    expect(asked('bsdjail_up_flags="--within 5m"\njail_parallel_start=YES', "start", "a")).toEqual([
      "up --within 5m -f /etc/jail.conf -- a",
    ]);
  });

  it("takes a jail's own file as the system's script does", () => {
    writeFileSync(join(folder, "etc/jail.conf.d/d.conf"), "d { path = /; }\n");
    writeFileSync(join(folder, "etc/jail.e.conf"), "e { path = /; }\n");
    writeFileSync(join(folder, "etc/other.conf"), "f-1 { path = /; }\n");
    expect(asked(`jail_f_1_conf=${folder}/etc/other.conf`, "start", "d", "e", "a", "f-1")).toEqual([
      "up --parallel 1 -f /etc/jail.conf -f /etc/jail.conf.d/d.conf -f /etc/jail.e.conf -f /etc/other.conf -- d e a f-1",
    ]);
    rmSync(join(folder, "etc/jail.conf"));
    expect(asked("", "start", "d", "e")).toEqual([
      "up --parallel 1 -f /etc/jail.conf.d/d.conf -f /etc/jail.e.conf -- d e",
    ]);
  });

  it("fails, and says so, where a jail did not start", () => {
    const rc = `bsdjail_program=${folder}/noting\njail_enable=YES\n`;
    expect(service(rc, "start", "broken")).toMatchObject({
      status: 1,
      out: "Starting jails:\nbroken  failed\n",
      err: expect.stringContaining("jail: WARNING: not every jail is up"),
    });
    expect(service(rc, "stop", "broken").status).toBe(1);
    expect(service(rc, "start", "a").status).toBe(0);
  });

  it("starts and stops jails, one after the other in the order of the list", () => {
    const rc = `bsdjail_program=${folder}/really\njail_enable=YES\njail_list="c b"\n`;
    const start = service(rc, "start");
    expect(start).toMatchObject({ status: 0, err: "" });
    expect(start.out.split("\n").map((line) => line.split(" ")[0])).toEqual(["Starting", "c", "a", "b", "3", ""]);
    expect(readdirSync(join(folder, "run"))).toEqual(["jail_a.id", "jail_b.id", "jail_c.id"]);
    expect(readFileSync(join(folder, "run/jail_c.id"), "utf8")).toBe("1\n");
    const missing = service(rc, "start", "nosuch");
    expect(missing).toMatchObject({ status: 1, err: expect.stringContaining('jail "nosuch" is not defined') });
    const stop = service(rc.replace(/jail_list.*/, ""), "stop");
    expect(stop).toMatchObject({ status: 0, err: "" });
    expect(stop.out.split("\n").map((line) => line.replace(/ .*/, ""))).toEqual(["Stopping", "b", "a", "c", "3", ""]);
    expect(readdirSync(join(folder, "run"))).toEqual([]);
  });

  it("keeps the files of ids right beside jails whose names are meant to forge them", () => {
    const rc = `bsdjail_program=${folder}/really\njail_enable=YES\n`;
    const env = { ...process.env, BSDJAIL_KERNEL: "simulated", BSDJAIL_STATE: join(folder, "kernel") };
    mkdirSync(join(folder, "run/jail_"));
    for (const name of ["x\n77\tc", "/escaped", "* *"]) {
      const made = spawnSync(join(folder, "really"), ["create", `name=${name}`, "path=/"], { env, cwd: project });
      expect(made.status).toBe(0);
    }
    writeFileSync(join(folder, "run/jail_gone.id"), "9\n");
    expect(service(rc, "start", "c").status).toBe(0);
    const ids = ["jail_", "jail_* *.id", "jail_c.id", "jail_x\\n77\\tc.id"];
    expect(readdirSync(join(folder, "run"))).toEqual(ids);
    expect(readFileSync(join(folder, "run/jail_c.id"), "utf8")).toBe("4\n");
    expect(readdirSync(join(folder, "run/jail_"))).toEqual([]);
  });
});

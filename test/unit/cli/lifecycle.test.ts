import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { completeWords } from "../../../lib/cli/completion.js";
import type { CliCommand } from "../../../lib/cli/io.js";
import { applyCommand } from "../../../lib/cli/lifecycle/apply.js";
import { downCommand } from "../../../lib/cli/lifecycle/down.js";
import { logsCommand } from "../../../lib/cli/lifecycle/logs.js";
import { planCommand } from "../../../lib/cli/lifecycle/plan.js";
import { recoverCommand } from "../../../lib/cli/lifecycle/recover.js";
import { restartCommand } from "../../../lib/cli/lifecycle/restart.js";
import { statusCommand } from "../../../lib/cli/lifecycle/status.js";
import { treeCommand } from "../../../lib/cli/lifecycle/tree.js";
import { upCommand } from "../../../lib/cli/lifecycle/up.js";
import { whyCommand } from "../../../lib/cli/lifecycle/why.js";
import { fitting, schemaOf } from "../schemas.js";
import { memoryIo } from "./memory-io.js";

const COMMANDS: Readonly<Record<string, CliCommand>> = {
  up: upCommand,
  down: downCommand,
  restart: restartCommand,
  plan: planCommand,
  apply: applyCommand,
  status: statusCommand,
  tree: treeCommand,
  logs: logsCommand,
  why: whyCommand,
  recover: recoverCommand,
};

const CONF = `path = "/jails/$name";
persist;
mount.devfs;
db { exec.poststart = "echo db is there"; children.max = 2; }
web { depend = db; exec.prestart = "echo no space left >&2; exit 3"; }
api { depend = web; }
"db.cache" { path = "/jails/db"; }
`;

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bsdjail-lifecycle-"));
  for (const path of ["jails/db/dev", "jails/web/dev", "jails/api/dev", "etc/jail.conf.d"]) {
    mkdirSync(join(folder, "root", path), { recursive: true });
  }
  writeFileSync(join(folder, "root/etc/jail.conf"), CONF);
  const state = join(folder, "kernel");
  env = { ...process.env, BSDJAIL_KERNEL: "simulated", BSDJAIL_STATE: state, BSDJAIL_ROOT: join(folder, "root") };
  Object.assign(env, { BSDJAIL_COMMANDS: "host" });
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(name: string, ...argv: string[]) {
  const io = memoryIo(env, folder);
  const status = await COMMANDS[name]?.(argv, io);
  return { status, out: io.out(), err: io.err() };
}

/** Durations differ from run to run. */
const plain = (text: string) => text.replace(/\d+\.\d+ s/g, "N s");

/** Runs with --json and holds every line against the published schema. */
async function runJson(name: string, ...argv: string[]) {
  const { status, out, err } = await run(name, "--json", ...argv);
  const lines = out.split("\n").filter((line) => line !== "");
  return { status, printed: lines.map((line) => fitting(name, line)), err };
}

it("every command that runs prints the same events", () => {
  for (const name of ["down", "restart", "apply", "recover"]) {
    const own = { $id: `urn:bsdjail:schema:${name}`, title: expect.stringContaining(`bsdjail ${name} --json`) };
    expect(schemaOf(name)).toEqual({ ...schemaOf("up"), ...own });
  }
});

describe("up and down", () => {
  it("tell a line for each jail, why one failed with what it wrote, and how it came out", async () => {
    const up = await run("up");
    expect({ ...up, out: plain(up.out).split("\n").sort() }).toEqual({
      status: 1,
      err: "",
      out: [
        "",
        "          $ /bin/sh -c 'echo no space left >&2; exit 3'",
        "          | no space left",
        "2 up, 1 failed, 1 skipped in N s",
        'api       skipped    it needs "web", which is not up',
        "db        up         jid 1, N s",
        "db.cache  up         jid 2, N s",
        "web       failed     exec.prestart failed with status 3",
      ],
    });
    expect(plain((await run("down", "db", "db.cache")).out)).toBe(
      "db.cache  down       N s\ndb        down       N s\n2 down in N s\n",
    );
    expect((await run("down", "db")).out).toBe("db    unchanged  it is not up\n");
  });

  it("print events as the schema says, from the first step to the end", async () => {
    const { status, printed } = await runJson("up");
    expect(status).toBe(1);
    expect(printed.map(({ type }) => type)).toContain("output");
    expect(printed.at(-1)).toMatchObject({ type: "end", ok: false });
    expect(
      printed
        .filter(({ type }) => type === "jail")
        .map(({ jail, state }) => `${jail} ${state}`)
        .sort(),
    ).toEqual(["api skipped", "db up", "db.cache up", "web failed"]);
    expect((await runJson("restart", "db")).printed.at(-1)).toMatchObject({ type: "end", ok: true });
    expect((await runJson("down")).printed.at(-1)).toMatchObject({ type: "end", ok: true });
    expect((await runJson("recover")).printed).toMatchObject([{ type: "end", ok: true }]);
  });

  it("show every step and what commands write, and where the time went, where that is asked for", async () => {
    const { out } = await run("up", "-v", "--timings", "db");
    expect(plain(out)).toContain("db    + mount.devfs  /sbin/mount -t devfs -oruleset=4 . /jails/db/dev  N s\n");
    expect(out).toContain("db      exec.poststart  | db is there\n");
    expect(plain(out)).toMatch(/STEP +TIMES +TOTAL +LONGEST +OF\n/);
    expect(plain(out)).toMatch(/\nwaiting for a turn N s, writing the ledgers N s\n$/);
  });

  it("do nothing where only a look is asked for", async () => {
    expect((await run("up", "-n", "db")).out).toContain("create   it is not up\n  + mount.devfs");
    expect((await run("status", "db")).status).toBe(3);
    await run("up", "db");
    const look = await run("down", "--dry-run", "db");
    expect(look.out).toContain("  - removal         jail_remove(2)\n");
    expect((await run("status", "db")).status).toBe(0);
  });

  it("take their time from --timeout and --within", async () => {
    const conf = join(folder, "slow.conf");
    writeFileSync(conf, 'slow { path = "/"; persist; exec.poststart = "sleep 60"; }');
    const one = await run("up", "-f", conf, "--timeout", "0.2s");
    expect(one).toMatchObject({ status: 1, out: expect.stringContaining(": timed out after 0.2 s") });
    const all = await run("up", "-f", conf, "--within", "0.2");
    expect(all).toMatchObject({ status: 1, out: expect.stringMatching(/the time for all jails(, 0\.2 s,)? is over/) });
  });

  it("answer what is wrong on the command line with the way out, and do nothing", async () => {
    expect(await run("up", "wbe")).toEqual({
      status: 1,
      out: "",
      err: expect.stringMatching(
        /^bsdjail up: jail "wbe" is not defined in .*; did you mean "web"\?\n {2}Defined: db, /,
      ),
    });
    expect(await run("down", "wbe")).toMatchObject({ status: 1, err: expect.stringContaining('did you mean "web"?') });
    for (const [name, ...argv] of [
      ["up", "--parallel", "0"],
      ["up", "--timeout", "soon"],
      ["up", "--within"],
      ["up", "--dry-rnu"],
      ["down", "--frob"],
      ["logs"],
      ["logs", "--since", "yesterdayish", "web"],
      ["why"],
      ["why", "web", "db"],
      ["apply", "--plan", "x", "web"],
    ] as const) {
      const { status, out, err } = await run(name, ...argv);
      expect({ status, out }, [name, ...argv].join(" ")).toEqual({ status: 2, out: "" });
      expect(err).toMatch(new RegExp(`^bsdjail ${name}: `));
    }
    expect((await run("up", "--dry-rnu")).err).toContain('did you mean "--dry-run"?');
    expect((await run("status", "nosuch")).status).toBe(1);
    expect((await run("why", "nosuch")).status).toBe(1);
    expect((await run("logs", "nosuch")).status).toBe(1);
    expect((await run("apply", "--plan", join(folder, "root/etc/jail.conf"))).err).toContain("is no plan");
  });

  it("refuse a jail.conf with mistakes, naming the place", async () => {
    appendFileSync(join(folder, "root/etc/jail.conf"), 'bad { path = "$nowhere"; }\n');
    expect(await run("up")).toMatchObject({ status: 1, out: "", err: expect.stringMatching(/jail\.conf:8:\d+: /) });
    // The others can still be meant.
    expect((await run("up", "db")).status).toBe(0);
    writeFileSync(join(folder, "broken.conf"), "a { path = ");
    expect((await run("up", "-f", "broken.conf")).status).toBe(1);
    expect((await run("up", "-f", "missing.conf")).err).toContain("No such file or directory");
  });

  it("take a jail from a file of its own as the system's start-up script does", async () => {
    writeFileSync(join(folder, "root/etc/jail.conf.d/own.conf"), 'own { path = "/"; persist; } other { path = "/"; }');
    writeFileSync(join(folder, "root/etc/jail.db.conf"), 'db { path = "/"; persist; host.hostname = own; }');
    expect((await run("up", "own", "db")).out).toMatch(/own .*up/);
    expect((await run("status")).out).not.toContain("other");
    expect((await run("plan", "db")).out).toContain("none");
  });
});

describe("plan and apply", () => {
  it("show each change with its steps, do it, and find nothing the second time", async () => {
    await run("up", "db");
    const conf = join(folder, "root/etc/jail.conf");
    writeFileSync(conf, CONF.replace("children.max = 2", "children.max = 3; allow.raw_sockets"));
    const plan = await run("plan", "db");
    expect(plan.out).toBe(
      [
        "db    update   children.max, allow.raw_sockets",
        "  children.max: 2 -> 3",
        "  allow.raw_sockets: false -> true",
        "  + update          jail_set(2) children.max allow.raw_sockets",
        "1 to update",
        "",
      ].join("\n"),
    );
    expect((await run("plan", "--check", "db")).status).toBe(3);
    expect(plain((await run("apply", "db")).out)).toBe(
      "db    updated    jid 1, children.max, allow.raw_sockets, N s\n",
    );
    expect(await run("plan", "--check", "db")).toMatchObject({
      status: 0,
      out: expect.stringContaining("nothing to change"),
    });
    expect((await run("apply", "db")).out).toBe("nothing to do\n");
  });

  it("go together by a file, refused where the machine has moved", async () => {
    const { printed } = await runJson("plan", "db");
    writeFileSync(join(folder, "plan.json"), JSON.stringify(printed[0]));
    expect((await runJson("apply", "--plan", "plan.json")).printed.at(-1)).toMatchObject({ ok: true });
    expect(await run("apply", "--plan", "plan.json")).toMatchObject({
      status: 1,
      err: expect.stringMatching(/the machine has moved since the plan was made \(db\)[\s\S]*Nothing was done/),
    });
  });

  it("remove what is defined no more where that is asked for", async () => {
    await run("up", "db");
    writeFileSync(join(folder, "root/etc/jail.conf"), 'other { path = "/"; persist; }');
    expect((await run("plan")).out).not.toContain("remove");
    expect((await run("plan", "--prune")).out).toMatch(/^db +remove +it is not defined any more\n/);
    expect((await run("apply", "--prune")).status).toBe(0);
    expect((await runJson("status")).printed).toMatchObject([{ jails: [{ name: "other", state: "up" }] }]);
  });

  it("a configuration that cannot be read is no wish to have nothing: nothing is removed or stopped by it", async () => {
    const file = join(folder, "root/etc/jail.conf");
    const good = 'path = "/jails/$name"; persist; db { children.max = 2; } "db.cache" { path = /jails/db; }\n';
    writeFileSync(file, good);
    expect((await run("up")).status).toBe(0);
    const wrong = {
      "cut off": good.slice(0, -3),
      "one jail's value": `${good}db { exec.start = "$nothing"; }`,
      "not there": undefined,
    };
    for (const [what, text] of Object.entries(wrong)) {
      rmSync(file);
      if (text !== undefined) writeFileSync(file, text);
      for (const [word, ...rest] of [
        ["plan", "--prune"],
        ["apply", "--prune"],
        ["restart", "db"],
      ] as const) {
        const { status, out, err } = await run(word, ...rest);
        expect({ what, word, status, out }).toEqual({ what, word, status: 1, out: "" });
        expect(err).toContain("jail.conf");
      }
    }
    expect((await run("status", "db", "db.cache")).status).toBe(0);
    expect((await run("down")).err).toContain("cannot be read");
    writeFileSync(file, "");
    expect((await run("apply", "--prune")).status).toBe(0);
    expect((await run("status", "db")).err).toContain("no jail");
  });
});

describe("status, tree and why", () => {
  it("say how jails stand and what each needs", async () => {
    await run("up");
    const status = await run("status");
    expect(status.out.replace(/ {2}\d+ s /g, "  N s ")).toBe(
      [
        "NAME      STATE  JID  UP FOR  ABOUT",
        "api       down     -  -",
        "db        up       1  0 s".replace("0 s", status.out.match(/db +up +1 {2}(\d+ s)/)?.[1] ?? ""),
        "db.cache  up       2  0 s".replace("0 s", status.out.match(/db\.cache +up +2 {2}(\d+ s)/)?.[1] ?? ""),
        "web       down     -  -       its last start failed in exec.prestart",
        "",
      ].join("\n"),
    );
    expect((await run("tree")).out).toBe(
      "api  down, needs web\ndb  up, jid 1\n└─ db.cache  up, jid 2\nweb  down, needs db\n",
    );
    expect((await run("why", "web")).out).toBe(
      [
        "web is down",
        "",
        "  not up: in its last run, exec.prestart failed with status 3",
        "    shown by  /bin/sh -c 'echo no space left >&2; exit 3' wrote: no space left",
        "    what helps  run the command by hand and see what it says",
        "",
      ].join("\n"),
    );
    expect((await run("status", "web")).status).toBe(3);
    for (const [name, ...argv] of [["status"], ["tree"], ["why", "web"], ["why", "db"]] as const) {
      expect((await runJson(name, ...argv)).status).toBe(0);
    }
  });
});

describe("a jail that ended with its commands", () => {
  beforeEach(async () => {
    writeFileSync(join(folder, "root/etc/jail.conf"), 'brief { path = "/jails/db"; exec.start = "true"; }');
    expect((await run("up")).out).toMatch(/^brief {2}down +the jail does not persist/);
  });

  it("is explained, also when no configuration defines it any more", async () => {
    const words = "  not up: it was started, and ended with its last process: it does not persist\n";
    expect((await run("why", "brief")).out).toContain(words);
    writeFileSync(join(folder, "root/etc/jail.conf"), "");
    expect(await run("why", "brief")).toMatchObject({ status: 0, out: expect.stringContaining(words) });
    expect(await run("logs", "brief")).toMatchObject({ status: 0, out: "" });
  });
});

describe("logs", () => {
  it("label each line by its step, and the console log's too", async () => {
    const conf =
      'c { path = "/jails/db"; persist; exec.consolelog = /log; exec.start = "echo from the jail"; exec.stop = "echo bye"; exec.poststart = "echo out; echo err >&2; exit 1"; }';
    writeFileSync(join(folder, "root/etc/jail.conf"), conf);
    writeFileSync(join(folder, "root/log"), "from before\n");
    await run("up");
    appendFileSync(join(folder, "root/log"), "a daemon\n");
    const { printed } = await runJson("logs", "c");
    const lines = printed.map(({ step, stream, text }) => `${step} ${stream} ${text}`);
    expect(lines).toEqual([
      "console console from before",
      "exec.start console from the jail",
      "exec.poststart stdout out",
      "exec.poststart stderr err",
      expect.stringMatching(/^exec\.poststart note .*failed with status 1: err$/),
      "console console a daemon",
    ]);
    const { out } = await run("logs", "c", "--since", "1h");
    expect(out).not.toContain("from before");
    expect(out).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}exec\.start {6}from the jail\n/);
    expect((await run("logs", "c", "--since", "2100-01-01")).out).toBe("");
  });
});

it("completion offers the jails that are defined, and for a stop also those that run", async () => {
  expect(await completeWords(["up", "d"], memoryIo(env, folder))).toEqual(["db", "db.cache"]);
  await run("up", "db");
  writeFileSync(join(folder, "root/etc/jail.conf"), "");
  expect(await completeWords(["up", "d"], memoryIo(env, folder))).toEqual([]);
  expect(await completeWords(["down", "d"], memoryIo(env, folder))).toEqual(["db"]);
  expect(await completeWords(["plan", "--ch"], memoryIo(env, folder))).toEqual(["--check"]);
});

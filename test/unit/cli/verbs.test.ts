import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { completeWords } from "../../../lib/cli/completion.js";
import type { CliCommand } from "../../../lib/cli/io.js";
import { createCommand } from "../../../lib/cli/verbs/create.js";
import { getCommand } from "../../../lib/cli/verbs/get.js";
import { listCommand } from "../../../lib/cli/verbs/list.js";
import { paramsCommand } from "../../../lib/cli/verbs/params.js";
import { removeCommand } from "../../../lib/cli/verbs/remove.js";
import { setCommand } from "../../../lib/cli/verbs/set.js";
import { fitting } from "../schemas.js";
import { memoryIo } from "./memory-io.js";

const COMMANDS: Readonly<Record<string, CliCommand>> = {
  create: createCommand,
  get: getCommand,
  list: listCommand,
  params: paramsCommand,
  remove: removeCommand,
  set: setCommand,
};

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bsdjail-verbs-"));
  env = { BSDJAIL_KERNEL: "simulated", BSDJAIL_STATE: join(folder, "kernel") };
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(name: string, ...argv: string[]) {
  const io = memoryIo(env, folder);
  const status = await COMMANDS[name]?.(argv, io);
  return { status, out: io.out(), err: io.err() };
}

/** Runs with --json and holds what is printed against the published schema. */
async function runJson(name: string, ...argv: string[]) {
  const { status, out, err } = await run(name, "--json", ...argv);
  const lines = out.split("\n").filter((line) => line !== "");
  const printed = lines.map((line) => fitting(name, line));
  const failure = err === "" ? undefined : fitting<{ error: Record<string, unknown>; status: number }>("failure", err);
  expect(failure?.status ?? 0).toBe(status);
  return { status, printed, failure };
}

describe("the six commands", () => {
  it("create, show, change and remove a jail", async () => {
    expect(
      await run("create", "name=web", "path=/jails/web", "ip4.addr=192.0.2.10,192.0.2.11", "allow.raw_sockets"),
    ).toEqual({
      status: 0,
      out: "created web, jid 1\n",
      err: "",
    });
    expect((await run("list")).out).toBe(
      "JID  NAME  ADDRESSES              HOSTNAME  PATH\n  1  web   192.0.2.10,192.0.2.11  -         /jails/web\n",
    );
    expect((await run("set", "web", "allow.mount", "securelevel=2", "meta.owner=ops")).out).toBe(
      "updated web, jid 1\n",
    );
    expect((await run("get", "web", "allow.mount", "allow.quotas", "securelevel", "meta.owner", "meta.none")).out).toBe(
      "allow.mount\nallow.noquotas\nsecurelevel=2\nmeta.owner=ops\n",
    );
    expect((await run("set", "1", "meta.owner")).status).toBe(0);
    expect((await run("get", "-v", "web", "path", "meta")).out).toBe("/jails/web\n\n");
    expect((await run("list", "-q", "-o", "name,persist")).out).toBe("web\ttrue\n");
    expect((await run("remove", "web")).out).toBe("removed web, jid 1\n");
    expect((await run("list", "-q")).out).toBe("");
  });

  it("prints what create takes", async () => {
    await run("create", "name=a", "children.max=3", "host.hostname=h o", "ip6.addr=2001:db8::1", "allow.nosuser");
    const { out } = await run("get", "a", "children.max", "host.hostname", "ip6.addr", "allow.suser", "host.hostid");
    await run("remove", "a");
    expect((await run("create", "name=a", ...out.trimEnd().split("\n"))).status).toBe(0);
    expect((await run("get", "a", "children.max", "host.hostname", "ip6.addr", "allow.suser", "host.hostid")).out).toBe(
      out,
    );
  });

  it("every one answers in JSON as its schema says", async () => {
    const created = await runJson("create", "name=web", "host.hostid=18446744073709551615");
    expect(created.printed).toEqual([{ kernel: "simulated", event: "created", jid: 1, name: "web" }]);
    expect((await runJson("set", "web", "allow.mount")).printed).toEqual([
      { kernel: "simulated", event: "updated", jid: 1, name: "web" },
    ]);
    const got = await runJson("get", "web", "host.hostid", "meta.none", "ip4.addr", "allow.mount", "children.max");
    expect(got.printed).toEqual([
      {
        kernel: "simulated",
        jid: 1,
        name: "web",
        parameters: {
          "host.hostid": "18446744073709551615",
          "meta.none": null,
          "ip4.addr": [],
          "allow.mount": true,
          "children.max": 0,
        },
      },
    ]);
    expect((await runJson("get", "web")).status).toBe(0);
    await run("create", "name=db", "path=/");
    const listed = (await runJson("list", "-o", "name")).printed[0];
    expect(listed).toEqual({ kernel: "simulated", jails: [{ name: "web" }, { name: "db" }] });
    expect((await runJson("params")).status).toBe(0);
    expect((await runJson("remove", "web", "db")).printed).toEqual([
      { kernel: "simulated", event: "removed", jid: 1, name: "web" },
      { kernel: "simulated", event: "removed", jid: 2, name: "db" },
    ]);
  });

  it.each([
    ["get nosuch", 1, "ENOENT"],
    ["set nosuch allow.mount", 1, "ENOENT"],
    ["list nosuch", 1, "ENOENT"],
    ["create persist=maybe", 2, "EUSAGE"],
    ["create securelevel=high", 2, "EUSAGE"],
    ["create name", 2, "EUSAGE"],
    ["create no.such=1", 2, "EUSAGE"],
    ["create", 2, "EUSAGE"],
    ["create nopersist", 1, "EINVAL"],
    ["create parent=1", 1, "ERR_JAIL_PARAMETER"],
    ["create ip4.addr=lo0|192.0.2.1/24", 1, "ERR_JAIL_PARAMETER"],
    ["remove --timeout=soon x", 2, "EUSAGE"],
    ["params nosuch", 2, "EUSAGE"],
    ["list -o", 2, "EUSAGE"],
  ])("fails with a status and a code: %s", async (line, status, code) => {
    const [name = "", ...argv] = line.split(" ");
    const { failure, printed } = await runJson(name, ...argv);
    expect([failure?.status, failure?.error.code, printed]).toEqual([status, code, []]);
  });

  it("points at what was meant", async () => {
    await run("create", "name=web");
    expect((await run("get", "wbe")).err).toBe('bsdjail get: jail "wbe" not found (ENOENT)\n  Did you mean "web"?\n');
    expect((await run("set", "web", "alow.mount")).err).toContain("Did you mean allow.mount?");
    expect((await run("get", "web", "host.hostnam")).err).toContain("Did you mean host.hostname?");
    expect((await run("create", "exec.start=x")).err).toContain("bsdjail up does what it says");
  });

  it("a failed creation makes nothing", async () => {
    await run("create", "name=a");
    expect((await run("create", "name=a", "path=/x")).err).toContain('jail "a" already exists (EEXIST)');
    expect((await run("list", "-q", "-o", "name")).out).toBe("a\n");
  });

  it("removes none where one of several is not there", async () => {
    await run("create", "name=a");
    expect((await run("remove", "a", "nosuch")).status).toBe(1);
    expect((await run("list", "-q", "-o", "name")).out).toBe("a\n");
  });
});

describe("the simulated kernel", () => {
  it("is said once on stderr, unless asked for or under --json", async ({ skip }) => {
    const systems: readonly string[] = ["freebsd", "dragonfly"];
    skip(systems.includes(process.platform), "this machine has jails of its own, which answer");
    env = { XDG_STATE_HOME: folder };
    const { err } = await run("list");
    expect(err).toBe(
      `bsdjail: no jails on this machine: a simulated kernel answers, kept in ${folder}/bsdjail/kernel\n`,
    );
    expect((await runJson("list")).failure).toBeUndefined();
  });

  it("a word that is no kernel is refused", async () => {
    env = { BSDJAIL_KERNEL: "windows" };
    expect(await run("list")).toEqual({
      status: 1,
      out: "",
      err: 'bsdjail list: BSDJAIL_KERNEL is "windows"\n  It is "native", "simulated" or not set.\n',
    });
  });

  it("says where its state is when that cannot be used", async () => {
    env = { BSDJAIL_KERNEL: "simulated", BSDJAIL_STATE: "/dev/null/kernel" };
    const { status, err } = await run("list");
    expect(status).toBe(1);
    expect(err).toContain("BSDJAIL_STATE names another file");
  });
});

describe("completion", () => {
  const complete = (...words: string[]) => completeWords(words, memoryIo(env, folder));

  it("knows commands, options, jails, parameters and settings", async () => {
    await run("create", "name=web");
    expect(await complete("cr")).toEqual(["create"]);
    expect(await complete("list", "--o")).toEqual(["--output"]);
    expect(await complete("get", "")).toEqual(["web"]);
    expect(await complete("get", "web", "host.hostn")).toEqual(["host.hostname"]);
    expect(await complete("set", "web", "allow.nomo")).toEqual(expect.arrayContaining(["allow.nomount"]));
    expect(await complete("create", "pa")).toEqual(["path="]);
    expect(await complete("list", "-o", "name,pat")).toEqual(["name,path"]);
    expect(await complete("completion", "f")).toEqual(["fish"]);
    expect(await complete("nosuch", "x")).toEqual([]);
  });
});

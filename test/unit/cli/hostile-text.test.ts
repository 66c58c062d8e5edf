import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { completeWords } from "../../../lib/cli/completion.js";
import { helpCommand } from "../../../lib/cli/help.js";
import { killCommand } from "../../../lib/cli/inside/kill.js";
import { psCommand } from "../../../lib/cli/inside/ps.js";
import type { CliCommand } from "../../../lib/cli/io.js";
import { downCommand } from "../../../lib/cli/lifecycle/down.js";
import { logsCommand } from "../../../lib/cli/lifecycle/logs.js";
import { planCommand } from "../../../lib/cli/lifecycle/plan.js";
import { statusCommand } from "../../../lib/cli/lifecycle/status.js";
import { treeCommand } from "../../../lib/cli/lifecycle/tree.js";
import { upCommand } from "../../../lib/cli/lifecycle/up.js";
import { whyCommand } from "../../../lib/cli/lifecycle/why.js";
import { printable } from "../../../lib/cli/output.js";
import { createCommand } from "../../../lib/cli/verbs/create.js";
import { getCommand } from "../../../lib/cli/verbs/get.js";
import { listCommand } from "../../../lib/cli/verbs/list.js";
import { removeCommand } from "../../../lib/cli/verbs/remove.js";
import { setCommand } from "../../../lib/cli/verbs/set.js";
import { memoryIo } from "./memory-io.js";

/** Clears the screen, begins a line of its own, turns the direction: what whoever makes jails in a jail may call one. */
const EVIL = "e\u001b[2Jv\nFORGED\ti\u009bl\r\u202e\u2028";
/** The same, as jail.conf(5) writes it between double quotes. */
const WRITTEN = [...EVIL]
  .map((each) => (/[ -~]/.test(each) ? each : Buffer.from(each).toString("hex").replace(/../g, "\\x$&")))
  .join("");

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bsdjail-hostile-"));
  env = {
    ...{ BSDJAIL_KERNEL: "simulated", BSDJAIL_STATE: join(folder, "kernel"), BSDJAIL_ROOT: folder },
    ...{ BSDJAIL_COMMANDS: "host", PATH: process.env.PATH },
  };
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(command: CliCommand, ...argv: string[]) {
  const io = memoryIo(env, folder);
  const status = await command(argv, io);
  return { status, out: io.out(), err: io.err() };
}

/** Runs it, and holds that nothing of the name acts on a terminal or begins a line; `shows`: it is there all the same. */
async function holds(command: CliCommand, argv: string[], shows = true): Promise<string> {
  const { out, err } = await run(command, ...argv);
  const text = out + err;
  expect(text).not.toMatch(/[^\P{Cc}\n\t]|[\p{Cs}\u202e\u2028]/u);
  expect(text).not.toMatch(/^\s*FORGED/m);
  if (shows) expect(text).toContain(printable(EVIL));
  return text;
}

it("a text for people is one line without effects, and stray bytes are shown as what they are", () => {
  expect(printable("a\u001b[31mb\u0000\u007f\u0085\r\n\t")).toBe("a\\x1b[31mb\\x00\\x7f\\x85\\r\\n\\t");
  expect(printable("\udc9b\udcff \ud800")).toBe("\\x9b\\xff \\ud800");
  expect(printable("x\u202eexe.\u2066\u2029\u061c\ufeff")).toBe("x\\u202eexe.\\u2066\\u2029\\u061c\\ufeff");
  expect(printable("Zürich 監獄 👩‍💻 \\x1b")).toBe("Zürich 監獄 👩‍💻 \\x1b");
});

it("a hostile name or value reaches no terminal and forges no line, in any command on jails", async () => {
  await holds(createCommand, [`name=${EVIL}`, "path=/", `host.hostname=${EVIL}`]);
  await holds(listCommand, []);
  expect((await holds(listCommand, ["-q"])).split("\n")).toHaveLength(2);
  await holds(getCommand, [EVIL]);
  expect(await holds(getCommand, ["-v", EVIL, "jid", "name"])).toBe(`1\n${printable(EVIL)}\n`);
  await holds(setCommand, [EVIL, "allow.mount"]);
  await holds(setCommand, [EVIL, `children.max=${EVIL}`]);
  await holds(setCommand, [EVIL, EVIL]);
  await holds(psCommand, [], false);
  await holds(killCommand, [EVIL]);
  await holds(statusCommand, []);
  await holds(whyCommand, [EVIL]);
  await holds(treeCommand, []);
  for (const command of [listCommand, getCommand, psCommand, killCommand, removeCommand, statusCommand, whyCommand]) {
    await holds(command, [`${EVIL}2`]);
  }
  await holds(helpCommand, [EVIL]);
  await holds(listCommand, [`--${EVIL}`]);
  await holds(upCommand, ["-f", EVIL]);
  await holds(removeCommand, [EVIL]);
});

it("one value alone is what it is to a program, and so is JSON", async () => {
  await run(createCommand, `name=${EVIL}`, "path=/");
  expect((await run(getCommand, "-v", EVIL, "name")).out).toBe(`${EVIL}\n`);
  const { out } = await run(listCommand, "--json", "-o", "name");
  expect(JSON.parse(out)).toEqual({ kernel: "simulated", jails: [{ name: EVIL }] });
});

it("neither does what a configuration holds or a hook writes", async () => {
  mkdirSync(join(folder, "etc"));
  writeFileSync(
    join(folder, "etc/jail.conf"),
    `"${WRITTEN}" { path = /; persist; exec.prestart = "printf %s '${WRITTEN}'; exit 1"; }\n`,
  );
  await holds(planCommand, []);
  const failed = await holds(upCommand, []);
  expect(failed).toContain("exec.prestart failed with status 1");
  await holds(upCommand, ["-v", "--timings"]);
  await holds(statusCommand, []);
  await holds(whyCommand, [EVIL]);
  await holds(logsCommand, [EVIL], false);
  await holds(downCommand, ["-v"]);
});

it("no word is completed that a shell would act on", async () => {
  for (const name of ["web", "web.$(reboot)", "a b", "-f", "x;ls", EVIL, "Büro-1"]) {
    await run(createCommand, `name=${name}`, "path=/", "children.max=9");
  }
  expect(await completeWords(["remove", ""], memoryIo(env, folder))).toEqual(["web", "Büro-1"]);
  expect(await completeWords(["status", ""], memoryIo(env, folder))).toEqual(["web", "Büro-1"]);
});

it("options have the names they are given, not those that every object has", async () => {
  for (const word of ["--constructor", "--toString", "--__proto__=x"]) {
    const { status, err } = await run(listCommand, word);
    expect(status).toBe(2);
    expect(err).toContain(`unknown option "${word.split("=")[0]}"`);
  }
});

/**
 * Writes docs/terminal.md: what `bsdjail up`, `plan`, `status`, `why` and the like print for a run in which a jail fails, as
 * they print it on a simulated machine. `npx tsx scripts/terminal.ts`; with `--check` it ends in 1 where the page is out of
 * date. Where README.md has the marks `<!-- terminal -->` and `<!-- /terminal -->`, the first run is put between them too.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import type { CliIo } from "../lib/cli/io.js";
import { applyCommand } from "../lib/cli/lifecycle/apply.js";
import { downCommand } from "../lib/cli/lifecycle/down.js";
import { logsCommand } from "../lib/cli/lifecycle/logs.js";
import { planCommand } from "../lib/cli/lifecycle/plan.js";
import { statusCommand } from "../lib/cli/lifecycle/status.js";
import { treeCommand } from "../lib/cli/lifecycle/tree.js";
import { upCommand } from "../lib/cli/lifecycle/up.js";
import { whyCommand } from "../lib/cli/lifecycle/why.js";

const root = join(__dirname, "..");
export const PAGE = join(root, "docs/terminal.md");
const README = join(root, "README.md");

const CONF = `path = "/jails/$name";
persist;
mount.devfs;
interface = lo0;

db  { ip4.addr = 192.0.2.10/24; exec.start = "echo the database is up"; }
web { ip4.addr = 192.0.2.11/24; depend = db; exec.prestart = "echo web.tar is not there >&2; exit 1"; }
api { ip4.addr = 192.0.2.12/24; depend = web; }
`;

const COMMANDS = {
  plan: planCommand,
  up: upCommand,
  status: statusCommand,
  why: whyCommand,
  logs: logsCommand,
  tree: treeCommand,
  apply: applyCommand,
  down: downCommand,
};

type Line = readonly [command: keyof typeof COMMANDS, ...argv: string[]];

/** What is run, in order, and the words before each. */
const RUNS: readonly { readonly text: string; readonly line: Line; readonly conf?: string }[] = [
  { text: "What would be done:", line: ["plan", "db"] },
  {
    text: "A start in which one jail fails. What it had done is taken back, and what needs it is not begun:",
    line: ["up"],
  },
  { text: "How they stand now, and why:", line: ["status"] },
  { text: "", line: ["why", "web"] },
  { text: "What its commands wrote:", line: ["logs", "web"] },
  { text: "Who needs whom:", line: ["tree"] },
  {
    text: "The configuration is changed: a jail that runs gets a second address and a parameter, without a restart.",
    line: ["plan", "db"],
    conf: CONF.replace("192.0.2.10/24;", "192.0.2.10/24, 192.0.2.20/24; allow.raw_sockets;"),
  },
  { text: "", line: ["apply", "db"] },
  { text: "", line: ["down"] },
];

class Kept extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Times are another each time. */
function steady(text: string): string {
  return text
    .replace(/\d+\.\d{3} s/g, "0.021 s")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "2026-11-26 09:30:00")
    .replace(/^(\S+ +up +\d+ {2})\d+ s/gm, "$10 s");
}

/** Each command with what it printed. */
async function record(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "bsdjail-terminal-"));
  try {
    for (const path of ["etc", "jails/db/dev", "jails/web/dev", "jails/api/dev"]) {
      mkdirSync(join(folder, "root", path), { recursive: true });
    }
    const env = {
      PATH: process.env.PATH,
      BSDJAIL_KERNEL: "simulated",
      BSDJAIL_STATE: join(folder, "kernel"),
      BSDJAIL_ROOT: join(folder, "root"),
    };
    writeFileSync(join(folder, "root/etc/jail.conf"), CONF);
    const shown: string[] = [];
    for (const { line, conf } of RUNS) {
      if (conf !== undefined) writeFileSync(join(folder, "root/etc/jail.conf"), conf);
      const [command, ...argv] = line;
      const out = new Kept();
      // Commands that need no jail are really run, so that one of them really fails.
      const BSDJAIL_COMMANDS = command === "up" ? "host" : "record";
      const io: CliIo = {
        stdin: Readable.from([]),
        stdout: out,
        stderr: out,
        env: { ...env, BSDJAIL_COMMANDS },
        cwd: "/",
      };
      await COMMANDS[command](argv, io);
      shown.push(`$ bsdjail ${line.join(" ")}\n${steady(out.text)}`);
    }
    return shown;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The page, and the part of it that the README shows. */
export async function terminalPage(): Promise<{ page: string; part: string }> {
  const shown = await record();
  const parts = RUNS.map(({ text }, at) => `${text === "" ? "" : `${text}\n\n`}\`\`\`console\n${shown[at]}\`\`\`\n`);
  const page = [
    "# In the terminal",
    "",
    "<!-- Made by scripts/terminal.ts. Durations and times are made the same each time. -->",
    "",
    "With this jail.conf, on a simulated machine:",
    "",
    "```",
    `${CONF}\`\`\``,
    "",
    parts.join("\n"),
  ].join("\n");
  const first = ["plan", "up", "status", "why"].map((name) => shown[RUNS.findIndex(({ line }) => line[0] === name)]);
  return { page, part: `\`\`\`console\n${first.join("\n")}\`\`\`` };
}

async function main(): Promise<void> {
  const { page, part } = await terminalPage();
  const readme = readFileSync(README, "utf8");
  const marked = /(<!-- terminal -->\n)[\s\S]*?(<!-- \/terminal -->)/;
  const files: [string, string][] = [
    [PAGE, page],
    [README, readme.replace(marked, (_all, begin: string, end: string) => `${begin}\n${part}\n\n${end}`)],
  ];
  for (const [file, text] of files) {
    if (!process.argv.includes("--check")) writeFileSync(file, text);
    else if (readFileSync(file, "utf8") !== text) {
      console.error(`${file} is out of date: npx tsx scripts/terminal.ts`);
      process.exitCode = 1;
    }
  }
}

if (require.main === module) void main();

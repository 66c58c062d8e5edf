import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { runProgram } from "../../../lib/machine/run.js";
import type { WorldJail } from "../../../lib/machine/simulated/answer.js";
import { SimulatedMachine } from "../../../lib/machine/simulated/machine.js";

const RECORDING = join(__dirname, "../../fixtures/transcripts/freebsd-15.1-host-programs.txt");

interface Recorded {
  readonly command: string;
  readonly output: readonly string[];
  readonly status: number;
}

/** The commands of one part of the recording, with what they printed. */
function recorded(title: string): Recorded[] {
  const text = readFileSync(RECORDING, "utf8");
  const [, part = ""] = text.split(`## ${title}\n`);
  const found: { command: string; output: string[]; status: number }[] = [];
  for (const line of (part.split("\n## ")[0] as string).split("\n")) {
    const status = /^\(exit status (\d+)\)$/.exec(line);
    if (line.startsWith("$ ")) found.push({ command: line.slice(2), output: [], status: 0 });
    else if (status) Object.assign(found.at(-1) ?? {}, { status: Number(status[1]) });
    else if (line !== "") found.at(-1)?.output.push(line);
  }
  return found;
}

/** One program of a command line: its words, and what a pipe to grep leaves of its lines. */
interface Simple {
  readonly argv: readonly string[];
  readonly filter: (lines: readonly string[]) => readonly string[];
}

/** A simple command, with `| grep` at most; undefined for what only a shell can do. */
function simple(command: string): Simple | undefined {
  const [program = "", pipe, ...more] = command.split(" | ");
  if (more.length > 0 || /[><&`()]|\\/.test(command)) return undefined;
  const argv = [...program.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? "",
  );
  if (pipe === undefined) return { argv, filter: (lines) => lines };
  const grep = /^grep (-c )?(\S+)$/.exec(pipe);
  if (grep === null) return undefined;
  return {
    argv,
    filter: (lines) => {
      const left = lines.filter((line) => line.includes(grep[2] as string));
      return grep[1] === undefined ? left : [String(left.length)];
    },
  };
}

const PROGRAMS = new Set(["ifconfig", "mount", "umount", "devfs"]);
const KNOWN = new Set([...PROGRAMS, "jail", "echo"]);

/** What a machine has to be compared by: messages and names, not drivers' own lines, not numbers drawn by chance. */
function comparable(lines: readonly string[]): string[] {
  return lines
    .filter(
      (line) =>
        !/^\t(options|groups|nd6|ether|id |maxage|root id|bridge flags| {8}port|media|status|description|inet6 fe80)|: flags=/.test(
          line,
        ),
    )
    .map((line) => line.replace(/, fsid [^)]*/, ""));
}

async function replay(title: string, lastJid = 0, prepare: (root: string) => void = () => {}) {
  const root = mkdtempSync(join(tmpdir(), "programs-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  prepare(root);
  const jails: WorldJail[] = [];
  const machine = new SimulatedMachine({ root, jails: () => jails });
  let jid = lastJid;
  const jailCommand = (argv: readonly string[]) => {
    const named = argv.find((word) => word.startsWith("name="))?.slice(5);
    const path = argv.find((word) => word.startsWith("path="))?.slice(5) ?? "/";
    if (named !== undefined) jails.push({ jid: ++jid, name: named, path, vnet: argv.includes("vnet"), dying: false });
    const [flag, name] = argv;
    if (flag === "-r")
      jails.splice(
        jails.findIndex((jail) => jail.name === name),
        1,
      );
  };
  let compared = 0;
  let skipped = 0;
  for (const { command, output, status } of recorded(title)) {
    const parts = command.split("; ").map(simple);
    const known = parts.every((part) => part !== undefined && KNOWN.has(part.argv[0] ?? "") && part.argv[1] !== "-F");
    const printed: string[] = [];
    let last = 0;
    for (const part of parts) {
      const [program = "", ...args] = part?.argv ?? [];
      if (program === "jail") jailCommand(args);
      else if (program === "echo") printed.push(args.join(" ").replace("$?", String(last)));
      else if (part !== undefined && PROGRAMS.has(program) && args[0] !== "-F") {
        const result = await runProgram(machine, { argv: part.argv });
        const lines = `${result.stdout}${result.stderr}`.split("\n").filter((line) => line !== "");
        printed.push(...part.filter(lines));
        last = result.status ?? -1;
      }
    }
    // Later commands build on what these did, also where they are not compared.
    if (!known) {
      skipped++;
      continue;
    }
    compared++;
    expect(comparable(printed), command).toEqual(comparable(output));
    // A line with several commands ends with the status of grep or echo.
    if (parts.length === 1 && !command.includes(" | ")) expect(last, command).toBe(status);
  }
  return { compared, skipped };
}

describe("simulated programs answer as the recorded ones did", () => {
  it("ifconfig: addresses and clones", async () => {
    const { compared } = await replay("interfaces and addresses");
    expect(compared).toBeGreaterThan(25);
  });

  it("ifconfig: epairs and moves between network stacks", async () => {
    const { compared } = await replay("epair, vnet, bridge", 2);
    expect(compared).toBeGreaterThan(15);
  });

  it("mount and umount", async () => {
    const { compared } = await replay("mounts", 0, (root) => {
      for (const path of ["src/sub", "a b", "root/dev", "root/mnt", "f"])
        mkdirSync(join(root, "tmp/h", path), { recursive: true });
      writeFileSync(join(root, "tmp/h/src/file"), "one\n");
      writeFileSync(join(root, "tmp/h/f/file"), "");
      symlinkSync("root/mnt", join(root, "tmp/h/link"));
    });
    expect(compared).toBeGreaterThan(6);
  });

  it("devfs rulesets", async () => {
    const { compared } = await replay("devfs rulesets");
    expect(compared).toBeGreaterThan(6);
  });
});

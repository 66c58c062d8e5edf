/**
 * `npm run transcripts -- FILE…`: runs recorded transcripts with our commands under the names of base's, on the simulated
 * kernel of the release that the file's name says. Prints the first difference of each case and what was left out and why.
 */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { JailHost } from "../lib/index.js";

interface Step {
  readonly sh: string;
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Case {
  readonly case: string;
  readonly lastjid?: number;
  readonly files?: Readonly<Record<string, string>>;
  readonly dirs?: readonly string[];
  readonly steps: readonly Step[];
}

type Result = { readonly kind: "passed" } | { readonly kind: "failed" | "skipped"; readonly why: string };

/** Where the recorder worked; ours is a new folder for each case. */
const RECORDED_FOLDER = "/tmp/g";
const root = join(__dirname, "..");

function launchers(folder: string): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const name of ["jail", "jls"]) {
    const path = join(bin, name);
    writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "${join(root, "dist/cli/main.js")}" ${name} "$@"\n`);
    chmodSync(path, 0o755);
  }
  return bin;
}

/** Programs of other systems with these names do something else. */
const FREEBSD_PROGRAMS = ["ifconfig", "mount", "umount", "ps", "sysctl", "zfs", "devfs", "rctl", "route", "service"];

const programs = new Map<string, boolean>();

function hasProgram(name: string): boolean {
  let found = programs.get(name);
  if (found === undefined) {
    try {
      execFileSync("/bin/sh", ["-c", 'command -v "$1" >/dev/null', "sh", name]);
      found = true;
    } catch {
      found = false;
    }
    programs.set(name, found);
  }
  return found;
}

/** Why a step cannot be run here; undefined where it can. */
function leftOut({ sh, status }: Step): string | undefined {
  if (status > 128) return `base's program crashed (status ${status})`;
  const withoutTexts = sh.replace(/'[^']*'|"[^"]*"/g, "x").replace(/(^|[;&|(\n]\s*)(?:[A-Za-z_]\w*=\S*\s+)+/g, "$1");
  for (const [, word = ""] of withoutTexts.matchAll(
    /(?:^|[;&|(\n]|\b(?:if|then|else|do|while|until|!)\s)\s*([A-Za-z_./][\w./-]*)(?!\S*=)/g,
  )) {
    if (word === "jail") {
      if (!/\bjail\b[^;&|]*\s-[a-z]*e\b/.test(withoutTexts)) return "jail(8) is offered with -e only";
    } else if (FREEBSD_PROGRAMS.includes(basename(word)) && process.platform !== "freebsd") {
      return `it needs FreeBSD's ${word}`;
    } else if (word !== "jls" && !hasProgram(word)) return `there is no ${word} here`;
  }
  return undefined;
}

function lay(folder: string, { dirs = [], files = {} }: Case): void {
  for (const path of dirs) mkdirSync(join(folder, path), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text.replaceAll(RECORDED_FOLDER, folder));
  }
}

function runShell(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Omit<Step, "sh">> {
  return new Promise((resolve, reject) => {
    const child = spawn("/bin/sh", ["-c", script], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        output[name] += text;
      });
    }
    child.on("error", reject);
    child.on("close", (status) => resolve({ status: status ?? -1, ...output }));
  });
}

async function runCase(each: Case, release: string): Promise<Result> {
  const scratch = mkdtempSync(join(tmpdir(), "transcript-"));
  try {
    const folder = join(scratch, "g");
    mkdirSync(folder);
    lay(folder, each);
    const stateFile = join(scratch, "state");
    JailHost.simulated({ release, stateFile, ...(each.lastjid === undefined ? {} : { lastJid: each.lastjid }) });
    const env = {
      PATH: `${launchers(scratch)}:/sbin:/bin:/usr/sbin:/usr/bin`,
      BSDJAIL_KERNEL: "simulated",
      BSDJAIL_STATE: stateFile,
      BSDJAIL_RELEASE: release,
    };
    for (const [at, step] of each.steps.entries()) {
      const reason = leftOut(step);
      if (reason !== undefined) return { kind: "skipped", why: `step ${at + 1}: ${reason}` };
      const answer = await runShell(step.sh.replaceAll(RECORDED_FOLDER, folder), folder, env);
      for (const part of ["stdout", "stderr", "status"] as const) {
        const wanted = String(step[part]);
        // The recorder read carriage returns as ends of lines.
        const given = String(answer[part]).replaceAll(folder, RECORDED_FOLDER).replaceAll("\r", "\n");
        if (given === wanted) continue;
        const lines = [`step ${at + 1}: ${step.sh}`, `  ${part} is     ${JSON.stringify(given)}`];
        return { kind: "failed", why: [...lines, `  ${part} was    ${JSON.stringify(wanted)}`].join("\n") };
      }
    }
    return { kind: "passed" };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function main(files: readonly string[]): Promise<number> {
  if (files.length === 0) {
    console.error("usage: npm run transcripts -- FILE…");
    return 2;
  }
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of files) {
    const release = /freebsd-(\d+\.\d+)/.exec(basename(file))?.[1];
    if (release === undefined) throw new Error(`${file}: its name does not say a release, as in freebsd-15.1.json`);
    const cases = JSON.parse(readFileSync(file, "utf8")) as Case[];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let each = cases[next++]; each !== undefined; each = cases[next++]) {
        const result = await runCase(each, release);
        counts[result.kind]++;
        if (result.kind !== "passed") console.log(`${result.kind}: ${basename(file)}: ${each.case}: ${result.why}`);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, worker));
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed === 0 ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);

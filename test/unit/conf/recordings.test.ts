import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseJailArguments } from "../../../lib/cli/base/jail/options.js";
import { printConfiguration } from "../../../lib/cli/base/jail/print.js";
import { memoryIo } from "../cli/memory-io.js";

interface Case {
  readonly case: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly dirs?: readonly string[];
  readonly steps: readonly {
    readonly sh: string;
    readonly status: number;
    readonly stdout: string;
    readonly stderr: string;
  }[];
}

const folder = join(__dirname, "../../fixtures/transcripts");
const load = (file: string) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Case[];
/** A step that prints a configuration and does nothing else; one that crashed base is left out. */
const PRINTS = /^jail (?:-f [\w./-]+ )?-e '?[^'\s]+'?(?: -f [\w./-]+)?$/;

const FILES = [
  "freebsd-15.1-jail.conf-random.json",
  "freebsd-15.1-jail.conf-texts.json",
  "freebsd-15.1-jail.conf-includes.json",
  "freebsd-15.1.json",
];

describe.each(FILES)("jail -e, as in %s", (file) => {
  const cases = load(file).filter(({ steps }) => steps.some(({ sh, status }) => PRINTS.test(sh) && status < 128));
  it.each(cases.map((each) => [each.case, each] as const))("%s", (_name, { files = {}, dirs = [], steps }) => {
    const cwd = mkdtempSync(join(tmpdir(), "conf-"));
    onTestFinished(() => rmSync(cwd, { recursive: true }));
    for (const path of dirs) mkdirSync(join(cwd, path), { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(cwd, dirname(path)), { recursive: true });
      writeFileSync(join(cwd, path), text);
    }
    for (const { sh, status, stdout, stderr } of steps) {
      if (!PRINTS.test(sh) || status >= 128) continue;
      const argv = sh
        .split(" ")
        .slice(1)
        .map((word) => word.replace(/^'(.*)'$/, "$1"));
      const parsed = parseJailArguments(argv);
      if (parsed.kind !== "print") throw new Error(`${sh} prints nothing`);
      const io = memoryIo({}, cwd);
      const answered = printConfiguration(parsed.config, parsed.separator, io);
      // The recorder read carriage returns as ends of lines.
      expect({ stdout: io.out().replaceAll("\r", "\n"), stderr: io.err(), status: answered }).toEqual({
        stdout,
        stderr,
        status,
      });
    }
  });
});

import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandOverrun } from "../console/shell.js";
import { messageOf, VmError } from "../errors.js";
import { countJunit, countLine, junitOf } from "./junit.js";
import { GUEST_ENV, type Work } from "./plan.js";
import { GUEST_ROOT } from "./provision.js";
import type { Skip } from "./skips-reporter.js";
import type { PartResult } from "./summary.js";

/** Where parts put their results in the guest. */
export const GUEST_RESULTS = `${GUEST_ROOT}/results`;

/** One part of a run: a command and how its results are counted. */
export interface Part {
  readonly name: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** It wants a kernel that has made no jail yet: the machine as it was prepared. */
  readonly unused?: boolean | undefined;
  /** Kernel modules that it wants where they are there. */
  readonly modules?: readonly string[] | undefined;
  /** The report that it writes in {@link GUEST_RESULTS}; undefined: its closing line counts. */
  readonly junit?: string | undefined;
  /** The list of skips that it writes there. */
  readonly skips?: string | undefined;
  /** What else it may write there, and comes back where it did. */
  readonly artifact?: string | undefined;
}

/** Runs a part; its output goes to a file too, its results come back. The machine's end is thrown, with what is there so far lost. */
export async function runPart(part: Part, work: Work): Promise<PartResult> {
  const { guest, out, signal, waits } = work;
  const log = join(out, `${part.name}.log`);
  writeFileSync(log, "");
  const begun = performance.now();
  const onOutput = (text: string) => {
    appendFileSync(log, text);
    work.show(text);
  };
  work.say(`running ${part.name}`);
  let status: number | undefined;
  let problem: string | undefined;
  try {
    await guest.run(["mkdir", "-p", GUEST_RESULTS], { signal });
    const env = { ...GUEST_ENV, ...part.env };
    status = await guest.run(part.argv, { signal, env, cwd: part.cwd, limitMs: waits.ms("suite"), onOutput });
  } catch (thrown) {
    if (!(thrown instanceof CommandOverrun)) throw thrown;
    problem = `${thrown.message} (\`--wait suite=SECONDS\` sets another limit)`;
  }
  const ms = performance.now() - begun;
  const wanted = [part.junit, part.skips].filter((name) => name !== undefined);
  for (const name of wanted) {
    try {
      await guest.get(GUEST_RESULTS, [name], out, { signal });
    } catch (thrown) {
      if (!(thrown instanceof VmError)) throw thrown;
      problem ??= `${name} was not written: ${messageOf(thrown)}`;
    }
  }
  if (
    part.artifact !== undefined &&
    (await guest.run(["test", "-e", `${GUEST_RESULTS}/${part.artifact}`], { signal })) === 0
  ) {
    await guest.get(GUEST_RESULTS, [part.artifact], out, { signal });
  }
  const output = readFileSync(log, "utf8");
  const report = part.junit === undefined ? undefined : readIfThere(join(out, part.junit));
  const counts = report === undefined ? countLine(output) : countJunit(report);
  if (report === undefined && counts !== undefined) {
    writeFileSync(join(out, `${part.name}.xml`), junitOf(part.name, counts, output));
  }
  const skips = part.skips === undefined ? undefined : readIfThere(join(out, part.skips));
  return {
    name: part.name,
    status,
    counts,
    ms,
    problem,
    skips: skips === undefined ? [] : (JSON.parse(skips) as Skip[]),
  };
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** Node.js in a guest, and whatever else a preparation needs: steps that fail with what they printed. */
import { lstatSync } from "node:fs";
import { basename, dirname } from "node:path";
import { VmError } from "../errors.js";
import { GUEST_ENV, type Work } from "./plan.js";

/** The folder of the guest in which everything of ours is. */
export const GUEST_ROOT = "/opt/bsdjail";
const NODE_FOLDER = `${GUEST_ROOT}/node`;
/** Packages with Node.js, the newest first: a release's repository may lack some. */
const NODE_PACKAGES = ["node24", "node22", "node20", "node"];

/** Runs a command of the preparation. @throws VmError with its last lines where it does not end with 0 */
export async function step(work: Work, what: string, argv: readonly string[], cwd?: string): Promise<string> {
  let text = "";
  work.say(what);
  const status = await work.guest.run(argv, {
    signal: work.signal,
    env: GUEST_ENV,
    cwd,
    limitMs: work.waits.ms("provision"),
    onOutput: (piece) => {
      text += piece;
      work.show(piece);
    },
  });
  if (status === 0) return text;
  throw new VmError(`${what}: exit status ${status}`, "", text.trim().split("\n").slice(-15));
}

/** A line of sh(1) as a step. */
export function shellStep(work: Work, what: string, line: string, cwd?: string): Promise<string> {
  return step(work, what, ["/bin/sh", "-c", line], cwd);
}

/** Puts Node.js into the guest and on its path: from an archive, a folder or a program, or by pkg(8). */
export async function provideNode(work: Work, given: string | undefined, network: boolean): Promise<void> {
  const { guest, signal } = work;
  if (given === undefined) {
    const found = await guest.run(["/bin/sh", "-c", "node --version"], { signal, env: GUEST_ENV });
    if (found === 0) return;
    if (!network)
      throw new VmError("the guest has no Node.js, and no network to get it by", "`--node ARCHIVE` puts one in.");
    await installNode(work);
  } else {
    const info = lstatSync(given, { throwIfNoEntry: false });
    if (info === undefined) throw new VmError(`--node ${given}: there is no such file`);
    work.say(`putting ${basename(given)} into the guest`);
    if (/\.(tar|tgz|txz|tar\.\w+)$/.test(given)) await guest.put({ archive: given }, NODE_FOLDER, { signal });
    else await guest.put({ folder: dirname(given), names: [basename(given)] }, NODE_FOLDER, { signal });
    await shellStep(
      work,
      "linking node",
      `mkdir -p /usr/local/bin && ln -sf "$(find ${NODE_FOLDER} -name node -type f -path '*bin/node' -o -name node -type f -perm -111 | head -n 1)" /usr/local/bin/node`,
    );
  }
  await step(work, "asking node for its version", ["node", "--version"]);
}

async function installNode(work: Work): Promise<void> {
  const problems: string[] = [];
  for (const name of NODE_PACKAGES) {
    try {
      await step(work, `installing ${name} by pkg`, ["env", "ASSUME_ALWAYS_YES=yes", "pkg", "install", "-y", name]);
      return;
    } catch (thrown) {
      work.signal.throwIfAborted();
      if (!(thrown instanceof VmError)) throw thrown;
      problems.push(...thrown.detail.slice(-3));
    }
  }
  throw new VmError(
    "no package of Node.js could be installed in the guest",
    "The packages of a release that is no longer supported vanish: `--node ARCHIVE` puts one in.",
    problems,
  );
}

/** Commands in jails as the lifecycle and the base system's commands watch them. */
import type { Program, ProgramExit } from "../machine/machine.js";
import { pieces } from "../machine/programs.js";
import type { Entry } from "./entry.js";
import { JailEntryError } from "./entry-error.js";
import { type JailChildProcess, type Launcher, type LaunchOptions, launch } from "./launch.js";

/** Where a command's streams go. */
export interface EnterOptions {
  /** `"inherit"`: this process's own streams. */
  readonly streams: "inherit" | "pipe";
  /** A descriptor for what is written, in place of the streams. */
  readonly outputFd?: number | undefined;
  /** In a session of its own. */
  readonly session: boolean;
  /** In a session, and yet waited for. */
  readonly waited?: boolean | undefined;
  /** What starts it. Default: jail-exec. */
  readonly launcher?: Launcher | undefined;
}

/** Enters a jail and becomes a command. Resolves once the command runs. @throws JailEntryError */
export async function enterJail(entry: Entry, options: EnterOptions): Promise<Program> {
  try {
    return await start(entry, options);
  } catch (thrown) {
    // A file that the kernel takes for no program is a script of sh: so execvp(3).
    if (!(thrown instanceof JailEntryError) || thrown.step !== "exec" || thrown.errnoCode !== "ENOEXEC") throw thrown;
    const [name = "", ...rest] = entry.argv;
    const end = thrown.detail.indexOf(": ");
    const found = name.includes("/") || end < 0 ? name : thrown.detail.slice(0, end);
    return start({ ...entry, argv: ["/bin/sh", found, ...rest] }, options);
  }
}

function start(entry: Entry, { streams, outputFd, session, waited, launcher }: EnterOptions): Promise<Program> {
  const output = outputFd ?? streams;
  const input = streams === "inherit" ? "inherit" : "ignore";
  return startProgram(entry, { stdio: [input, output, output], detached: session, waited }, launcher);
}

/** Starts a command as a program that can be watched. Resolves once it runs. @throws JailEntryError */
export async function startProgram(
  entry: Entry,
  options: LaunchOptions,
  launcher: Launcher = launch,
): Promise<Program & { readonly child: JailChildProcess }> {
  return childProgram(launcher(entry, options));
}

/** A command that was started just now, as a program. Resolves once it runs. @throws JailEntryError */
export async function childProgram(child: JailChildProcess): Promise<Program & { readonly child: JailChildProcess }> {
  const exited = new Promise<ProgramExit>((resolve) => {
    child.once("exit", (status, signal) => resolve({ status, signal }));
    // It may never have been a process.
    child.once("close", (status, signal) => resolve({ status, signal }));
  });
  // Told by `entered` as well.
  child.on("error", () => undefined);
  const output = pieces(child);
  try {
    await child.entered;
  } catch (failure) {
    await exited;
    throw failure;
  }
  return {
    child,
    pid: child.pid ?? 0,
    exited,
    output,
    kill: (signal) => void child.killGroup(signal),
    release() {
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
    },
  };
}

import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { MachineError, type Program, type ProgramExit } from "../../machine/machine.js";
import { pieces } from "../../machine/programs.js";
import { jailExecPath } from "../../native.js";

/** What jail-exec is asked for. Beside the jail, its options are given in its own words. */
export interface EnterRequest {
  readonly jid: number;
  readonly argv: readonly string[];
  /** Options of jail-exec besides the jail: users, directory, routing table. */
  readonly options: readonly string[];
  /** Variables named as jail-exec takes them: `E:NAME` last, `B:NAME` before those of a user (its `-i`). */
  readonly env: Readonly<Record<string, string>>;
  /** `"inherit"`: this process's own streams. */
  readonly streams: "inherit" | "pipe";
  /** A descriptor for what is written, in place of the streams. */
  readonly outputFd?: number | undefined;
  /** In a session of its own. */
  readonly session: boolean;
}

/** A step of entering a jail failed. */
export class EnterFailure extends MachineError {
  /** Which, as jail-exec names it: `host-user`, `attach`, `directory`, `user`, `exec`, … */
  readonly step: string;

  constructor(step: string, code: string, detail: string) {
    super(code, step, detail);
    this.step = step;
  }
}

const STATUS_FD = 3;

/** Enters a jail and becomes a command, by jail-exec. Resolves once the command runs. @throws EnterFailure */
export async function enterJail(request: EnterRequest): Promise<Program> {
  const helper = jailExecPath();
  if (helper === undefined) throw new EnterFailure("exec", "ENOENT", "jail-exec");
  try {
    return await start(helper, request, request.argv);
  } catch (thrown) {
    // A file that the kernel takes for no program is a script of sh: so execvp(3).
    if (!(thrown instanceof EnterFailure) || thrown.step !== "exec" || thrown.code !== "ENOEXEC") throw thrown;
    const [name = "", ...rest] = request.argv;
    const end = thrown.path.indexOf(": ");
    const found = name.includes("/") || end < 0 ? name : thrown.path.slice(0, end);
    return start(helper, request, ["/bin/sh", found, ...rest]);
  }
}

async function start(helper: string, request: EnterRequest, argv: readonly string[]): Promise<Program> {
  const { streams, outputFd, session, options, jid } = request;
  const output = outputFd ?? streams;
  const stdio: StdioOptions = [streams === "inherit" ? "inherit" : "ignore", output, output, "pipe"];
  const words = ["-s", String(STATUS_FD), "-f", "0,1,2", "-j", String(jid), ...options, "--", ...argv];
  const child = spawn(helper, words, { env: request.env, stdio, detached: session });
  const exited = new Promise<ProgramExit>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(new EnterFailure("exec", error.code ?? "EIO", helper)),
    );
    child.once("exit", (status, signal) => resolve({ status, signal }));
  });
  exited.catch(() => undefined);
  const output$ = pieces(child);
  const failed = await report(child.stdio[STATUS_FD] as Readable);
  if (failed !== undefined) {
    await exited;
    throw failed;
  }
  if (child.pid === undefined) await exited;
  return {
    pid: child.pid ?? 0,
    exited,
    output: output$,
    kill: (signal) => killChild(child, session, signal),
    release() {
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
    },
  };
}

function killChild(child: ChildProcess, group: boolean, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(group ? -child.pid : child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Reads jail-exec's records until the command runs, which closes the channel. */
async function report(channel: Readable): Promise<EnterFailure | undefined> {
  let text = "";
  for await (const bytes of channel) text += Buffer.from(bytes as Uint8Array).toString("utf8");
  const failed = text.split("\0").find((record) => record.startsWith("failed\t"));
  if (failed === undefined) return undefined;
  const [, step = "", , code = "", ...detail] = failed.split("\t");
  return new EnterFailure(step, code, detail.join("\t"));
}

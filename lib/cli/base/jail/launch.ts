import { JailEntryError } from "../../../exec/entry-error.js";
import type { ProgramRequest } from "../../../machine/machine.js";
import { drain, type Watched } from "../../../machine/run.js";
import { codeOf, strerror } from "../../../strerror.js";
import type { StepCommand } from "./commands.js";
import type { BaseJail } from "./model.js";
import { checkPlace } from "./paths.js";
import type { Outcome, Work } from "./perform.js";

/** Starts the command of a step; the jail then waits for its end, unless it is for the background. */
export async function launch(
  work: Work,
  jail: BaseJail,
  step: string,
  value: string,
  command: StepCommand,
): Promise<Outcome> {
  const { messages, machine } = work;
  const seconds = jail.number("exec.timeout") ?? 0;
  jail.deadline = seconds === 0 ? undefined : machine.clock() + seconds * 1000;
  let log: { readonly fd: number | undefined; close(): Promise<void> } | undefined;
  const logPath = command.inJail ? jail.text("exec.consolelog") : undefined;
  if (logPath !== undefined) {
    const problem = await checkPlace(jail, machine, "exec.consolelog", logPath, true, undefined);
    if (problem !== undefined) {
      messages.warn(jail, problem);
      return "failed";
    }
    try {
      log = await machine.openAppend(logPath, jail.text("path"));
    } catch (thrown) {
      messages.warn(jail, `open ${logPath}: ${strerror(codeOf(thrown))}`);
      return "failed";
    }
  }
  jail.commandLine = command.argv.join(" ");
  const user = jail.text(command.inJail ? "exec.jail_user" : "exec.system_user");
  if (messages.verbose > 0) {
    const as = user === undefined ? "" : ` as ${user}`;
    messages.note(jail, `run command${command.inJail ? " in jail" : ""}${as}: ${jail.commandLine}\n`);
  }
  try {
    const program = await startCommand(work, jail, step, value, command, user, log?.fd);
    if (command.background) {
      program?.release();
      return "done";
    }
    const ended = program?.exited ?? Promise.resolve({ status: 1, signal: null });
    if (work.room !== undefined) work.room--;
    work.waiting.wait(jail, ended, () => program?.kill("SIGKILL"));
    return "waits";
  } finally {
    await log?.close();
  }
}

/** Starts a command; undefined where it could not be, which was said in the words of jail(8)'s child process. */
async function startCommand(
  work: Work,
  jail: BaseJail,
  step: string,
  value: string,
  command: StepCommand,
  user: string | undefined,
  outputFd: number | undefined,
): Promise<Watched | undefined> {
  const { inside, machine, messages } = work;
  const clean = jail.boolean("exec.clean");
  try {
    if (command.inJail) {
      const fib = jail.number("exec.fib");
      const hostUser = jail.boolean("exec.system_jail_user");
      const started = await inside.start(jail.jid, {
        ...{ argv: command.argv, user, hostUser, clean, fib, outputFd },
        background: command.background,
        streams: streamsOf(work),
      });
      return forward(work, started);
    }
    if (step === "zfs.dataset") return await startDataset(work, jail, value);
    const request: ProgramRequest = {
      argv: command.argv,
      env: { ...(clean || work.io.env === process.env ? {} : work.io.env), ...hookVariables(jail) },
      clean,
      cwd: work.io.cwd,
      background: command.background,
      streams: streamsOf(work),
      ...(user === undefined ? {} : { user }),
    };
    return forward(work, (await inside.startOutside(request)) ?? (await machine.start(request)));
  } catch (thrown) {
    messages.warn(jail, startProblem(thrown, command, user));
    return undefined;
  }
}

/** What a command of the host is told of its jail, the last one set first, as FreeBSD's env(1) shows them. */
function hookVariables(jail: BaseJail): Record<string, string> {
  const variables: Record<string, string> = { JPATH: jail.text("path") ?? "" };
  for (const [name, value] of [
    ["JNAME", jail.text("name")],
    ["JID", jail.text("jid")],
  ] as const) {
    if (value !== undefined) variables[name] = value;
  }
  return variables;
}

/** In a process of its own a command has our streams; else what it writes is passed on. */
function streamsOf(work: Work): "inherit" | "pipe" {
  return work.io.isProcess ? "inherit" : "pipe";
}

/** Passes on what a command writes; its end is told when that has been read, unless something else holds its streams. */
function forward(work: Work, program: Watched): Watched {
  const reading = (async () => {
    for await (const { stream, bytes } of program.output) work.io[stream].write(bytes);
  })();
  reading.catch(() => undefined);
  const exited = program.exited.then(async (ending) => {
    await drain(work.machine, reading);
    return ending;
  });
  return { exited, output: program.output, kill: (signal) => program.kill(signal), release: () => program.release() };
}

/**
 * jail(8) has a shell ask for the dataset's property, and goes on whatever comes of it. The same without a shell: a name
 * never becomes part of a script.
 */
async function startDataset(work: Work, jail: BaseJail, dataset: string): Promise<Watched> {
  const { machine, messages } = work;
  const jid = jail.text("jid") ?? "";
  const asked = await machine.start({ argv: ["/sbin/zfs", "get", "-H", "-o", "value", "jailed", dataset] });
  let answer = "";
  for await (const { stream, bytes } of asked.output) {
    if (stream === "stdout") answer += Buffer.from(bytes).toString("utf8");
    else work.io.stderr.write(bytes);
  }
  await asked.exited;
  const attached =
    answer.trim() === "on"
      ? forward(work, await machine.start({ argv: ["/sbin/zfs", "jail", jid, dataset], streams: streamsOf(work) }))
      : undefined;
  const exited = (async () => {
    const ending = await attached?.exited;
    if (ending === undefined) messages.print(`error, you need to set jailed=on for dataset ${dataset}\n`);
    else if (ending.status !== 0) messages.print(`error, attaching ${dataset} to jail ${jid} failed\n`);
    return { status: 0, signal: null };
  })();
  const last = attached ?? asked;
  return { exited, output: last.output, kill: (signal) => last.kill(signal), release: () => last.release() };
}

/** Why a command did not start, as jail(8)'s child process says it. */
function startProblem(thrown: unknown, command: StepCommand, user: string | undefined): string {
  const entry = thrown instanceof JailEntryError;
  const code = entry ? thrown.errnoCode : codeOf(thrown);
  const { syscall, path } = thrown as { syscall?: string; path?: string };
  const about = entry ? thrown.detail : path;
  switch (entry ? thrown.step : syscall) {
    case "host-user":
    case "user":
    case "getpwnam":
      return code === "" || code === "EINVAL"
        ? `${user ?? ""}: no such user`
        : `getpwnam ${user ?? ""}: ${strerror(code)}`;
    case "attach":
      return `jail_attach: ${strerror(code)}`;
    case "directory":
      return `chdir ${about ?? ""}: ${strerror(code)}`;
    case "fib":
      return `setfib: ${strerror(code)}`;
    case "groups":
      return `initgroups ${about ?? ""}: ${strerror(code)}`;
    case "class":
      return `setusercontext ${about ?? ""}: ${strerror(code)}`;
    default:
      return `exec ${command.argv[0] ?? ""}: ${strerror(code)}`;
  }
}

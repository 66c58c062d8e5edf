import { spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** A jail to make with `jail(2)` and a command to become in it, by jail-exec. */
export interface RunInNewJail {
  /** The absolute path of jail-exec. */
  readonly helper: string;
  /** Absolute, without links. */
  readonly path: string;
  readonly hostname: string;
  /** In the order in which `jail(2)` gets them; the kernel turns it round. */
  readonly addresses: readonly string[];
  /** The program, by a path below the jail's root, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Who the command runs as, of the host's or the jail's password file. Default: who runs this. */
  readonly user?: { readonly name: string; readonly from: "host" | "jail" } | undefined;
  /** The environment of a login instead of `env`; its TERM is the one of `env`. Takes a user. */
  readonly login: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Told once the jail is there. */
  readonly onJail?: ((jid: number) => void) | undefined;
}

/** How it went: the command's end, or what failed before there was one. */
export type RunOutcome =
  | { readonly status: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly failed: { readonly step: string; readonly code: string; readonly detail: string } };

const STATUS_FD = 3;

function words(run: RunInNewJail): string[] {
  const { path, hostname, addresses, command, user, login, env } = run;
  const [program, ...rest] = command;
  // The kernel's execve(2) takes a name without a slash from the working directory, and searches nothing.
  const file = program.includes("/") ? program : `./${program}`;
  return [
    "-s",
    String(STATUS_FD),
    "-f",
    "0,1,2",
    "-J",
    path,
    "-N",
    hostname,
    "-A",
    addresses.join(","),
    ...(user === undefined ? [] : [user.from === "host" ? "-U" : "-u", user.name]),
    ...(login ? ["-l", "-H", ...(env.TERM === undefined ? [] : ["-T", env.TERM])] : []),
    "-0",
    program,
    "--",
    file,
    ...rest,
  ];
}

async function* records(stream: Readable): AsyncGenerator<string[]> {
  let text = "";
  for await (const bytes of stream) {
    text += Buffer.from(bytes as Uint8Array).toString("utf8");
    for (let end = text.indexOf("\0"); end !== -1; end = text.indexOf("\0")) {
      yield text.slice(0, end).split("\t");
      text = text.slice(end + 1);
    }
  }
}

/** Makes the jail and runs the command in it, with this process's own streams; resolves when the command has ended. */
export async function runInNewJail(run: RunInNewJail): Promise<RunOutcome> {
  // jail-exec gives the command what is named E: alone.
  const env: Record<string, string> = {};
  if (!run.login)
    for (const [name, value] of Object.entries(run.env)) if (value !== undefined) env[`E:${name}`] = value;
  const child = spawn(run.helper, words(run), { stdio: ["inherit", "inherit", "inherit", "pipe"], env });
  const ended = new Promise<RunOutcome>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      resolve({ failed: { step: "exec", code: error.code ?? "EIO", detail: run.helper } });
    });
    child.once("exit", (status, signal) => resolve({ status, signal }));
  });
  let failed: RunOutcome | undefined;
  for await (const [kind, ...fields] of records(child.stdio[STATUS_FD] as Readable)) {
    if (kind === "jail") run.onJail?.(Number(fields[0]));
    if (kind === "failed")
      failed = { failed: { step: fields[0] ?? "", code: fields[2] ?? "", detail: fields[3] ?? "" } };
  }
  return failed ?? ended;
}

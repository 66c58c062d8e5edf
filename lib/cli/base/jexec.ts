import { JailEntryError } from "../../exec/entry-error.js";
import { ownIdentity } from "../../exec/identity.js";
import type { Program } from "../../machine/machine.js";
import { strerror } from "../../strerror.js";
import { become } from "../become.js";
import { CliFailure } from "../failure.js";
import type { CliIo } from "../io.js";
import { BaseCalls, Refusal } from "./calls.js";
import { getopt } from "./getopt.js";
import { openAround } from "./jail/machines.js";
import { type BaseKernel, openBaseKernel } from "./kernel.js";

/** jexec(8)'s summary of its usage. */
const JEXEC_USAGE = "usage: jexec [-l] [-d working-directory] [-u username | -U username] jail\n       [command ...]\n";

/** What jexec(8)'s arguments ask for. */
export interface JexecRequest {
  readonly login: boolean;
  readonly user: { readonly name: string; readonly from: "host" | "jail" } | undefined;
  readonly directory: string | undefined;
  readonly jail: string;
  readonly command: readonly string[];
}

/** Parses jexec(8)'s arguments: a request, or what is said before the usage. */
function parseJexecArguments(
  argv: readonly string[],
): { readonly request: JexecRequest } | { readonly message: string | undefined } {
  const { options, rest, error } = getopt(argv, "d:lnu:U:");
  if (error !== undefined) return { message: error };
  const last = (...flags: string[]) => options.findLast(({ flag }) => flags.includes(flag));
  const [jail, ...command] = rest;
  if (jail === undefined || (last("u") && last("U"))) return { message: undefined };
  const user = last("u", "U");
  return {
    request: {
      login: last("l") !== undefined,
      user: user && { name: user.value, from: user.flag === "u" ? "host" : "jail" },
      directory: last("d")?.value,
      jail,
      command,
    },
  };
}

/** `jexec`: runs a command in a jail as FreeBSD's jexec(8) does. */
export async function jexecCommand(argv: string[], io: CliIo): Promise<number> {
  const parsed = parseJexecArguments(argv);
  if ("message" in parsed) {
    if (parsed.message !== undefined) io.stderr.write(`jexec: ${parsed.message}\n`);
    io.stderr.write(JEXEC_USAGE);
    return 1;
  }
  const { request } = parsed;
  try {
    const base = openBaseKernel(io);
    const calls = await BaseCalls.open(base.kernel);
    return await become(() => enter(request, base, calls, io), io);
  } catch (thrown) {
    const message = explain(thrown, request);
    if (message === undefined) throw thrown;
    io.stderr.write(`jexec: ${message}\n`);
    return 1;
  }
}

/** What jail_attach(2) answers for the host: first whether the caller may attach at all. */
function hostRefusal(): string {
  return process.geteuid?.() === 0 ? "EINVAL" : "EPERM";
}

/** Looks the jail up, as jail_getid(3) does. */
async function findJail(calls: BaseCalls, word: string): Promise<number> {
  const digits = /^[ \t\n\v\f\r]*([+-]?[0-9]+)$/.exec(word)?.[1];
  if (digits === undefined) return calls.jid({ name: word });
  const jid = Number(BigInt.asIntN(32, BigInt(digits)));
  return jid === 0 ? 0 : calls.jid({ jid });
}

async function enter(request: JexecRequest, base: BaseKernel, calls: BaseCalls, io: CliIo): Promise<Program> {
  const { user, login, directory, command } = request;
  const { inside } = openAround(base, calls, io);
  const fromHost = user?.from === "host";
  // The host's password file comes before the jail.
  if (fromHost && (user.name === "" || !(await inside.knowsUser(user.name))))
    throw new JailEntryError({ step: "host-user", errnoCode: "", detail: user.name });
  const own = login && user === undefined ? ownIdentity() : undefined;
  const jid = await findJail(calls, request.jail);
  // The host is no jail that the kernel would let anybody attach to, and nobody has an empty name.
  if (jid === 0) throw new JailEntryError({ step: "attach", errnoCode: hostRefusal(), detail: "jail 0" }, 0);
  if (user?.name === "") throw new JailEntryError({ step: "user", errnoCode: "", detail: "" });
  const shell = own?.SHELL ?? io.env.SHELL ?? "/bin/sh";
  // Which shell a named user has is known only inside.
  const interactive = user === undefined ? [shell, "-i"] : ["/bin/sh", "-c", 'exec "$SHELL" -i'];
  return inside.start(jid, {
    argv: command.length > 0 ? command : interactive,
    user: user?.name,
    hostUser: fromHost || own !== undefined,
    clean: login,
    fib: undefined,
    background: false,
    outputFd: undefined,
    streams: io.isProcess ? "inherit" : "pipe",
    cwd: directory,
    dependent: true,
  });
}

function explain(thrown: unknown, { user, directory, command }: JexecRequest): string | undefined {
  if (thrown instanceof Refusal || thrown instanceof CliFailure) return thrown.message;
  if (!(thrown instanceof JailEntryError)) {
    const unknown = (thrown as { syscall?: string }).syscall === "uv_os_get_passwd";
    return unknown ? `unknown uid: ${process.getuid?.() ?? 0}` : undefined;
  }
  const { errnoCode: code, detail } = thrown;
  const text = code === "" ? "" : strerror(code);
  switch (thrown.step) {
    case "host-user":
    case "user":
      return code === "" ? `${user?.name ?? ""}: no such user` : `getpwnam: ${user?.name ?? ""}: ${text}`;
    case "attach":
      return `jail_attach(${/[0-9]+/.exec(detail)?.[0] ?? ""}): ${text}`;
    case "directory":
      return directory === undefined ? `chdir: ${detail}: ${text}` : `chdir(): ${directory}: ${text}`;
    case "groups":
      return `initgroups: ${detail}: ${text}`;
    case "class":
      return `setusercontext: ${text}`;
    default:
      return command.length > 0 ? `execvp: ${command[0]}: ${text}` : `execlp: ${detail}: ${text}`;
  }
}

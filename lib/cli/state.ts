import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { LocalKernel, RawOpened, RawSimulatedOptions } from "../binding.js";
import { makeDirectories } from "../machine/directories.js";
import { openNative, openSimulated } from "../native.js";
import { CliFailure } from "./failure.js";
import type { CliIo } from "./io.js";
import { isTerminal, printable } from "./output.js";

/** Where a simulated machine is kept. */
export interface SimulatedPlace {
  /** The file with the kernel's state. */
  readonly kernelFile: string;
  /** The folder with the rest of the machine: mounts, interfaces, datasets. */
  readonly machineFolder: string;
  /** The release that was asked for, `"15.1"`; undefined for what the file says, or the newest. */
  readonly release: string | undefined;
}

/** What was opened, and where the simulated machine is kept; undefined for a real one. */
export interface Opened<T> {
  readonly value: T;
  readonly place: SimulatedPlace | undefined;
}

/** How a kernel is opened, in one of its forms. What cannot be opened is thrown with a `code`. */
export interface Openers<T> {
  native(): T;
  simulated(options: RawSimulatedOptions): T;
}

/** Opens the raw calls alone. */
export const RAW_KERNEL: Openers<LocalKernel> = {
  native: () => unwrap(openNative()),
  simulated: (options) => unwrap(openSimulated(options)).kernel,
};

/** Where the simulated machine of this user is kept: `BSDJAIL_STATE`, else below `XDG_STATE_HOME`. */
function simulatedPlace(io: Pick<CliIo, "env" | "cwd">): SimulatedPlace {
  const { BSDJAIL_STATE, BSDJAIL_RELEASE, XDG_STATE_HOME, HOME } = io.env;
  const release = BSDJAIL_RELEASE === "" ? undefined : BSDJAIL_RELEASE;
  if (BSDJAIL_STATE !== undefined && BSDJAIL_STATE !== "") {
    const kernelFile = resolve(io.cwd, BSDJAIL_STATE);
    return { kernelFile, machineFolder: `${kernelFile}.machine`, release };
  }
  const own = XDG_STATE_HOME !== undefined && isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : undefined;
  const folder = join(own ?? join(HOME || homedir(), ".local", "state"), "bsdjail");
  const kernelFile = join(folder, "kernel");
  return { kernelFile, machineFolder: `${kernelFile}.machine`, release };
}

/** Which kernel `BSDJAIL_KERNEL` asks for. @throws CliFailure for a word that is none */
function wantedKernel(io: CliIo): "native" | "simulated" | undefined {
  const word = io.env.BSDJAIL_KERNEL;
  if (word === undefined || word === "") return undefined;
  if (word === "native" || word === "simulated") return word;
  throw new CliFailure(`BSDJAIL_KERNEL is "${word}"`, {
    hint: 'It is "native", "simulated" or not set.',
    code: "EUSAGE",
  });
}

/** What commands of a simulated machine do: noted and not run, or really run on this machine. */
export type CliCommands = "record" | "host";

/**
 * What `BSDJAIL_COMMANDS` says that commands of a simulated machine do.
 *
 * @param otherwise where it says nothing
 * @throws CliFailure for a word that is none
 */
export function simulatedCommands({ env }: Pick<CliIo, "env">, otherwise: CliCommands = "record"): CliCommands {
  const { BSDJAIL_COMMANDS: word = "" } = env;
  if (word === "") return otherwise;
  if (word === "record" || word === "host") return word;
  throw new CliFailure(`BSDJAIL_COMMANDS is "${word}"`, {
    hint: 'It is "record", "host" or not set.',
    code: "EUSAGE",
  });
}

function unwrap<T>(opened: RawOpened<T>): T {
  if (opened.error !== undefined) throw new CliFailure(opened.error.message, { code: opened.error.code });
  return opened.value;
}

function openSimulatedAt<T>(io: CliIo, openers: Openers<T>): Opened<T> {
  const place = simulatedPlace(io);
  const { release, kernelFile: stateFile } = place;
  try {
    makeDirectories(dirname(stateFile), 0o700);
    return { value: openers.simulated(release === undefined ? { stateFile } : { stateFile, release }), place };
  } catch (thrown) {
    const { message, code } = thrown as NodeJS.ErrnoException;
    if (code === "ERR_JAIL_ADDON") throw new CliFailure(message, { code });
    throw new CliFailure(message, {
      code,
      hint: `The simulated machine is kept in ${stateFile}; BSDJAIL_STATE names another file for it.`,
    });
  }
}

/**
 * Opens the kernel: this machine's own, or, where there are no jails, the simulated one with its state file.
 *
 * @param notice told, once, that the kernel is a simulated one that nobody asked for by name
 * @throws CliFailure where there is none
 */
export function openKernel<T>(io: CliIo, openers: Openers<T>, notice: (text: string) => void): Opened<T> {
  const wanted = wantedKernel(io);
  if (wanted === "simulated") return openSimulatedAt(io, openers);
  try {
    return { value: openers.native(), place: undefined };
  } catch (thrown) {
    const { message, code } = thrown as NodeJS.ErrnoException;
    if (wanted === "native" || code !== "ERR_JAIL_UNSUPPORTED_PLATFORM") throw new CliFailure(message, { code });
  }
  const opened = openSimulatedAt(io, openers);
  notice(`no jails on this machine: a simulated kernel answers, kept in ${opened.place?.kernelFile ?? ""}`);
  return opened;
}

/** The notice of our own commands: a line on stderr, unless it is to be JSON alone. */
export function notifier(io: CliIo, json: boolean): (text: string) => void {
  return (text) => {
    if (!json) io.stderr.write(`bsdjail: ${printable(text)}\n`);
  };
}

/** The notice of the base system's commands: their streams are theirs, so only a person at a terminal is told. */
export function baseNotifier(io: CliIo): (text: string) => void {
  return (text) => {
    if (isTerminal(io.stderr)) io.stderr.write(`bsdjail: ${printable(text)}\n`);
  };
}

import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { LocalKernel, SimulatedControls } from "../binding.js";
import { openNative, openSimulated } from "../native.js";
import { CliFailure } from "./failure.js";
import type { CliIo } from "./io.js";
import { isTerminal } from "./output.js";

/** Where a simulated machine is kept. */
export interface SimulatedPlace {
  /** The file with the kernel's state. */
  readonly kernelFile: string;
  /** The folder with the rest of the machine: mounts, interfaces, datasets. */
  readonly machineFolder: string;
  /** The release that was asked for, `"15.1"`; undefined for what the file says, or the newest. */
  readonly release: string | undefined;
}

/** The kernel that a command works with. */
export interface CommandKernel {
  readonly kernel: LocalKernel;
  /** What the simulated machine offers beside the kernel; undefined on a real one. */
  readonly controls: SimulatedControls | undefined;
  /** Where the simulated machine is kept; undefined on a real one. */
  readonly place: SimulatedPlace | undefined;
}

/** Where the simulated machine of this user is kept: `BSDJAIL_STATE`, else below `XDG_STATE_HOME`. */
export function simulatedPlace(io: Pick<CliIo, "env" | "cwd">): SimulatedPlace {
  const { BSDJAIL_STATE, BSDJAIL_RELEASE, XDG_STATE_HOME, HOME } = io.env;
  const release = BSDJAIL_RELEASE === "" ? undefined : BSDJAIL_RELEASE;
  if (BSDJAIL_STATE !== undefined && BSDJAIL_STATE !== "") {
    const kernelFile = resolve(io.cwd, BSDJAIL_STATE);
    return { kernelFile, machineFolder: `${kernelFile}.machine`, release };
  }
  const own = XDG_STATE_HOME !== undefined && isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : undefined;
  const folder = join(own ?? join(HOME || homedir(), ".local", "state"), "bsdjail");
  return { kernelFile: join(folder, "kernel"), machineFolder: join(folder, "machine"), release };
}

/** Which kernel `BSDJAIL_KERNEL` asks for. @throws CliFailure for a word that is none */
function wantedKernel(io: CliIo): "native" | "simulated" | undefined {
  const word = io.env.BSDJAIL_KERNEL;
  if (word === undefined || word === "") return undefined;
  if (word === "native" || word === "simulated") return word;
  throw new CliFailure(`BSDJAIL_KERNEL is "${word}"`, { hint: 'It is "native", "simulated" or not set.', code: "EUSAGE" });
}

function simulated(io: CliIo): CommandKernel {
  const place = simulatedPlace(io);
  try {
    mkdirSync(dirname(place.kernelFile), { recursive: true, mode: 0o700 });
  } catch (thrown) {
    const error = thrown as NodeJS.ErrnoException;
    throw new CliFailure(`the simulated kernel's state cannot be kept: ${error.message}`, {
      code: error.code,
      hint: "BSDJAIL_STATE names another file for it.",
    });
  }
  const { release, kernelFile: stateFile } = place;
  const opened = openSimulated(release === undefined ? { stateFile } : { stateFile, release });
  if (opened.error !== undefined) {
    throw new CliFailure(opened.error.message, { code: opened.error.code, hint: `Its state is in ${stateFile}.` });
  }
  return { ...opened.value, place };
}

/**
 * Opens the kernel: this machine's own, or, where there are no jails, the simulated one with its state file.
 *
 * @param notice told, once, that the kernel is a simulated one that nobody asked for by name
 * @throws CliFailure where there is none
 */
export function openKernel(io: CliIo, notice: (text: string) => void): CommandKernel {
  const wanted = wantedKernel(io);
  if (wanted === "simulated") return simulated(io);
  const opened = openNative();
  if (opened.error === undefined) return { kernel: opened.value, controls: undefined, place: undefined };
  if (wanted === "native" || opened.error.code !== "ERR_JAIL_UNSUPPORTED_PLATFORM") {
    throw new CliFailure(opened.error.message, { code: opened.error.code });
  }
  const found = simulated(io);
  notice(`no jails on this machine: a simulated kernel answers, kept in ${found.place?.kernelFile ?? ""}`);
  return found;
}

/** The notice of our own commands: a line on stderr, unless it is to be JSON alone. */
export function notifier(io: CliIo, json: boolean): (text: string) => void {
  return (text) => {
    if (!json) io.stderr.write(`bsdjail: ${text}\n`);
  };
}

/** The notice of the base system's commands: their streams are theirs, so only a person at a terminal is told. */
export function baseNotifier(io: CliIo): (text: string) => void {
  return (text) => {
    if (isTerminal(io.stderr)) io.stderr.write(`bsdjail: ${text}\n`);
  };
}

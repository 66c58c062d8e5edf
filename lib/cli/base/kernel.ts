import type { LocalKernel, SimulatedControls } from "../../binding.js";
import { openNative, openSimulated } from "../../native.js";
import { CliFailure } from "../failure.js";
import type { CliIo } from "../io.js";
import { baseNotifier, type CliCommands, type Opened, type Openers, openKernel, simulatedCommands } from "../state.js";

/** A simulated machine: its controls, the folder of what is around its kernel, what commands do. */
export interface Simulation {
  readonly controls: SimulatedControls;
  readonly folder: string;
  readonly commands: CliCommands;
}

/** A kernel for the base system's commands. */
export interface BaseKernel {
  readonly kernel: LocalKernel;
  /** Of a simulated machine. */
  readonly simulation: Simulation | undefined;
}

interface Parts {
  readonly kernel: LocalKernel;
  readonly controls?: SimulatedControls;
}

function failing(error: { readonly message: string; readonly code: string }): never {
  throw new CliFailure(error.message, { code: error.code });
}

const PARTS: Openers<Parts> = {
  native: () => {
    const { value, error } = openNative();
    return error === undefined ? { kernel: value } : failing(error);
  },
  simulated: (options) => {
    const { value, error } = openSimulated(options);
    return error === undefined ? value : failing(error);
  },
};

/** Opens the kernel that the environment asks for. @throws CliFailure where there is none */
export function openBaseKernel(io: CliIo): BaseKernel {
  // Scripts for jail(8) look at what their commands did: unlike ours, these really run where nothing else is asked for.
  const commands = simulatedCommands(io, "host");
  const { value, place }: Opened<Parts> = openKernel(io, PARTS, baseNotifier(io));
  const { kernel, controls } = value;
  const simulation = controls && place ? { controls, folder: place.machineFolder, commands } : undefined;
  return { kernel, simulation };
}

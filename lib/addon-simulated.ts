/** The simulated machine's controls, answered by the addon. */
import type { Addon, AddonMachine, AddonView } from "./addon.js";
import { AddonBackedKernel, type AddonParts, type ErrnoNames, rawError } from "./addon-kernel.js";
import type {
  LocalKernel,
  RawFault,
  RawOpened,
  RawOutcome,
  RawProcessInfo,
  RawProcessStart,
  RawSimulatedOptions,
  SimulatedControls,
  SimulatedMachine,
  SimulatedView,
} from "./binding.js";
import { traced } from "./tracing.js";

function outcomeOf(names: ErrnoNames, value: number, syscall: string, problem: string): RawOutcome {
  return value < 0 ? { value: -1, error: rawError(names, -value, syscall, problem) } : { value };
}

class AddonBackedView implements SimulatedView {
  readonly kernel: LocalKernel;
  readonly #view: AddonView;
  readonly #machine: AddonMachine;
  readonly #parts: AddonParts;

  constructor(view: AddonView, machine: AddonMachine, parts: AddonParts) {
    this.#view = view;
    this.#machine = machine;
    this.#parts = parts;
    const system = machine.release().startsWith("dragonfly") ? "dragonfly" : "freebsd";
    this.kernel = traced(new AddonBackedKernel(view.kernel(), parts, system, () => machine.problem()));
  }

  get pid(): number {
    return this.#view.state().pid;
  }

  get uid(): number {
    return this.#view.state().uid;
  }

  get jid(): number {
    return this.#view.state().jid;
  }

  get alive(): boolean {
    return this.#view.state().alive;
  }

  fork(): SimulatedView {
    return new AddonBackedView(this.#view.fork(), this.#machine, this.#parts);
  }

  setuid(uid: number): void {
    this.#view.setuid(uid);
  }

  attach(jid: number): RawOutcome {
    return outcomeOf(this.#parts.errnos, this.#view.attach(jid), "jail_attach", this.#machine.problem());
  }

  attachJd(fd: number): RawOutcome {
    return outcomeOf(this.#parts.errnos, this.#view.attachJd(fd), "jail_attach_jd", this.#machine.problem());
  }

  exit(): void {
    this.#view.exit();
  }
}

class AddonBackedControls implements SimulatedControls {
  readonly release: string;
  readonly #machine: AddonMachine;
  readonly #parts: AddonParts;

  constructor(machine: AddonMachine, parts: AddonParts) {
    this.#machine = machine;
    this.#parts = parts;
    this.release = machine.release();
  }

  #outcome(value: number, syscall: string): RawOutcome {
    return outcomeOf(this.#parts.errnos, value, syscall, value < 0 ? this.#machine.problem() : "");
  }

  process(uid = 0): SimulatedView {
    return new AddonBackedView(this.#machine.process(uid), this.#machine, this.#parts);
  }

  problem(): string {
    return this.#machine.problem();
  }

  processes(): readonly RawProcessInfo[] {
    return this.#machine.processes();
  }

  spawn(process: RawProcessStart): RawOutcome {
    return this.#outcome(this.#machine.spawn(process), "fork");
  }

  exit(pid: number): RawOutcome {
    return this.#outcome(this.#machine.exit(pid), "exit");
  }

  kill(pid: number, signal: number): RawOutcome {
    return this.#outcome(this.#machine.kill(pid, signal), "kill");
  }

  killJail(jid: number, signal: number, children: boolean): RawOutcome {
    return this.#outcome(this.#machine.killJail(jid, signal, children), "kill");
  }

  addFault(fault: RawFault): void {
    this.#machine.addFault(fault);
  }

  clearFaults(): void {
    this.#machine.clearFaults();
  }

  holdDying(jid: number): RawOutcome {
    return this.#outcome(this.#machine.holdDying(jid), "hold");
  }

  finishDying(jid: number): RawOutcome {
    return this.#outcome(this.#machine.finishDying(jid), "hold");
  }
}

/** Opens a simulated machine. */
export function openSimulatedMachine(
  addon: Addon,
  parts: AddonParts,
  options: RawSimulatedOptions,
): RawOpened<SimulatedMachine> {
  const machine = addon.openSimulated(options);
  if (typeof machine === "string") return { error: { code: "ERR_JAIL_SIMULATED", message: machine } };
  const controls = new AddonBackedControls(machine, parts);
  return { value: { kernel: controls.process().kernel, controls } };
}

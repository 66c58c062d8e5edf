import type { SimulatedControls } from "../binding.js";
import { JailParameterError } from "../errors.js";

/** A call of the kernel that can be made to fail. */
export type FaultyCall =
  | "jail_set"
  | "jail_get"
  | "jail_attach"
  | "jail_remove"
  | "jail_attach_jd"
  | "jail_remove_jd"
  | "close"
  | "sysctl"
  | "kevent"
  | (string & {});

/** Options of {@link Faults}. */
export interface FaultOptions {
  /** Which such call from now on; 1, the default, is the next. */
  readonly nth?: number | undefined;
  /** Every call from that one on. Default false. */
  readonly repeat?: boolean | undefined;
  /** The kernel's words, where the call gives some. Default none. */
  readonly message?: string | undefined;
}

/** Faults of a simulated kernel, by name; they are taken away when the test ends. */
export class Faults {
  readonly #controls: SimulatedControls;

  constructor(controls: SimulatedControls) {
    this.#controls = controls;
  }

  /**
   * Makes a call fail.
   *
   * @param call the system call, `jail_set`; "" is any
   * @param code the errno by name, `ENOMEM`
   * @throws JailParameterError where `nth` is not a whole number of at least 1
   */
  fail(call: FaultyCall, code: string, options: FaultOptions = {}): this {
    const { nth = 1, repeat = false, message = "" } = options;
    if (!Number.isInteger(nth) || nth < 1) throw new JailParameterError("nth", nth, "it is a whole number, from 1");
    this.#controls.addFault({ call, code, nth, repeat, message });
    return this;
  }

  /** Takes all faults away. */
  clear(): void {
    this.#controls.clearFaults();
  }
}

import { type Machine, MachineError } from "../../../lib/machine/machine.js";

/** An operation of a machine that is about to be done. */
export interface MachineOperation {
  /** The operation's name, `start`. */
  readonly name: string;
  /** Counts all operations that change something, from 1. */
  readonly number: number;
  /** What it is done to: a path, or the words of a program. */
  readonly subject: string;
}

/** What to make of an operation: nothing, or the errno to fail with; called again with `done` when it is over. */
export type MachineFaults = (operation: MachineOperation, done: boolean) => string | undefined;

const CHANGING: Readonly<Record<string, (args: readonly unknown[]) => string>> = {
  start: ([request]) => (request as { argv: readonly string[] }).argv.join(" "),
  writeFile: ([path]) => String(path),
  appendFile: ([path]) => String(path),
  removeFile: ([path]) => String(path),
  renameFile: ([path]) => String(path),
  makeDirectory: ([path]) => String(path),
  openAppend: ([path]) => String(path),
  mount: ([request]) => (request as { target: string }).target,
  unmount: ([entry]) => (entry as { target: string }).target,
};

/**
 * The same machine, with failures injected: `faults` is asked before each operation that changes something or runs a
 * program, and told after it.
 */
export function withFaults(machine: Machine, faults: MachineFaults): Machine {
  let number = 0;
  return new Proxy(machine, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      const subject = CHANGING[String(property)];
      if (subject === undefined) return value.bind(target);
      return async (...args: unknown[]) => {
        const operation = { name: String(property), number: ++number, subject: subject(args) };
        const code = faults(operation, false);
        if (code !== undefined) throw new MachineError(code, operation.name, operation.subject);
        const result: unknown = await value.apply(target, args);
        faults(operation, true);
        return result;
      };
    },
  });
}

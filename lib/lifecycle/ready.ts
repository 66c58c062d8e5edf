import type { MachineOptions } from "../machine/machine.js";

/** What every probe may say. */
interface ProbeTimes {
  /** Milliseconds until a jail that is not ready has failed. Default 30000. */
  readonly timeoutMs?: number;
}

/** What a function that is asked gets to see. */
export interface ReadyContext extends MachineOptions {
  readonly name: string;
  readonly jid: number;
}

/** How to tell that a jail is ready. Each is asked again and again, so none can miss a moment that has passed. */
export type ReadyProbe = ProbeTimes &
  (
    | { readonly kind: "tcp"; readonly port: number; readonly address?: string }
    | { readonly kind: "exec"; readonly argv: readonly string[]; readonly user?: string }
    | { readonly kind: "file"; readonly path: string }
    | { readonly kind: "log"; readonly pattern: RegExp; readonly path?: string }
    | { readonly kind: "call"; readonly call: (context: ReadyContext) => Promise<boolean | string> | boolean | string }
  );

/** Makers of probes, for the `ready` of a jail's definition. */
export const ready = {
  /** A TCP connection to `port` is taken, on `address` or on the jail's first address (127.0.0.1 without one). */
  tcp(port: number, options: ProbeTimes & { readonly address?: string } = {}): ReadyProbe {
    if (!Number.isInteger(port) || port < 1 || port > 65535)
      throw new RangeError(`tcp port ${port} is not in 1..65535`);
    return { kind: "tcp", port, ...options };
  },
  /** The command, run in the jail, ends with status 0. */
  exec(argv: readonly string[], options: ProbeTimes & { readonly user?: string } = {}): ReadyProbe {
    if (argv.length === 0) throw new RangeError("the command of a ready probe is empty");
    return { kind: "exec", argv, ...options };
  },
  /** The file exists in the jail; no symbolic link below the jail's root is followed. */
  file(path: string, options: ProbeTimes = {}): ReadyProbe {
    if (!path.startsWith("/")) throw new RangeError(`path "${path}" of a ready probe is not absolute`);
    return { kind: "file", path, ...options };
  },
  /** The pattern is in what was added since the start to `exec.consolelog`, or to `path` (a path of the host). */
  log(pattern: RegExp, options: ProbeTimes & { readonly path?: string } = {}): ReadyProbe {
    return { kind: "log", pattern, ...options };
  },
  /** The function answers `true`; a text is its reason why not yet. */
  call(
    call: (context: ReadyContext) => Promise<boolean | string> | boolean | string,
    options: ProbeTimes = {},
  ): ReadyProbe {
    return { kind: "call", call, ...options };
  },
};

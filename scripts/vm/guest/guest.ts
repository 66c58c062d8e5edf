/** A machine that runs: commands in it, files in and out. */
import type { TarSource } from "./tar.js";

/** How a command is run in a guest. */
export interface GuestRun {
  readonly signal: AbortSignal;
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds until it is ended; undefined: never. */
  readonly limitMs?: number | undefined;
  /** What it prints. Over a console both streams are one. */
  readonly onOutput?: ((text: string, stream: "stdout" | "stderr") => void) | undefined;
}

/** The ways into a machine differ; this is what they can all do. */
export interface Guest {
  readonly way: "ssh" | "serial";
  /** Runs an argument vector as root and returns its exit status. Its standard input is empty. */
  run(argv: readonly string[], options: GuestRun): Promise<number>;
  /** Puts files below a folder of the guest, which is made. */
  put(source: TarSource, folder: string, options: { signal: AbortSignal }): Promise<void>;
  /** Gets files or folders of the guest, named below one of its folders, into a folder of this machine. */
  get(folder: string, names: readonly string[], into: string, options: { signal: AbortSignal }): Promise<void>;
  /** Lets go of the connection. */
  close(): void;
}

import { BaseMachine } from "./base.js";
import { LocalFiles } from "./files.js";
import {
  type HostUser,
  type Machine,
  MachineError,
  type MachineOptions,
  type MountEntry,
  type MountRequest,
  type Program,
  type ProgramRequest,
} from "./machine.js";
import { startLocal } from "./programs.js";
import { type RunResult, runProgram } from "./run.js";
import { parseMountRecords } from "./tables.js";

/** Options of {@link LocalMachine}. */
export interface LocalMachineOptions {
  /** The absolute path of `mount-helper`. */
  readonly helper: string;
}

/**
 * This machine. What needs a process of its own (mounting into a directory that is held open, becoming another user)
 * is done by `mount-helper`.
 */
export class LocalMachine extends BaseMachine implements Machine {
  readonly system: "freebsd" | "dragonfly" | "other";
  readonly simulated = false;
  readonly #helper: string;

  constructor(options: LocalMachineOptions) {
    super(new LocalFiles());
    this.#helper = options.helper;
    const platform = process.platform as string;
    this.system = platform === "freebsd" ? "freebsd" : platform === "dragonfly" ? "dragonfly" : "other";
  }

  start(request: ProgramRequest, options?: MachineOptions): Promise<Program> {
    if (request.user === undefined && !request.clean) return startLocal(request, options);
    // Login class and groups are the helper's work: Node sets neither.
    const as = [
      this.#helper,
      "as",
      ...(request.clean ? ["-c"] : []),
      ...(request.user === undefined ? [] : ["-u", request.user]),
    ];
    return startLocal({ ...request, argv: [...as, "--", ...request.argv] }, options);
  }

  async mounts(options?: MachineOptions): Promise<readonly MountEntry[]> {
    return parseMountRecords((await this.#help(["list"], "", options)).stdout);
  }

  async mount(request: MountRequest, options?: MachineOptions): Promise<MountEntry> {
    const { type, source, root, target } = request;
    const result = await this.#help(["mount", type, source, root, target, ...request.options], target, options);
    const [entry] = parseMountRecords(result.stdout);
    if (entry === undefined)
      throw new MachineError("EIO", "nmount", target, "mount-helper did not say what it mounted");
    return entry;
  }

  async unmount(entry: MountEntry, options?: MachineOptions & { readonly force?: boolean }): Promise<void> {
    await this.#help(["unmount", entry.fsid, ...(options?.force ? ["force"] : [])], entry.target, options);
  }

  async user(name: string, options?: MachineOptions): Promise<HostUser | undefined> {
    const { stdout } = await this.#help(["user", name], name, options);
    const [found, uid, gid, home, shell] = stdout.split("\0");
    if (found === undefined || found === "") return undefined;
    return { name: found, uid: Number(uid), gid: Number(gid), home: home ?? "/", shell: shell ?? "/bin/sh" };
  }

  /** Runs the helper; its failures come as errno, call and path on its error stream. */
  async #help(args: readonly string[], path: string, options: MachineOptions = {}): Promise<RunResult> {
    const result = await runProgram(
      this,
      { argv: [this.#helper, ...args] },
      { signal: options.signal, keepBytes: 16 * 1024 * 1024 },
    );
    if (result.status === 0) return result;
    options.signal?.throwIfAborted();
    const [code = "EIO", syscall = args[0] ?? "", where = path, message] = result.stderr.trimEnd().split("\0");
    throw new MachineError(code, syscall, where, message === "" ? undefined : message);
  }
}

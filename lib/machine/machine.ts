/**
 * What the lifecycle needs of the machine around the kernel, and nothing else of it.
 *
 * Arguments and results are plain data and byte streams, paths are absolute, so that the same few operations can be
 * answered by this machine, by a simulated one, or by another machine at the far end of a stream. Time and randomness
 * come in here too. Every asynchronous operation takes a `signal`; what the machine refuses is a {@link MachineError}.
 */

/** Options of every asynchronous operation. */
export interface MachineOptions {
  /** Ends the wait; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The system calls' failure on a machine, in the shape of Node's system errors. */
export class MachineError extends Error {
  override readonly name = "MachineError";
  /** The errno by name, `ENOENT`. */
  readonly code: string;
  /** What was tried: a system call's name, or the operation's. */
  readonly syscall: string;
  /** The path or name it was tried on, or "". */
  readonly path: string;

  constructor(code: string, syscall: string, path: string, message?: string) {
    super(message ?? `${code}: ${syscall}${path === "" ? "" : ` "${path}"`}`);
    this.code = code;
    this.syscall = syscall;
    this.path = path;
  }
}

/** A program to start on the host. */
export interface ProgramRequest {
  /** The program and its arguments; a name without a slash is looked for on `PATH`. Never empty. */
  readonly argv: readonly string[];
  /** Variables beside the machine's own environment; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** `true`: start from an empty environment (jail(8), exec.clean). */
  readonly clean?: boolean;
  /** Absolute; default: the machine's own. */
  readonly cwd?: string;
  /** The user to become: groups, login class, HOME, SHELL and USER with it. Default: the caller's own. */
  readonly user?: string;
  /** `true`: nobody waits for it, and its output goes nowhere unless `streams` is `"inherit"`; in a session of its own. */
  readonly background?: boolean;
  /** `"inherit"`: the program gets this process's own streams and terminal. Default `"pipe"`. */
  readonly streams?: "pipe" | "inherit";
}

/** How a program ended: an exit status, or a signal. Exactly one of the two is not null. */
export interface ProgramExit {
  readonly status: number | null;
  readonly signal: string | null;
}

/** A piece of what a program wrote. */
export interface ProgramOutput {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Uint8Array;
}

/** A program that was started. */
export interface Program {
  readonly pid: number;
  /** What it writes, as it comes; ends when both streams do. To be read once, by whoever started it. */
  readonly output: AsyncIterable<ProgramOutput>;
  /** How the program ended: that it did, not that everything holding its streams did. */
  readonly exited: Promise<ProgramExit>;
  /** Signals the program and what it started in its own process group. No error where nothing is left. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /** Lets go of the streams: output that is still to come is not read. */
  release(): void;
}

/** What a path is. */
export interface FileInfo {
  readonly type: "file" | "directory" | "symlink" | "other";
  readonly size: number;
  /** File system and file number: the same pair is the same file. */
  readonly dev: string;
  readonly ino: string;
}

/** One line of the machine's mount table. */
export interface MountEntry {
  /** What is mounted: a device, a directory (nullfs), or a word such as `tmpfs`. */
  readonly source: string;
  /** Where: the true absolute path. */
  readonly target: string;
  /** The kind of file system. */
  readonly type: string;
  /** The kernel's identity of the mount, in hexadecimal; "" where the machine cannot tell. */
  readonly fsid: string;
  readonly readOnly: boolean;
}

/** A file system to mount on a directory (or, with nullfs, a file) that no symbolic link may divert. */
export interface MountRequest {
  readonly type: string;
  readonly source: string;
  /** Absolute. What of it lies beneath `root` is followed through no symbolic link. */
  readonly target: string;
  /** The directory that is trusted, usually the jail's root; what of it is a link is followed. */
  readonly root: string;
  /** mount(8)'s options without `-o`: `["ro", "size=1m"]`. */
  readonly options: readonly string[];
}

/** A user of the host's password file. */
export interface HostUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** Who does something on this machine: enough to tell later whether it still runs. */
export interface Actor {
  readonly pid: number;
  /** When the process started, in the machine's own words: tells it from a later one with the same pid. */
  readonly started: string;
  /** Which boot of the machine it belongs to. */
  readonly boot: string;
}

/** Who holds a lock, since when (milliseconds since 1970) and for what. */
export interface LockHolder extends Actor {
  readonly purpose: string;
  readonly since: number;
}

/** Options of taking a lock. */
export interface LockOptions extends MachineOptions {
  /** Called once for each holder that is waited for. */
  readonly onWait?: ((holder: LockHolder) => void) | undefined;
}

/** A lock that is held; releasing it twice does nothing. */
export interface MachineLock {
  release(): Promise<void>;
}

/** A file that output is appended to. */
export interface AppendFile {
  /** A descriptor of this process that a child can be given, where the machine has one. */
  readonly fd: number | undefined;
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Which part of a file is read. */
export interface ReadOptions extends MachineOptions {
  /** The first byte. Default 0. */
  readonly from?: number;
  /** How many bytes at most. Default: all. */
  readonly most?: number;
}

/** How a file is written. */
export interface WriteOptions extends MachineOptions {
  /** Permission bits of a new file. Default 0o600. */
  readonly mode?: number;
  /** `false`: it need not be on the disk before the promise resolves. Default `true`. */
  readonly sync?: boolean;
}

/** A machine. */
export interface Machine {
  /** Which system it runs. */
  readonly system: "freebsd" | "dragonfly" | "other";
  readonly simulated: boolean;

  /** Starts a program. ENOENT where there is none, EACCES where it may not be run; a missing user is EINVAL. */
  start(request: ProgramRequest, options?: MachineOptions): Promise<Program>;

  /** What a path is, without following a link in its last component; `follow` follows. Undefined where there is nothing. */
  stat(path: string, options?: MachineOptions & { readonly follow?: boolean }): Promise<FileInfo | undefined>;
  /** A path with every link in it followed; undefined where there is nothing. */
  realPath(path: string, options?: MachineOptions): Promise<string | undefined>;
  /** A file, or a part of it. ENOENT where there is none. */
  readFile(path: string, options?: ReadOptions): Promise<Uint8Array>;
  /** Replaces a file in one move, written through to the disk before it takes the name. */
  writeFile(path: string, bytes: Uint8Array, options?: WriteOptions): Promise<void>;
  /** Appends in one write, through to the disk; makes the file where it is missing. */
  appendFile(path: string, bytes: Uint8Array, options?: WriteOptions): Promise<void>;
  /** Removes a file; false where there was none. */
  removeFile(path: string, options?: MachineOptions): Promise<boolean>;
  /** Gives a file another name, in place of what has that name. ENOENT where there is none. */
  renameFile(path: string, to: string, options?: MachineOptions): Promise<void>;
  /** Names in a directory, sorted; empty where there is no such directory. */
  listDirectory(path: string, options?: MachineOptions): Promise<readonly string[]>;
  /** Makes a directory and those above it; an existing one is left as it is. */
  makeDirectory(path: string, options?: WriteOptions): Promise<void>;
  /**
   * Opens a file for appending, made (0o666 less the umask) where it is missing. No component below `root` is followed
   * through a symbolic link: ELOOP names the one that is.
   */
  openAppend(path: string, root: string | undefined, options?: MachineOptions): Promise<AppendFile>;

  /** The mount table, in the order in which it was mounted. */
  mounts(options?: MachineOptions): Promise<readonly MountEntry[]>;
  /** Mounts; resolves with the entry as the table shows it. ELOOP or ENOTDIR where the target leaves its root. */
  mount(request: MountRequest, options?: MachineOptions): Promise<MountEntry>;
  /** Unmounts exactly this entry: by fsid where it has one. EBUSY while it is used. */
  unmount(entry: MountEntry, options?: MachineOptions & { readonly force?: boolean }): Promise<void>;

  /** A user of the host's password file; undefined where there is none. */
  user(name: string, options?: MachineOptions): Promise<HostUser | undefined>;
  /** The addresses of a host name, in the resolver's order. ENOENT where it has none. */
  resolve(
    hostname: string,
    options?: MachineOptions,
  ): Promise<readonly { readonly family: 4 | 6; readonly address: string }[]>;
  /** Whether a TCP connection to `address` is taken: undefined when it is, else why not (`ECONNREFUSED`). */
  connect(address: string, port: number, timeoutMs: number, options?: MachineOptions): Promise<string | undefined>;

  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a clock that only goes forward. */
  clock(): number;
  /** Resolves after `ms` milliseconds. */
  sleep(ms: number, options?: MachineOptions): Promise<void>;
  /** Random bytes. */
  random(length: number): Uint8Array;

  /** This process. */
  self(options?: MachineOptions): Promise<Actor>;
  /** Whether a process is still the one it was, on this boot of the machine. */
  alive(actor: Actor, options?: MachineOptions): Promise<boolean>;
  /** Takes a lock that holds across processes and ends with the process that holds it. */
  lock(path: string, purpose: string, options?: LockOptions): Promise<MachineLock>;
  /** Who holds a lock now; undefined where nobody living does. Nothing is taken. */
  lockHolder(path: string, options?: MachineOptions): Promise<LockHolder | undefined>;
}

import { fstatSync, writeSync } from "node:fs";

/** What a shell calls 128 + SIGPIPE: a write to a pipe that nobody reads. */
const STATUS_PIPE = 141;

const STDOUT = 1;
const STDERR = 2;

let critical = 0;
/** What the process ends with, whatever else becomes of it, since something that it wrote did not arrive. */
let lost: number | undefined;

/** Runs something that is brought to its end also when what is printed does not arrive any more. */
export async function unbroken(work: () => Promise<number>): Promise<number> {
  critical++;
  try {
    const status = await work();
    return lost ?? status;
  } finally {
    critical--;
  }
}

/**
 * Ends the process where one of its streams takes no more, unless something is going on that is brought to its end first:
 * quietly where nobody reads, and with a word where the disk is full, whoever counts on what is printed.
 */
function failed(fd: number, error: NodeJS.ErrnoException): void {
  const nobody = error.code === "EPIPE";
  // Loaded here alone: every command starts by way of this file.
  const { codeOf, strerror } = require("../strerror.js") as typeof import("../strerror.js");
  const { STATUS_FAILED } = require("./failure.js") as typeof import("./failure.js");
  const isFirst = lost === undefined;
  lost ??= nobody ? STATUS_PIPE : STATUS_FAILED;
  if (isFirst && !nobody && fd === STDOUT) {
    ownStream(STDERR).write(`bsdjail: standard output cannot be written: ${strerror(codeOf(error))}\n`);
  }
  if (critical === 0) process.exit(lost);
}

/** Writes all that a descriptor takes for now. Returns the rest. */
function writeNow(fd: number, bytes: Uint8Array): Uint8Array {
  let rest = bytes;
  try {
    while (rest.byteLength > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EAGAIN") return rest;
    failed(fd, thrown as NodeJS.ErrnoException);
    return new Uint8Array();
  }
  return rest;
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

/**
 * One of the process's two output streams. What is written goes to its descriptor at once: the modules of Node's own
 * stream take longer to load than `jls` takes for the rest. That stream is opened where something else is asked of it, or
 * the descriptor takes no more for now, and from then on everything goes through it.
 */
export function ownStream(fd: typeof STDOUT | typeof STDERR): NodeJS.WritableStream {
  let opened: NodeJS.WriteStream | undefined;
  const open = (): NodeJS.WriteStream => {
    if (opened === undefined) {
      opened = fd === STDOUT ? process.stdout : process.stderr;
      opened.on("error", (error) => failed(fd, error));
    }
    return opened;
  };
  const write = (...args: Parameters<NodeJS.WriteStream["write"]>): boolean => {
    const [chunk, ...others] = args;
    if (opened !== undefined || others.length > 0) return open().write(...args);
    const rest = writeNow(fd, typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    return rest.byteLength === 0 || open().write(rest);
  };
  return new Proxy({} as NodeJS.WritableStream, {
    get(_target, property): unknown {
      if (property === "write") return write;
      // Every terminal is a character device, and few outputs are.
      if (property === "isTTY" && opened === undefined && !isCharacterDevice(fd)) return undefined;
      const value: unknown = Reflect.get(open(), property);
      return typeof value === "function" ? value.bind(open()) : value;
    },
    has: (_target, property) => Reflect.has(open(), property),
  });
}

/** What a shell calls 128 + SIGPIPE: a write to a pipe that nobody reads. */
const STATUS_PIPE = 141;

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
export function watchStreams({ stdout, stderr }: Pick<NodeJS.Process, "stdout" | "stderr">): void {
  for (const [stream, name] of [
    [stdout, "standard output"],
    [stderr, "standard error"],
  ] as const) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      const nobody = error.code === "EPIPE";
      // Loaded here alone: every command starts by way of this file.
      const { codeOf, strerror } = require("../strerror.js") as typeof import("../strerror.js");
      const { STATUS_FAILED } = require("./failure.js") as typeof import("./failure.js");
      if (lost === undefined && !nobody && stream !== stderr) {
        stderr.write(`bsdjail: ${name} cannot be written: ${strerror(codeOf(error))}\n`);
      }
      lost ??= nobody ? STATUS_PIPE : STATUS_FAILED;
      if (critical === 0) process.exit(lost);
    });
  }
}

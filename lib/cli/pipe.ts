/** What a shell calls 128 + SIGPIPE: a write to a pipe that nobody reads. */
export const STATUS_PIPE = 141;

let critical = 0;
let broken = false;

/** Runs something that is brought to its end also when nobody reads what is printed any more. */
export async function unbroken(work: () => Promise<number>): Promise<number> {
  critical++;
  try {
    const status = await work();
    return broken ? STATUS_PIPE : status;
  } finally {
    critical--;
  }
}

/** The pipe is broken. Whether that ends the process at once. */
export function pipeBroke(): boolean {
  broken = true;
  return critical === 0;
}

import { Readable } from "node:stream";
import { commandLine, quoted } from "../console/quote.js";
import { type ConsoleShell, LONGEST_LINE, type RunOptions } from "../console/shell.js";
import { VmError } from "../errors.js";
import type { Waits } from "../waits.js";
import { BOX_SIZE, CONTENT_AT, emptyBox, fillBox, fillWithTar, LABELS } from "./boxes.js";
import type { Guest, GuestRun } from "./guest.js";
import { type TarSource, unpack } from "./tar.js";

const SECTOR = 512;
/** Where a command that is too long to be typed is put. */
const SCRIPT = "/tmp/bsdjail-vm.sh";

/** Looks at the first sector of each disk. `$bj_in` and `$bj_out` are then their names. */
const FIND = [
  "bj_in= bj_out=; bj_look() { dd if=$1 bs=512 count=1 2>/dev/null | tr -d '\\000'; }",
  "for d in /dev/vtbd[0-9] /dev/vbd[0-9] /dev/vd[a-z] /dev/da[0-9] /dev/sd[a-z]; do [ -e $d ] || continue;" +
    ` case $(bj_look $d) in "${LABELS.inbox}"*) bj_in=$d;; "${LABELS.outbox}"*) bj_out=$d;; esac; done; [ -n "$bj_in" ]`,
];

/** A guest at the far end of its serial console, with two disks for files. */
export class ConsoleGuest implements Guest {
  readonly way = "serial";
  readonly shell: ConsoleShell;
  readonly #waits: Waits;
  readonly #boxes: { readonly inbox: string; readonly outbox: string };
  /** Whether the shell's variables name the disks. */
  #found = false;

  constructor(shell: ConsoleShell, boxes: { readonly inbox: string; readonly outbox: string }, waits: Waits) {
    this.shell = shell;
    this.#boxes = boxes;
    this.#waits = waits;
  }

  async run(argv: readonly string[], options: GuestRun): Promise<number> {
    const line = commandLine(argv, options.env, options.cwd);
    const { signal, limitMs, onOutput } = options;
    const run = { signal, limitMs, onOutput: onOutput && ((text: string) => onOutput(text, "stdout")) };
    // A shell of its own: what it changes of its folder and variables stays with it.
    return this.#line(`(${line})`, run);
  }

  /** Runs a line of any length. */
  async #line(line: string, run: RunOptions): Promise<number> {
    if (line.length <= LONGEST_LINE && !line.includes("\n")) return this.shell.run(line, run);
    const { signal } = run;
    await this.#findBoxes(signal);
    const bytes = await fillBox(this.#boxes.inbox, Readable.from([Buffer.from(`${line}\n`)]), signal);
    const sectors = Math.ceil(bytes / SECTOR);
    await this.#must(
      `dd if=$bj_in bs=${SECTOR} skip=${CONTENT_AT / SECTOR} count=${sectors} 2>/dev/null | tr -d '\\000' >${SCRIPT}`,
      "a command could not be put into the guest",
      signal,
    );
    return this.shell.run(`export bj_in bj_out; sh ${SCRIPT}`, run);
  }

  async put(source: TarSource, folder: string, { signal }: { signal: AbortSignal }): Promise<void> {
    await this.#findBoxes(signal);
    const bytes = await fillWithTar(this.#boxes.inbox, source, signal);
    const blocks = Math.ceil(bytes / CONTENT_AT);
    await this.#must(
      `mkdir -p ${quoted(folder)} && dd if=$bj_in bs=${CONTENT_AT} skip=1 count=${blocks} 2>/dev/null | tar -xpof - -C ${quoted(folder)}`,
      `files could not be put into ${folder} of the guest`,
      signal,
    );
    emptyBox(this.#boxes.inbox, LABELS.inbox);
  }

  async get(
    folder: string,
    names: readonly string[],
    into: string,
    { signal }: { signal: AbortSignal },
  ): Promise<void> {
    await this.#findBoxes(signal);
    const words = names.map(quoted).join(" ");
    await this.#must(
      `tar -cf $bj_out -C ${quoted(folder)} ${words}`,
      `${words} could not be got out of the guest`,
      signal,
    );
    await unpack(this.#boxes.outbox, into);
    emptyBox(this.#boxes.outbox, LABELS.outbox);
  }

  close(): void {
    this.shell.console.close();
  }

  async #must(line: string, what: string, signal: AbortSignal): Promise<void> {
    let text = "";
    const onOutput = (piece: string) => {
      text = (text + piece).slice(-2000);
    };
    const status = await this.#line(line, { signal, limitMs: this.#waits.ms("transfer"), onOutput });
    if (status !== 0) throw new VmError(`${what} (status ${status})`, "", text.trim().split("\n"));
  }

  async #findBoxes(signal: AbortSignal): Promise<void> {
    if (this.#found) return;
    for (const [index, line] of FIND.entries()) {
      const status = await this.shell.run(line, { signal, limitMs: this.#waits.ms("transfer") });
      if (index === FIND.length - 1 && status !== 0) {
        throw new VmError(
          "the guest does not see the disks over which files go in and out",
          "Its kernel needs a driver for virtio block devices.",
          [`two disks of ${BOX_SIZE / 1024 ** 3} GiB each are attached by virtio-blk-pci`],
        );
      }
    }
    this.#found = true;
  }
}

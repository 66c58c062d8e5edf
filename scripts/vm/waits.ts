/** Every wait of the harness: its name, its limit, what it is for. A limit is for a machine with hardware acceleration. */
import { VmError } from "./errors.js";

interface WaitKind {
  /** Seconds. */
  readonly limit: number;
  /** Whether it waits for the guest, so that its limit grows with the accelerator's slowness. */
  readonly guest: boolean;
  readonly purpose: string;
}

export const WAITS = {
  "download-idle": { limit: 60, guest: false, purpose: "a download that receives nothing" },
  lock: { limit: 3600, guest: false, purpose: "another process that fills the same place of the cache" },
  monitor: { limit: 60, guest: false, purpose: "QEMU's answer on its monitor" },
  "first-output": { limit: 20, guest: true, purpose: "the first sign of life on the console" },
  silence: { limit: 90, guest: true, purpose: "a boot that prints nothing" },
  boot: { limit: 300, guest: true, purpose: "a boot as a whole, up to the login prompt or shell" },
  login: { limit: 20, guest: true, purpose: "the next prompt of a login" },
  shell: { limit: 5, guest: true, purpose: "the shell's answer to a question" },
  ssh: { limit: 120, guest: true, purpose: "sshd's first answer" },
  transfer: { limit: 180, guest: true, purpose: "files in or out" },
  provision: { limit: 600, guest: true, purpose: "one step of preparing the machine" },
  suite: { limit: 900, guest: true, purpose: "one part of the test run" },
  save: { limit: 120, guest: true, purpose: "writing the running machine to a file" },
  resume: { limit: 60, guest: true, purpose: "a saved machine to answer again" },
  shutdown: { limit: 20, guest: true, purpose: "the guest to power itself off" },
} as const satisfies Readonly<Record<string, WaitKind>>;

/** A wait's name. */
export type WaitName = keyof typeof WAITS;

function isWaitName(name: string): name is WaitName {
  return Object.hasOwn(WAITS, name);
}

/** The limits in force: defaults, what was asked for by name, and how slow the machine is. */
export class Waits {
  readonly #asked: Readonly<Partial<Record<WaitName, number>>>;
  readonly #slowness: number;

  /**
   * @param asked seconds by name; taken as they are
   * @param slowness how many times slower than with hardware acceleration a guest is
   */
  constructor(asked: Readonly<Partial<Record<WaitName, number>>> = {}, slowness = 1) {
    this.#asked = asked;
    this.#slowness = slowness;
  }

  /** The same limits for a machine of that slowness. */
  scaled(slowness: number): Waits {
    return new Waits(this.#asked, slowness);
  }

  /** A wait's limit in milliseconds. */
  ms(name: WaitName): number {
    const { limit, guest } = WAITS[name];
    return 1000 * (this.#asked[name] ?? limit * (guest ? this.#slowness : 1));
  }

  /** The error for a wait that came to its limit. */
  overrun(name: WaitName, what: string, detail: readonly string[] = []): VmError {
    const seconds = this.ms(name) / 1000;
    const hint = `The wait "${name}" (${WAITS[name].purpose}) has a limit of ${seconds} s; \`--wait ${name}=SECONDS\` sets another.`;
    return new VmError(what, hint, detail);
  }
}

/** Reads `NAME=SECONDS`. */
export function parseWait(text: string): readonly [WaitName, number] {
  const [name = "", value = "", ...rest] = text.split("=");
  const seconds = Number(value);
  if (!isWaitName(name) || value === "" || rest.length > 0 || !(seconds > 0)) {
    throw new VmError(
      `--wait ${text}: not NAME=SECONDS with one of the names ${Object.keys(WAITS).join(", ")}`,
      "For example `--wait boot=1200`.",
    );
  }
  return [name, seconds];
}

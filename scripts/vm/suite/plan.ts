/** What is done on a machine: preparing it, which can be saved, and then each run's own work. */
import type { Guest } from "../guest/guest.js";
import type { Arch } from "../images/releases.js";
import type { Waits } from "../waits.js";
import type { PartResult } from "./summary.js";

/** What a plan works with. */
export interface Work {
  readonly guest: Guest;
  readonly arch: Arch;
  readonly waits: Waits;
  readonly signal: AbortSignal;
  /** Whether the guest's processor is emulated. */
  readonly emulated: boolean;
  /** Where results go on this machine; it is there. */
  readonly out: string;
  /** What `uname -srm` says in the guest. */
  readonly system: string;
  /** What the guest prints, as it comes. */
  readonly show: (text: string) => void;
  readonly say: (line: string) => void;
  /** The machine once more as it was when it had been prepared, in place of this one; undefined where it was not saved. */
  readonly renew?: (() => Promise<Work>) | undefined;
}

/** A plan. */
export interface Plan {
  /** Changes whenever the preparation would do something else. */
  readonly identity: string;
  /** How the addon comes about, for the summary. */
  readonly addon?: string | undefined;
  prepare(work: Work): Promise<void>;
  run(work: Work): Promise<readonly PartResult[]>;
}

/** The variables that commands in guests get. */
export const GUEST_ENV: Readonly<Record<string, string>> = {
  CI: "true",
  HOME: "/root",
  NO_COLOR: "1",
  PATH: "/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin",
};

/** The recording format: see test/fixtures/kernel. A scenario is a list of steps with what the kernel answered. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** A number, or `$name` for what a step has saved. */
export type Reference = number | string;

/** One entry of an iovec list: its name, how its value is made, the value. */
export type Param = readonly [name: string, kind: string, value?: number | string];

export interface Output {
  readonly name: string;
  readonly len: number;
  /** The buffer in hex; null for a NULL base. */
  readonly hex: string | null;
}

export interface Result {
  readonly ret?: number;
  readonly errno?: string;
  readonly out?: readonly Output[];
  readonly held?: boolean;
  readonly released?: boolean;
  readonly kept?: boolean;
  readonly dropped?: boolean;
  /** The process did not live to see the answer: it was killed with its jail. */
  readonly ended?: boolean;
}

export interface Step {
  readonly op: string;
  readonly flags?: number;
  readonly params?: readonly Param[];
  readonly jid?: Reference;
  readonly uid?: number;
  /** A descriptor. */
  readonly fd?: Reference;
  /** A sysctl's name, and in hex what is written to it. */
  readonly name?: string;
  readonly value?: string;
  readonly steps?: readonly Step[];
  /** What the returned number is called in later steps, and the integer that was returned in an output. */
  readonly save?: string;
  readonly saveOut?: { readonly as: string; readonly param: string };
  readonly result?: Result;
}

/** What a host called itself. */
export interface HostFacts {
  readonly osrelease: string;
  readonly osreldate: number;
  readonly hostname: string;
  readonly domainname: string;
  readonly hostuuid: string;
  readonly hostid: number;
}

export interface Scenario {
  readonly scenario: string;
  /** The last jail id that the kernel had given out when the scenario began. */
  readonly lastjid: number;
  /** The id that a dying jail in the way of another was last given; none where it is not said. */
  readonly lastdead?: number;
  readonly host?: HostFacts;
  readonly steps: readonly Step[];
}

/** Whether any of the steps is one of those, or one inside it. */
export function someStep(steps: readonly Step[], is: (step: Step) => boolean): boolean {
  return steps.some((step) => is(step) || someStep(step.steps ?? [], is));
}

/** `15.1` of `freebsd-15.1-random.json`. @throws Error where the name has no release. */
export function releaseOf(file: string): string {
  const release = /freebsd-(\d+\.\d+)/.exec(basename(file))?.[1];
  if (release === undefined) throw new Error(`${file}: the file's name says no release (freebsd-15.1….json)`);
  return release;
}

/** Whether a file, by its name, describes sysctls instead of scenarios. */
export function isParameters(file: string): boolean {
  return basename(file).includes("-parameters");
}

/** @throws Error where the file cannot be read or is no list of scenarios. */
export function readRecording(file: string): readonly Scenario[] {
  const scenarios: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (
    !Array.isArray(scenarios) ||
    !scenarios.every((one) => typeof one?.scenario === "string" && Array.isArray(one.steps))
  ) {
    throw new Error(`${file}: not a list of scenarios with steps`);
  }
  return scenarios;
}

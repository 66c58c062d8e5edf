/** Whether something is so; `unknown` where it cannot be told. */
export type Answer = "yes" | "no" | "unknown";

/** What a machine can be ready for. `advice` is what it does well to have. */
export type Area = "jails" | "vnet" | "limits" | "zfs" | "advice";

/** One question about the machine. */
export interface Check {
  /** A short name that stays the same: `kernel`, `root`, `vimage`. */
  readonly name: string;
  readonly area: Area;
  /** What is asked, as a statement that holds where the answer is yes. */
  readonly statement: string;
  readonly answer: Answer;
  /** What was found. */
  readonly found: string;
  /** What to do about it; undefined where there is nothing to do, or nothing that can be done. */
  readonly remedy?: string;
}

/** Whether a machine is ready for jails, and for what of them. */
export interface Diagnosis {
  readonly system: "freebsd" | "dragonfly";
  readonly simulated: boolean;
  /** What the kernel calls its release, `15.1-RELEASE`; "" where it does not say. */
  readonly release: string;
  /** For each area: no where one of its checks says no, else unknown where one is. */
  readonly ready: Readonly<Record<Exclude<Area, "advice">, Answer>>;
  readonly checks: readonly Check[];
}

/** The answer to all checks of an area together. */
export function answerOf(checks: readonly Check[], area: Area): Answer {
  const answers = checks.filter((check) => check.area === area).map((check) => check.answer);
  return answers.includes("no") ? "no" : answers.includes("unknown") ? "unknown" : "yes";
}

/** A check whose answer is known. */
export function check(
  area: Area,
  name: string,
  statement: string,
  good: boolean,
  found: string,
  remedy?: string,
): Check {
  const told = good || remedy === undefined ? {} : { remedy };
  return { name, area, statement, answer: good ? "yes" : "no", found, ...told };
}

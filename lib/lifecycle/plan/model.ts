import type { RunningOptions } from "../options.js";
import type { JailDefinition } from "../parameters.js";
import type { Problem } from "../values.js";

/** Something that a plan would do. */
export interface PlannedAction {
  /** The step's name, as in its events. */
  readonly step: string;
  readonly direction: "up" | "down";
  readonly where: "host" | "jail" | "kernel";
  /** The exact program and its arguments; `JID` stands for the jid of a jail that is not made yet. */
  readonly argv: readonly string[];
  /** What is done, in words, where it is no program. */
  readonly text: string;
}

/** A point where a running jail is not as its definition says. */
export interface Drift {
  /** The parameter, or the thing that is missing or too much. */
  readonly what: string;
  /** What the definition says; undefined where it says nothing of it. */
  readonly wanted: unknown;
  /** What is there; undefined where it is missing. */
  readonly running: unknown;
  /** The kernel takes it only when the jail is made. */
  readonly needsRestart: boolean;
}

/** What is to become of one jail. */
export interface JailPlan {
  readonly jail: string;
  /** The jail's id, where it runs. */
  readonly jid?: number;
  readonly change: "create" | "update" | "restart" | "remove" | "none";
  /** The parameters, or the reason, that the change is for. */
  readonly because: readonly string[];
  /** Where the running jail differs. */
  readonly drift: readonly Drift[];
  /** What would be done, in order. */
  readonly actions: readonly PlannedAction[];
}

/** What a run would do, and for which state of the machine that is true. */
export interface Plan {
  /** A start, with all that it takes to bring jails to their definitions, or a stop. */
  readonly direction: "up" | "down";
  /** In the order of doing. */
  readonly jails: readonly JailPlan[];
  /** What would keep jails from what is planned, of all of them together. */
  readonly problems: readonly Problem[];
  /** Another one as soon as the machine has moved in a way that changes the plan. */
  readonly fingerprint: string;
  /** @internal What it was made for. */
  readonly definitions: readonly JailDefinition[];
  /** @internal */
  readonly options: PlanOptions;
}

/** Options of a plan. */
export interface PlanOptions extends RunningOptions {
  /** `true`: jails that we started and that are not defined any more are removed. Default `false`. */
  readonly prune?: boolean;
}

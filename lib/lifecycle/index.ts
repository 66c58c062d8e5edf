export { type LockHolder, type Machine, MachineError, type ProgramRequest } from "../machine/machine.js";
export { type HostCommand, SimulatedMachine, type SimulatedMachineOptions } from "../machine/simulated/machine.js";
export type { World, WorldAddress, WorldDataset, WorldInterface, WorldMount } from "../machine/simulated/world.js";
export { definitionsOf, parseDefinitions, type ReadDefinitions, readDefinitions } from "./definitions.js";
export type { AdoptedJail } from "./engine/adopt.js";
export type { Situation } from "./engine/leftovers.js";
export {
  type BeginEvent,
  type JailEvent,
  type JailState,
  type LeftThing,
  type LifecycleEvent,
  type OutputEvent,
  type ProblemEvent,
  STEP_CHANNEL,
  type StepEvent,
  type StepFailure,
  type StepIdentity,
  type StepTrace,
  type WaitEvent,
} from "./events.js";
export type { HookValue } from "./hook.js";
export { LedgerVersionError } from "./ledger/ledger.js";
export type { FailedStep, RunSummary } from "./ledger/summary.js";
export { Lifecycle } from "./lifecycle.js";
export type { LogLine, LogOptions } from "./logs/read.js";
export type { HostLifecycleOptions } from "./open.js";
export { openLifecycle } from "./open.js";
export type { DownOptions, RunningOptions, UpOptions } from "./options.js";
export type { ExecHook, JailDefinition, OneOrMore, PseudoParameters } from "./parameters.js";
export { PlanStaleError } from "./plan/apply.js";
export type { Drift, JailPlan, Plan, PlannedAction, PlanOptions } from "./plan/model.js";
export { type ReadyContext, type ReadyProbe, ready } from "./ready.js";
export type { LifecycleRun, RunOutcome } from "./run.js";
export type { Direction } from "./steps/kind.js";
export type { StepName } from "./steps/table.js";
export type { Problem } from "./values.js";
export type { JailStatus } from "./why/status.js";
export type { Finding, Why } from "./why/why.js";

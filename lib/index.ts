export type {
  RawFault,
  RawProcessInfo,
  RawProcessStart,
  RawSimulatedOptions,
  RawSimulatedPaths,
  SimulatedControls,
  SimulatedView,
} from "./binding.js";
export type { CallOptions } from "./call.js";
export { type Answer, type Area, type Check, type Diagnosis, diagnose } from "./doctor/index.js";
export type { JailErrorContext, JailStateCode } from "./errors.js";
export { JailError, JailParameterError, JailStateError } from "./errors.js";
export { type JailEntryCode, JailEntryError, type JailEntryStep } from "./exec/entry-error.js";
export type { JailExecOptions, JailExecResult, JailExecSyncOptions } from "./exec/exec.js";
export { type CommandFailure, type JailCommandCode, JailCommandError } from "./exec/exec-error.js";
export type { JailChildProcess, JailChildProcessWithStreams } from "./exec/launch.js";
export type { JailCommandOptions, JailSpawnOptions, TerminalSize } from "./exec/options.js";
export type {
  CommandAnswer,
  CommandFunction,
  CommandStreams,
  SimulatedCommand,
  SimulatedCommands,
} from "./exec/simulated/command.js";
export type { CreateOptions, JailRow, ListOptions, SimulatedHostOptions } from "./host.js";
export { JailHost } from "./host.js";
export type { RemoveOptions } from "./jail.js";
export { Jail } from "./jail.js";
export * from "./lifecycle/index.js";
export type { AddLimitOptions, JailLimits } from "./limits/limits.js";
export type {
  JailLimit,
  JailLimitAction,
  JailLimitInForce,
  JailLimitPer,
  JailResource,
  JailUsage,
} from "./limits/rule.js";
export type { Parameter, ParameterKind } from "./params/table.js";
export { ParameterTable } from "./params/table.js";
export type {
  JailParameterName,
  JailParameters,
  JailSys,
  JailValue,
  JailValues,
  KeyValues,
  UncheckedParameters,
} from "./params/types.js";
export type { JailBlocker } from "./processes/blockers.js";
export type { JailProcess, ProcessesOptions } from "./processes/list.js";
export type { StopOptions, StopResult } from "./processes/stop.js";
export {
  type HostSetting,
  HostSettingError,
  type HostSettingName,
  HostSettings,
  type HostSettingValue,
  type HostSettingValues,
} from "./settings/index.js";
export { CALL_CHANNEL, type CallTrace } from "./tracing.js";
export type {
  AttachedEvent,
  CreatedEvent,
  ExistsEvent,
  GoneEvent,
  RemovedEvent,
  ResyncEvent,
  UpdatedEvent,
  WatchEvent,
  WatchedJail,
  WatchOptions,
} from "./watch/event.js";
export type { JailWatcher } from "./watch/watcher.js";

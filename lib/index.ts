export type {
  RawFault,
  RawProcessInfo,
  RawProcessStart,
  RawSimulatedOptions,
  RawSimulatedPaths,
  SimulatedControls,
  SimulatedView,
} from "./binding.js";
export { type Answer, type Area, type Check, type Diagnosis, diagnose } from "./doctor/index.js";
export type { JailErrorContext } from "./errors.js";
export { JailError, JailParameterError, JailStateError } from "./errors.js";
export type { CallOptions, CreateOptions, JailRow, ListOptions } from "./host.js";
export { JailHost } from "./host.js";
export type { RemoveOptions } from "./jail.js";
export { Jail } from "./jail.js";
export * from "./lifecycle/index.js";
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
export {
  type HostSetting,
  HostSettingError,
  type HostSettingName,
  HostSettings,
  type HostSettingValue,
  type HostSettingValues,
} from "./settings/index.js";
export { CALL_CHANNEL, type CallTrace } from "./tracing.js";

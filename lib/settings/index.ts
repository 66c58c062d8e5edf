export { HostSettingError } from "./error.js";
export type { HostSettingName, HostSettingValue, HostSettingValues } from "./known.js";
export { type HostSetting, HostSettings } from "./settings.js";

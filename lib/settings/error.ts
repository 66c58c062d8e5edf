import type { RawError } from "../binding.js";
import { JailError } from "../errors.js";

/**
 * A setting of the host that could not be read or set: a {@link JailError} of `sysctl(3)` with `setting`, the `value` that
 * was to be set, and `hint`, the way out.
 */
export class HostSettingError extends JailError {
  /** The sysctl's name. */
  readonly setting: string;
  /** What it was to be set to; undefined where it was read. */
  readonly value: unknown;
  /** What to do about it, a whole sentence; undefined where nothing is known. */
  readonly hint: string | undefined;

  constructor(error: RawError, setting: string, value: unknown, hint: string | undefined) {
    super(error);
    const what = value === undefined ? setting : `${setting}=${String(value)}`;
    this.message = `${error.code}: ${what}: ${hint ?? this.message.replace(/^\w+: |, sysctl$/g, "")}`;
    this.setting = setting;
    this.value = value;
    this.hint = hint;
  }

  static {
    this.prototype.name = "HostSettingError";
  }
}

/** What the harness itself could not do: says what, and the way out. Its exit status tells it from failed tests. */
export class VmError extends Error {
  override readonly name = "VmError";

  /** What to do about it, as a sentence. */
  readonly hint: string;
  /** Lines that show it, such as the last ones of a console. */
  readonly detail: readonly string[];

  constructor(message: string, hint = "", detail: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
    this.detail = detail;
  }
}

/** Wrong words on the command line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Exit statuses of the tool, beside those of what it runs. */
export const STATUS = { usage: 2, interrupted: 130, trouble: 125 } as const;

/** A thrown value as text. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The number that a text begins with, as strtol(3) reads it, and whether the text ends there. */
export function leadingInteger(text: string): { readonly value: number; readonly whole: boolean } {
  const digits = /^[ \t\n\v\f\r]*[+-]?[0-9]+/.exec(text)?.[0];
  return digits === undefined ? { value: 0, whole: text === "" } : { value: Number(digits), whole: digits === text };
}

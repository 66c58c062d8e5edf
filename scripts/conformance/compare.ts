/** Whether two results are the same, and if not, in what. */
import type { Output, Result } from "./recording.js";

/** Values that depend on the machine. */
const MACHINE_DEPENDENT = new Set(["cpuset.id"]);

/** In place of bytes of which every one will do. */
export const ANY = "*";

function textOf(hex: string): string {
  return Buffer.from(hex, "hex").toString("latin1");
}

/** A removed jail is finished in the background: until then it is dying, after that it is not found. */
function settled(message: string): string {
  return message.replace(/^(jail (?:\d+|".*")) (?:is dying|not found)$/, "$1 is dying or not found");
}

function same(expected: Output, actual: Output): boolean {
  if (expected.name !== actual.name || expected.len !== actual.len) return false;
  if (expected.hex === actual.hex || expected.hex === ANY || MACHINE_DEPENDENT.has(expected.name)) return true;
  if (expected.name !== "errmsg" || expected.hex === null || actual.hex === null) return false;
  return settled(textOf(expected.hex)) === settled(textOf(actual.hex));
}

function spell(output: Output | undefined): string {
  if (output === undefined) return "nothing";
  const { name, len, hex } = output;
  const text =
    hex === null ? "NULL" : /^(?:[2-7][0-9a-f])+$/.test(hex) && hex.length > 16 ? JSON.stringify(textOf(hex)) : hex;
  return `${name} (${len}) ${text}`;
}

/** A message of zeros is no message: the recorder wrote down one that the kernel had emptied, but not one it left alone. */
function noted(outputs: readonly Output[] | undefined): readonly Output[] {
  return (outputs ?? []).filter(({ name, hex }) => name !== "errmsg" || hex === null || !/^0*$/.test(hex));
}

/** The first difference in words; undefined where there is none. */
export function difference(expected: Result, actual: Result): string | undefined {
  for (const key of ["ended", "ret", "errno", "held", "released", "kept", "dropped"] as const) {
    if (expected[key] !== actual[key]) {
      const message = actual.out?.find(({ name }) => name === "errmsg");
      const said = message?.hex ? ` (errmsg ${JSON.stringify(textOf(message.hex))})` : "";
      const got = actual.errno === undefined ? `${actual[key]}` : `${actual[key]}, ${actual.errno}`;
      return `${key} is ${got}${said}, recorded ${expected[key]}${key === "ret" && expected.errno ? `, ${expected.errno}` : ""}`;
    }
  }
  const [wanted, got] = [noted(expected.out), noted(actual.out)];
  for (let i = 0; i < Math.max(wanted.length, got.length); i++) {
    const [one, other] = [wanted[i], got[i]];
    if (one === undefined || other === undefined || !same(one, other)) {
      return `output ${i + 1} is ${spell(other)}, recorded ${spell(one)}`;
    }
  }
  return undefined;
}

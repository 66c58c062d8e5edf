/** The rules for what we ship to FreeBSD: it runs on 13, 14 and 15, with nothing but the base system beside it. */
import type { Elf } from "./elf.js";

/** Libraries of FreeBSD's base system that every supported release has under this name. */
const LIBRARIES = new Set(["libc.so.7", "libthr.so.3", "libm.so.5", "libutil.so.9", "libdl.so.1"]);
/** The newest version set of libc that 13.2 has. */
const NEWEST_LIBC = 7;
/** Calls that only 15 has are found at run time, never imported. */
const LATER = ["jail_attach_jd", "jail_remove_jd"];

export interface Expectation {
  readonly machine: string;
  readonly kind: "addon" | "executable";
  /** Symbols that it must import, with their versions. */
  readonly imports: readonly string[];
}

/** What is wrong with a file; empty where nothing is. */
export function problems(elf: Elf, expected: Expectation): string[] {
  const found: string[] = [];
  const check = (holds: boolean, problem: string) => {
    if (!holds) found.push(problem);
  };
  check(elf.machine === expected.machine, `its machine is ${elf.machine}, not ${expected.machine}`);
  // FreeBSD loads System V (0) as well as its own mark (9).
  check(elf.osabi === 0 || elf.osabi === 9, `its OS/ABI is ${elf.osabi}`);
  for (const library of elf.needed) {
    check(LIBRARIES.has(library), `it needs ${library}, which a FreeBSD base system may lack`);
  }
  const spelled = new Set<string>();
  for (const { name, version } of elf.imports) {
    spelled.add(version === undefined ? name : `${name}@${version}`);
    const set = /^FBSD_1\.(\d+)$/.exec(version ?? "");
    check(
      version === undefined || version === "FBSDprivate_1.0" || (set !== null && Number(set[1]) <= NEWEST_LIBC),
      `it imports ${name}@${version}, which FreeBSD 13.2 does not have`,
    );
    check(!LATER.includes(name), `it imports ${name}, which only FreeBSD 15 has`);
  }
  for (const symbol of expected.imports) check(spelled.has(symbol), `it does not import ${symbol}`);
  if (expected.kind === "addon") {
    check(elf.type === "shared", `its type is ${elf.type}, not shared`);
    check(elf.exports.includes("napi_register_module_v1"), "it does not export napi_register_module_v1");
  } else {
    check(elf.interpreter === "/libexec/ld-elf.so.1", `its interpreter is ${elf.interpreter}`);
    for (const symbol of ["environ", "__progname"]) {
      check(elf.exports.includes(symbol), `it does not export ${symbol}, which FreeBSD 13's libc takes from it`);
    }
    check(!elf.imports.some(({ name }) => name.startsWith("napi_")), "it imports Node-API");
  }
  check(elf.stripped, "it is not stripped");
  return found;
}

/** One line that says what a file is, as file(1) would. */
export function describe(elf: Elf): string {
  const versions = new Set(elf.imports.flatMap(({ version }) => version ?? []));
  return [
    `ELF 64-bit LSB ${elf.interpreter === undefined ? "shared object" : "pie executable"}, ${elf.machine}`,
    `OS/ABI ${elf.osabi === 9 ? "FreeBSD" : "System V"}`,
    elf.interpreter === undefined ? "dynamically linked" : `interpreter ${elf.interpreter}`,
    `needs ${elf.needed.join(" ")}`,
    `symbol versions ${[...versions].sort().join(" ")}`,
    elf.stripped ? "stripped" : "not stripped",
  ].join(", ");
}

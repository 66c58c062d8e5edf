/** What the text of a console means: how far a boot has come, whether the kernel has died. Pure; knows nothing of time. */

/** What a boot has come to. */
export type BootSign =
  /** A boot loader waits for a key. */
  | { readonly kind: "loader" }
  | { readonly kind: "login" }
  | { readonly kind: "password" }
  /** The last login was refused. */
  | { readonly kind: "refused" }
  /** A root shell. */
  | { readonly kind: "shell" }
  /** It goes on no more. */
  | { readonly kind: "dead"; readonly what: string; readonly hint: string };

const DEAD: readonly (readonly [RegExp, (found: RegExpExecArray) => string, string])[] = [
  [
    /mountroot> $/,
    () => "the kernel did not find its root file system",
    "With --kernel, `--append` names it: vfs.root.mountfrom=ufs:/dev/…",
  ],
  [
    /Enter full pathname of shell or RETURN for \/bin\/sh: $/,
    () => "the guest stopped in single-user mode",
    "Something of its start failed: see above.",
  ],
  [/(?:^|\n)OK $/, () => "the boot loader stopped at its prompt", "The image has no kernel that it could load."],
  [
    /No bootable device|Boot failed: not a bootable disk/,
    () => "the image does not boot",
    "It may need another --arch, or UEFI.",
  ],
  [
    /Unable to mount root fs on \S+/,
    ([what]) => what,
    "With --kernel, `--initrd` or `--append` names what it starts from.",
  ],
];

/** What is left of a kernel that has died. */
const PANIC: readonly RegExp[] = [
  // Whatever was being printed may stand before it on its line.
  /panic: ((?:(?!panic: )[^\n])*)\ncpuid = \d/,
  /(?:^|\n)(Fatal (?:double fault|trap \d+)[^\n]*)\n/,
  /Kernel panic - not syncing: ([^\n]*)\n/,
  /(?:^|\n)KDB: enter: (panic)\n/,
];

/** The panic that the text tells of, in the kernel's words; undefined where it tells of none. */
export function panicIn(text: string): string | undefined {
  for (const each of PANIC) {
    const found = each.exec(text);
    if (found !== null) return found[1]?.trim();
  }
  return undefined;
}

/** Where a kernel that has died stands still. */
const STANDSTILL = /(?:db> ?|---\[ end Kernel panic[^\n]*|Automatic reboot in \d+ seconds[^\n]*(?:\n[^\n]*)?)\s*$/;

/** As {@link panicIn}, where nothing came after it: a command may print such words too, and goes on. */
export function standstillIn(text: string): string | undefined {
  return STANDSTILL.test(text.slice(-400)) ? panicIn(text) : undefined;
}

const WAITING: readonly (readonly [
  RegExp,
  BootSign["kind"] & ("loader" | "login" | "password" | "refused" | "shell"),
])[] = [
  [/Hit \[Enter\] to boot immediately, or any other key for command prompt\.[^\n]*$/, "loader"],
  [/Autoboot in \d+ seconds[^\n]*$/i, "loader"],
  [/(?:^|\n)Login incorrect\n(?:\n|.)*login: $/, "refused"],
  [/(?:^|\n)[^\n]*login: $/, "login"],
  [/(?:^|\n)[Pp]assword( for [^:\n]+)?: ?$/, "password"],
  [/(?:^|\n)[^\n]{0,60}[#] ?$/, "shell"],
];

/** The newest sign in what was printed since the last one; undefined while nothing waits for anything. */
export function bootSign(text: string): BootSign | undefined {
  const panic = panicIn(text);
  if (panic !== undefined) return { kind: "dead", what: `the kernel panicked: ${panic}`, hint: "" };
  for (const [pattern, what, hint] of DEAD) {
    const found = pattern.exec(text);
    if (found !== null) return { kind: "dead", what: what(found), hint };
  }
  // Only what stands at the end waits.
  const tail = text.slice(-400);
  for (const [pattern, kind] of WAITING) if (pattern.test(tail)) return { kind };
  return undefined;
}

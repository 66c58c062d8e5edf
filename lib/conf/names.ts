/** Whether two parameter names mean the same, one of them perhaps with "no" before a component. */
export function sameParameter(one: string, other: string): boolean {
  let a = one;
  let b = other;
  for (;;) {
    if (a === b || a === `no${b}` || `no${a}` === b) return true;
    const dot = a.indexOf(".");
    if (dot < 0 || !b.startsWith(a.slice(0, dot + 1))) return false;
    a = a.slice(dot + 1);
    b = b.slice(dot + 1);
  }
}

/** Whether a name has a component that is `*`. */
export function isWildcard(name: string): boolean {
  return name.split(".").includes("*");
}

/** Whether a jail's name fits a wildcard: `*` stands for one component, at the end for one or more. */
export function matchesWildcard(name: string, wildcard: string): boolean {
  let rest = name;
  let pattern = wildcard;
  for (;;) {
    const dot = rest.indexOf(".");
    const patternDot = pattern.indexOf(".");
    if (dot < 0 || patternDot < 0) return rest === pattern || pattern === "*";
    const first = rest.slice(0, dot + 1);
    if (!pattern.startsWith(first) && !pattern.startsWith("*.")) return false;
    rest = rest.slice(dot + 1);
    pattern = pattern.slice(patternDot + 1);
  }
}

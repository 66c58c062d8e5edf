/** Whether two parameter names mean the same, one of them perhaps with "no" before a component. */
export function sameParameter(one: string, other: string): boolean {
  const longer = one.length - other.length;
  if (longer === 0) return one === other;
  if (longer !== 2 && longer !== -2) return false;
  return longer > 0 ? negates(one, other) : negates(other, one);
}

/** Whether a name is another with "no" before one of its components. */
function negates(longer: string, shorter: string): boolean {
  for (let at = longer.indexOf("no"); at >= 0; at = longer.indexOf("no", at + 1)) {
    const begins = at === 0 || longer[at - 1] === ".";
    if (begins && longer.slice(0, at) + longer.slice(at + 2) === shorter) return true;
  }
  return false;
}

/** All names that mean the same as one: itself, and those with a "no" more or less before one of its components. */
export function* sameNames(name: string): Generator<string> {
  yield name;
  for (let at = 0; at <= name.length; at = name.indexOf(".", at) + 1) {
    const [before, after] = [name.slice(0, at), name.slice(at)];
    yield `${before}no${after}`;
    if (after.startsWith("no")) yield before + after.slice(2);
    if (!after.includes(".")) return;
  }
}

/** Whether a name has a component that is `*`. */
export function isWildcard(name: string): boolean {
  return name.includes("*") && name.split(".").includes("*");
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

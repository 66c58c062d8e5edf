import { lstatSync, readdirSync } from "node:fs";
import { latin1ToText, textToLatin1 } from "../bytes-text.js";

/** A pattern's piece: what one byte has to be, any bytes, or a byte as it is. */
type Element = RegExp | "any" | { readonly literal: string };

/** A pattern of glob(3) by its pieces, bytes a character each. A backslash takes the meaning from what follows it. */
function elementsOf(pattern: string): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string;
    const set = character === "[" ? setAt(pattern, at) : undefined;
    if (character === "*") {
      if (elements.at(-1) !== "any") elements.push("any");
    } else if (character === "?") elements.push(/^[\s\S]$/);
    else if (set !== undefined) {
      elements.push(set.test);
      at = set.end;
    } else elements.push({ literal: character === "\\" ? (pattern[++at] ?? "\\") : character });
  }
  return elements;
}

/** A set `[a-z]`, `[!a-z]`; undefined where none is closed: the bracket then stands for itself. */
function setAt(pattern: string, from: number): { readonly test: RegExp; readonly end: number } | undefined {
  const members: string[] = [];
  let at = from + 1;
  const negated = pattern[at] === "!";
  if (negated) at++;
  const next = (): string => {
    if (pattern[at] === "\\") at++;
    return (pattern[at++] ?? "").replace(/[\\\]^-]/, "\\$&");
  };
  do {
    if (at >= pattern.length) return undefined;
    const first = next();
    if (pattern[at] === "-" && pattern[at + 1] !== "]" && at + 1 < pattern.length) {
      at++;
      const last = next();
      // A range that ends before it begins has no member.
      if (first.replace(/^\\/, "") <= last.replace(/^\\/, "")) members.push(`${first}-${last}`);
    } else members.push(first);
  } while (pattern[at] !== "]");
  return { test: new RegExp(`^[${negated ? "^" : ""}${members.join("")}]$`), end: at };
}

const isLiteral = (element: Element): element is { readonly literal: string } =>
  element !== "any" && !(element instanceof RegExp);

/** Whether a path has characters with which glob(3) looks for files. */
export function isPattern(path: string): boolean {
  return elementsOf(textToLatin1(path)).some((element) => !isLiteral(element));
}

/** Whether a name fits; an "any" is tried with ever more bytes, the last one that can be moved first. */
function fits(name: string, elements: readonly Element[]): boolean {
  let [at, next] = [0, 0];
  let [retryAt, retryNext] = [-1, -1];
  while (at < name.length || next < elements.length) {
    const element = elements[next];
    if (element === "any") {
      [retryAt, retryNext] = [at, next];
      next++;
    } else if (element !== undefined && at < name.length && matches(name[at] as string, element)) {
      at++;
      next++;
    } else if (retryAt >= 0 && retryAt < name.length) {
      retryAt++;
      [at, next] = [retryAt, retryNext + 1];
    } else return false;
  }
  return true;
}

function matches(character: string, element: Exclude<Element, "any">): boolean {
  return element instanceof RegExp ? element.test(character) : element.literal === character;
}

/** The paths that fit a pattern of glob(3), sorted by their bytes. A leading dot is to be written. */
export function expand(pattern: string): string[] {
  let found = [""];
  let segment: Element[] = [];
  const close = (separator: string): void => {
    if (segment.every(isLiteral)) {
      const text = segment.map(({ literal }) => literal).join("");
      found = found.map((path) => path + text + separator);
    } else {
      const own = segment;
      found = found.flatMap((path) => namesIn(path, own).map((name) => path + name + separator));
    }
    segment = [];
  };
  for (const element of elementsOf(textToLatin1(pattern))) {
    if (isLiteral(element) && element.literal === "/") close("/");
    else segment.push(element);
  }
  close("");
  return found.filter(exists).sort(byBytes).map(latin1ToText);
}

function namesIn(path: string, elements: readonly Element[]): string[] {
  const [first] = elements;
  const dotted = first !== undefined && isLiteral(first) && first.literal === ".";
  try {
    const names = readdirSync(Buffer.from(path === "" ? "." : path, "latin1"), { encoding: "latin1" });
    return names.filter((name) => (dotted || !name.startsWith(".")) && fits(name, elements));
  } catch {
    // As glob(3) without GLOB_ERR: what cannot be read has nothing in it.
    return [];
  }
}

/** A symbolic link that leads nowhere is found too. */
function exists(path: string): boolean {
  try {
    lstatSync(Buffer.from(path, "latin1"));
    return true;
  } catch {
    return false;
  }
}

const byBytes = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

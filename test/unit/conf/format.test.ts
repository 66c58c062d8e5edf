import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatConf, parseConf } from "../../../lib/conf/index.js";

/** What a text means: its blocks as they are written, and each jail's parameters; undefined where it has mistakes. */
function meaning(text: string) {
  const { blocks, jails, baseStopsAfter } = parseConf({ name: "text", text });
  if (baseStopsAfter !== undefined) return undefined;
  return {
    blocks: blocks.map(({ name, parameters }) => [
      name,
      parameters.map((each) => [each.name, each.operator, each.values]),
    ]),
    jails: jails.map(({ name, parameters }) => [name, parameters.map((each) => [each.name, each.values])]),
  };
}

function check(text: string): boolean {
  const before = meaning(text);
  if (before === undefined) return false;
  const formatted = formatConf(text);
  expect(meaning(formatted)).toEqual(before);
  expect(formatConf(formatted)).toBe(formatted);
  return true;
}

describe("formatting", () => {
  it("gives every text one style", () => {
    const text = `# top


path = "/j/$name" ; ;  // all
web{host.hostname='w' ,x ; # name

  # own
  exec.start # odd
   += a, /* b */ c;
  a{ }  /* after */ }
/* end */`;
    expect(formatConf(text)).toBe(`# top

path = "/j/$name"; // all
web {
\thost.hostname = 'w', x; # name

\t# own
\texec.start # odd
\t\t+= a, /* b */ c;
\ta {
\t} /* after */
}
/* end */
`);
    expect(check(text)).toBe(true);
    expect(formatConf("")).toBe("");
    expect(() => formatConf("a {")).toThrow(/cannot be read/);
  });

  it("changes nothing that is meant, in any recorded text, and formats what is formatted to itself", () => {
    const file = join(__dirname, "../../fixtures/transcripts/freebsd-15.1-jail.conf-random.json");
    const cases = JSON.parse(readFileSync(file, "utf8")) as { readonly files: Readonly<Record<string, string>> }[];
    const texts = cases.flatMap(({ files }) => Object.values(files).filter((text) => !text.includes(".include")));
    expect(texts.filter(check).length).toBeGreaterThan(100);
  });

  it("nor in any other", () => {
    const blank = fc.constantFrom("", " ", "\n", "\n\n\n", "# c\n", " // c\n", "/* c */", "\n/* c\n * d */\n", "\t");
    const value = fc.constantFrom("a", "'b c'", '"d $v e"', "$v", "${v}/x", "a'b'\"c\"", '"$v"', "\\;");
    const parameter = fc
      .tuple(
        fc.constantFrom("path", "$v", "'x y'", "mount"),
        fc.constantFrom("", "=", "+=", " "),
        fc.array(value, { minLength: 1, maxLength: 3 }),
        fc.array(blank, { minLength: 6, maxLength: 6 }),
      )
      .map(([name, operator, values, [a, b, c, d, e, f]]) =>
        operator === "" ? `${a}${name}${b};` : `${a}${name} ${b}${operator}${c}${values.join(`${d},${e}`)}${f};`,
      );
    const block = fc
      .tuple(fc.constantFrom("a", "'*'", "b", "'a.*'", "12"), blank, fc.array(parameter, { maxLength: 3 }), blank)
      .map(([name, before, parameters, after]) => `${before}${name} ${after}{${parameters.join("")}${before}}${after}`);
    fc.assert(
      fc.property(fc.array(fc.oneof(parameter, block, fc.constant(";")), { maxLength: 6 }), (parts) => {
        check(parts.join(""));
      }),
      { numRuns: 2000 },
    );
  });
});

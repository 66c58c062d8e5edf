import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { printConfiguration } from "../../../lib/cli/base/jail/print.js";
import { loadConf, parseConf, setParameter } from "../../../lib/conf/index.js";
import { memoryIo } from "../cli/memory-io.js";

const parse = (text: string | Uint8Array) => parseConf({ name: "jail.conf", text }, { strict: true });
const messages = (text: string) => parse(text).problems.map(({ base }) => base);
const line = (text: string) =>
  parse(text).jails.map(({ parameters }) => parameters.map(({ name, values }) => [name, ...values].join("=")));

describe("base's rules", () => {
  it("takes a name for a jid where it is a number and not 0", () => {
    expect(line("0 { } 007 { } '+5' { } -0 { } '12 ' { }")).toEqual([
      ["name=0"],
      ["jid=007", "name=007"],
      ["jid=+5", "name=+5"],
      ["name=-0"],
      ["name=12 "],
    ]);
  });

  it("settles jid and name once, also by their negations, and not for variables of these names", () => {
    expect(messages("a { noname; }")).toEqual(['a: cannot redefine parameter "name".']);
    expect(messages("5 { noname; name = b; }")).toEqual(['5: cannot redefine parameter "noname".']);
    const shared = 'a: variable "$jid" cannot have the same name as a parameter.';
    expect(messages("a { $jid; $jid = 1; }")).toEqual([shared]);
  });

  it("goes on after a variable that nothing closes", () => {
    expect(messages("a { b = ${x\n; }")).toEqual([
      "jail.conf line 1: unterminated variable",
      "jail.conf line 2: ;: syntax error",
    ]);
    expect(messages("a { b = ${x")).toEqual(["jail.conf line 1: unterminated variable", "jail.conf: unexpected EOF"]);
  });

  it("shows an offending text up to its first NUL", () => {
    expect(messages("a b 'x\0y' z;")).toEqual(["jail.conf line 1: 'x: syntax error"]);
    expect(messages("a { \0")).toEqual(["jail.conf: unexpected EOF"]);
  });
});

describe("bytes that are no UTF-8", () => {
  it("are kept in values and in messages", () => {
    const { jails } = parse(Buffer.from("a { x = '\xff\xe9'; '\xc3\xa9' = \"$x.\"; }", "latin1"));
    expect(jails[0]?.parameters.map(({ name, values }) => [name, ...values])).toEqual([
      ["name", "a"],
      ["x", "\udcff\udce9"],
      ["é", "\udcff\udce9."],
    ]);
    const { problems } = parse(Buffer.from("a \xe9;", "latin1"));
    expect(problems.map(({ base }) => base)).toEqual(["jail.conf line 1: \udce9: syntax error"]);
  });

  it("are kept in a text that is edited", () => {
    expect(setParameter("# \udcff é\na { }\n", "a", "x", "\udcfe")).toBe('# \udcff é\na { x = "\udcfe"; }\n');
  });

  it("are printed as they are", () => {
    const folder = mkdtempSync(join(tmpdir(), "conf-"));
    try {
      writeFileSync(join(folder, "conf"), Buffer.from("a { x = '\xff'; y = \"$z\"; } b \xfe", "latin1"));
      const io = memoryIo({}, folder);
      expect(printConfiguration("conf", "|", io)).toBe(1);
      expect(io.errBytes().toString("latin1")).toBe("jail: conf line 1: \xfe: syntax error\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("included files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "conf-"));
    mkdirSync(join(folder, "d"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (files: Record<string, string>): void => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  };
  const load = (file = "jail.conf") => loadConf(file, { cwd: folder });
  const names = () => load().jails.map(({ name }) => name);

  it("are found as glob(3) finds them", () => {
    for (const name of ["a", "b", "[x]", "é", ".h", "^"]) write({ [`d/${name}.conf`]: `"${name}" { }` });
    const found = (pattern: string): string[] => {
      write({ "jail.conf": `.include '${pattern}';` });
      return names();
    };
    expect(found("d/*.conf")).toEqual(["[x]", "^", "a", "b", "é"]);
    expect(found("d/[!a].conf")).toEqual(["^", "b"]);
    expect(found("d/[^a].conf")).toEqual(["^", "a"]);
    expect(found("d/[a-b].conf")).toEqual(["a", "b"]);
    expect(found("d/[b-a].conf")).toEqual([]);
    expect(found("d/??.conf")).toEqual(["é"]);
    expect(found("d/.*.conf")).toEqual([".h"]);
    expect(found("d/\\\\[x].con?")).toEqual(["[x]"]);
    expect(found("*/**a*.conf")).toEqual(["a"]);
    expect(found("d/[x.conf*")).toEqual([]);
    expect(load("d/[a").problems.map(({ base }) => base)).toEqual(["d/[a: No such file or directory"]);
  });

  it("are missed where they are named, and where a link leads nowhere", () => {
    symlinkSync("gone", join(folder, "d", "link"));
    write({ "jail.conf": ".include 'd/l*'; .include 'n*'; .include '';" });
    expect(load().problems.map(({ base }) => base)).toEqual([
      "d/link: No such file or directory",
      ": No such file or directory",
    ]);
    expect(load().baseStopsAfter).toBe(1);
  });

  it("share what stands outside of blocks, which counts from where it began", () => {
    write({
      "jail.conf": ".include one; a { x = own; } x = late; .include two;",
      one: "x = first;",
      two: "x += last;",
    });
    const [a] = load().jails;
    expect(a?.parameters.map(({ name, values }) => [name, ...values])).toEqual([
      ["name", "a"],
      ["x", "own"],
    ]);
  });

  it("that include one another for ever, or one another twice, end", () => {
    write({ "jail.conf": ".include jail.conf; .include jail.conf; a {" });
    expect(load().problems.map(({ base }) => base)).toContain("maximum include depth exceeded");
    for (let at = 0; at < 30; at++) write({ [`n${at}`]: `.include n${at + 1}; .include n${at + 1};` });
    write({ n30: "a { }", "jail.conf": ".include n0;" });
    expect(load().problems.map(({ message }) => message)).toEqual([expect.stringContaining("more than 100000 files")]);
  });

  it("that are folders end base's scanner, with its status", () => {
    const io = memoryIo({}, folder);
    expect(printConfiguration("d", "|", io)).toBe(2);
    expect(io.err()).toBe("input in flex scanner failed\n");
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addJail,
  ConfEditError,
  type ConfValue,
  parseConf,
  piecesOf,
  removeJail,
  setParameter,
  unsetParameter,
  writeConf,
} from "../../../lib/conf/index.js";

const TEXT = `# ours
path = "/jails/$name";   // of all

web {
    host.hostname = 'web.example.org'; # its name
    exec.start += "/bin/sh /etc/rc";   /* why not */
    allow.raw_sockets;
}
db { persist; }
`;

/** What a text means: each jail's parameters. */
function meaning(text: string) {
  const { jails, problems } = parseConf({ name: "text", text });
  expect(problems).toEqual([]);
  return jails.map(({ name, parameters }) => [name, parameters.map((each) => [each.name, ...each.values])]);
}

describe("an edit", () => {
  it.each<[title: string, edited: string, from: string, to: string]>([
    [
      "changes a value in its place",
      setParameter(TEXT, "web", "host.hostname", "w.example.org"),
      "'web.example.org'",
      "w.example.org",
    ],
    ["keeps a +=", setParameter(TEXT, "web", "exec.start", ["a b", "c"]), '+= "/bin/sh /etc/rc"', '+= "a b", c'],
    ["turns a boolean off", setParameter(TEXT, "web", "allow.raw_sockets", false), "allow.raw_", "allow.noraw_"],
    [
      "adds at the block's end",
      setParameter(TEXT, "web", "securelevel", 2),
      "sockets;\n}",
      "sockets;\n    securelevel = 2;\n}",
    ],
    [
      "adds on the line of a block of one line",
      setParameter(TEXT, "db", "securelevel", 2),
      "persist; }",
      "persist; securelevel = 2; }",
    ],
    ["adds outside of blocks", setParameter(TEXT, "*", "exec.clean", true), '$name";', '$name";\nexec.clean;'],
    ["adds a variable", setParameter(TEXT, "db", "$root", "/r"), "persist; }", "persist; $root = /r; }"],
    [
      "puts variables in",
      setParameter(TEXT, "*", "path", [piecesOf("/j/$name.x")]),
      '"/jails/$name"',
      '"/j/${name}.x"',
    ],
    ["takes a line out", unsetParameter(TEXT, "web", "allow.raw_sockets"), "    allow.raw_sockets;\n", ""],
    [
      "leaves a comment where it is",
      unsetParameter(TEXT, "web", "host.hostname"),
      "host.hostname = 'web.example.org'; ",
      "",
    ],
    ["takes a jail out", removeJail(TEXT, "db"), "db { persist; }\n", ""],
    [
      "adds a jail",
      addJail(TEXT, "new", { persist: true, "ip4.addr": ["192.0.2.1"] }),
      "db { persist; }\n",
      "db { persist; }\n\nnew {\n\tpersist;\n\tip4.addr = 192.0.2.1;\n}\n",
    ],
  ])("%s, and touches nothing else", (_title, edited, from, to) => {
    expect(TEXT).toContain(from);
    expect(edited).toBe(TEXT.replace(from, () => to));
  });

  it("is refused with the reason, where it cannot be done", () => {
    expect(() => setParameter("a { path = ", "a", "path", "/")).toThrow(ConfEditError);
    expect(() => setParameter(TEXT, "none", "path", "/")).toThrow(/no jail "none": it has \*, web, db/);
    expect(() => unsetParameter(TEXT, "db", "path")).toThrow(/does not set path/);
    expect(() => addJail(TEXT, "web", {})).toThrow(/already/);
    expect(() => setParameter(TEXT, "web", "path", "a\0b")).toThrow(RangeError);
    expect(() => setParameter(TEXT, "web", "$a b", "x")).toThrow(ConfEditError);
  });

  it("keeps what is not ASCII", () => {
    const text = "# größe\na { host.hostname = 'zoë'; persist; }\n";
    expect(setParameter(text, "a", "host.hostname", "é")).toBe(text.replace("'zoë'", () => '"é"'));
  });
});

const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((value) => !value.includes("\0"));

describe("a written configuration", () => {
  it("means what was written", () => {
    const value = fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 }), fc.integer());
    const names = fc.constantFrom("path", "host.hostname", "exec.start", "ip4.addr", "x.y", "with blank");
    fc.assert(
      fc.property(fc.dictionary(names, value), (parameters) => {
        const [jail] = parseConf({ name: "text", text: writeConf([{ name: "a b", parameters }]) }).jails;
        const read = jail?.parameters.filter(({ name }) => name !== "name").map(({ name, values }) => [name, values]);
        const wanted = Object.entries(parameters as Record<string, ConfValue>).map(([name, value]) => [
          name,
          (Array.isArray(value) ? value : [value]).map(String),
        ]);
        expect(read).toEqual(wanted);
      }),
      { numRuns: 500 },
    );
  });

  it("an edit changes that parameter of that jail, and no other", () => {
    const names = fc.constantFrom("path", "exec.start", "mount", "new.one");
    fc.assert(
      fc.property(names, text, fc.constantFrom("web", "db"), (name, value, jail) => {
        const after = meaning(setParameter(TEXT, jail, name, value));
        const others = (all: ReturnType<typeof meaning>) =>
          all.map(([jailName, parameters]) => [
            jailName,
            (parameters as string[][]).filter(([each]) => jailName !== jail || each !== name),
          ]);
        expect(others(after)).toEqual(others(meaning(TEXT)));
        const set = after.find(([jailName]) => jailName === jail)?.[1] as string[][];
        expect(set.find(([each]) => each === name)).toEqual([name, value]);
      }),
      { numRuns: 300 },
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aliasArgv, canonicalAddress, parseAddressValue, prefixOf } from "../../../lib/lifecycle/address.js";
import { parseFstab, parseFstabLine, unescapeField } from "../../../lib/lifecycle/fstab.js";
import { ancestors, buildGraph } from "../../../lib/lifecycle/graph.js";
import { hookCommand } from "../../../lib/lifecycle/hook.js";
import { fileName } from "../../../lib/lifecycle/ledger/books.js";
import { pseudoName } from "../../../lib/lifecycle/values.js";

/** The text as UTF-8 can carry it. */
const wellFormed = (text: string) => Buffer.from(text).toString("utf8");

describe("hook commands", () => {
  const argv = (text: string) => hookCommand("exec.start", text)?.argv;

  it("are words unless something in them means something to a shell", () => {
    expect(argv("echo a  b\t c")).toEqual(["echo", "a", "b", "c"]);
    expect(argv("echo x; echo y")).toEqual(["/bin/sh", "-c", "echo x; echo y"]);
    for (const character of "!\"$'()*;<>?[\\]`{|}~") {
      expect(argv(`echo a${character}`), character).toEqual(["/bin/sh", "-c", `echo a${character}`]);
    }
    for (const plain of ["echo a=b", "echo #x", "echo %1 @ ^ : , . / + - _"]) expect(argv(plain)?.[0]).toBe("echo");
  });

  it("go into the background by a single & at the very end, and only then", () => {
    expect(hookCommand("exec.start", "sleep 60 &")).toMatchObject({ argv: ["sleep", "60"], background: true });
    expect(hookCommand("exec.start", "sleep 60&")).toMatchObject({ argv: ["sleep", "60"], background: true });
    expect(hookCommand("exec.start", "sleep 60 & ")).toMatchObject({ argv: ["/bin/sh", "-c", "sleep 60 & "] });
    expect(hookCommand("exec.start", "a && b")).toMatchObject({ argv: ["/bin/sh", "-c", "a && b"], background: false });
    expect(hookCommand("exec.start", "echo * &")).toMatchObject({ argv: ["/bin/sh", "-c", "echo * &"] });
  });

  it("are nothing where there are no words", () => {
    for (const text of ["", "   ", "&", " \t\n"]) expect(hookCommand("exec.start", text)).toBeUndefined();
  });

  it("given as an argument vector never see a shell", () => {
    expect(hookCommand("exec.start", { argv: ["echo", "$HOME; x"] })?.argv).toEqual(["echo", "$HOME; x"]);
  });
});

describe("addresses", () => {
  const argv = (family: "inet" | "inet6", text: string, verb: "alias" | "-alias" = "alias") => {
    const value = parseAddressValue(family, text, "em0");
    if (typeof value === "string") throw new Error(value);
    return aliasArgv({ ...value, interface: value.interface ?? "" }, verb).join(" ");
  };

  it("become ifconfig's arguments as jail(8) has them", () => {
    expect(argv("inet", "127.0.0.9")).toBe("/sbin/ifconfig em0 inet 127.0.0.9 netmask 255.255.255.255 alias");
    expect(argv("inet", "lo0|127.0.0.10/24")).toBe("/sbin/ifconfig lo0 inet 127.0.0.10/24 alias");
    expect(argv("inet", "127.0.0.11/255.255.255.0")).toBe(
      "/sbin/ifconfig em0 inet 127.0.0.11 netmask 255.255.255.0 alias",
    );
    expect(argv("inet6", "::9")).toBe("/sbin/ifconfig em0 inet6 ::9 prefixlen 128 alias");
    expect(argv("inet6", "lo0|::9/64")).toBe("/sbin/ifconfig lo0 inet6 ::9/64 alias");
    expect(argv("inet", "10.0.0.1/24 vhid 7 pass x")).toBe("/sbin/ifconfig em0 inet 10.0.0.1/24 vhid 7 pass x alias");
    expect(argv("inet", "10.0.0.1/24 vhid 7 pass x", "-alias")).toBe("/sbin/ifconfig em0 inet 10.0.0.1/24 -alias");
  });

  it("are refused with what is wrong", () => {
    for (const [family, text, words] of [
      ["inet", "10.0.0.300", "not an IPv4 address"],
      ["inet", "::1", "not an IPv4 address"],
      ["inet6", "10.0.0.1", "not an IPv6 address"],
      ["inet6", "fe80::1%em0", "not an IPv6 address"],
      ["inet", "10.0.0.1/33", "not a netmask"],
      ["inet", "10.0.0.1/24/3", "more than one slash"],
      ["inet", "|10.0.0.1", "no interface"],
    ] as const) {
      expect(parseAddressValue(family, text, undefined), text).toContain(words);
    }
  });

  it("have netmasks of as many bits as they say", () => {
    const bits = (text: string) => prefixOf(parseAddressValue("inet", text, "x") as never);
    expect([bits("10.0.0.1"), bits("10.0.0.1/8"), bits("10.0.0.1/255.255.240.0")]).toEqual([32, 8, 20]);
  });

  it("of two spellings are one", () => {
    expect(canonicalAddress("2001:0DB8::0001")).toBe(canonicalAddress("2001:db8:0:0::1"));
    expect(canonicalAddress("::ffff:1.2.3.4")).toBe(canonicalAddress("::ffff:102:304"));
  });
});

describe("fstab lines", () => {
  it("read back what was written, whatever is in the paths", () => {
    const octal = (character: string) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
    const escaped = (text: string) => text.replace(/[ \t\n\v\f\r\\#]/g, octal);
    const path = fc
      .string({ unit: "binary", minLength: 1 })
      .filter((text) => !text.includes("\0") && wellFormed(text) === text);
    fc.assert(
      fc.property(path, path, (source, target) => {
        const entry = { source, target, type: "nullfs", options: ["ro", "x=1"] };
        const line = `${escaped(source)}\t${escaped(target)}\tnullfs\tro,x=1\t0\t0`;
        expect(parseFstabLine(line)).toEqual(entry);
      }),
    );
  });

  it("undo every escape of vis(3)", () => {
    expect(unescapeField("a\\040b")).toBe("a b");
    expect(unescapeField("a\\sb\\tc\\\\d")).toBe("a b\tc\\d");
    expect(unescapeField("\\303\\244")).toBe("ä");
    expect(unescapeField("\\x41\\^A")).toBe("A\x01");
    expect(unescapeField("a\\qb\\#\\$c")).toBe("aqb#c");
    expect(unescapeField("\\M-a\\M^A\\x4g")).toBe("\udce1\udc81\x04g");
    for (const cut of ["", "x", "M", "M-", "M^", "^"]) expect(unescapeField(`a\\${cut}`)).toBe("a");
    for (const wrong of ["\\xg", "\\Mx", "\\ a", "\\é"]) expect(unescapeField(wrong)).toBeUndefined();
    expect(unescapeField("a\u00a0\u2003b")).toBe("a\u00a0\u2003b");
  });

  it("lose what is after a hash, and are nothing where nothing is left", () => {
    expect(parseFstabLine("tmpfs /a tmpfs # rw 0 0")).toMatchObject({ options: [] });
    expect(parseFstabLine("  # all")).toBeUndefined();
    expect(parseFstabLine("\t")).toBeUndefined();
  });

  it("with fields missing are a problem with its line", () => {
    const { entries, problems } = parseFstab("# c\ntmpfs /a tmpfs\n\nx /b\n/bad\\xq /c nullfs\n");
    expect(entries).toHaveLength(1);
    expect(problems.map(({ line, problem }) => [line, problem])).toEqual([
      [4, "missing information"],
      [5, "fstab parse error"],
    ]);
  });
});

describe("the graph of needs", () => {
  it("reports a cycle as the path that it is", () => {
    const { problems } = buildGraph(
      [
        { name: "a", depend: ["b"] },
        { name: "b", depend: ["c"] },
        { name: "c", depend: ["b"] },
      ],
      ["a"],
    );
    expect(problems).toEqual([{ jail: "b", kind: "cycle", path: ["b", "c", "b"] }]);
  });

  it("takes in what is needed, and parents", () => {
    const { needs, problems } = buildGraph(
      [
        { name: "p", depend: [] },
        { name: "p.q", depend: ["d"] },
        { name: "d", depend: [] },
        { name: "other", depend: [] },
      ],
      ["p.q"],
    );
    expect(problems).toEqual([]);
    expect([...needs]).toEqual([
      [
        "p.q",
        [
          { name: "d", kind: "depend" },
          { name: "p", kind: "parent" },
        ],
      ],
      ["p", []],
      ["d", []],
    ]);
  });

  it("knows a need that is nowhere from one that runs already", () => {
    const nodes = [{ name: "a", depend: ["there", "nowhere"] }];
    expect(buildGraph(nodes, ["a"], (name) => name === "there").problems).toEqual([
      { jail: "a", kind: "undefined", need: "nowhere" },
    ]);
  });

  it("survives a chain of ten thousand", () => {
    const nodes = Array.from({ length: 10_000 }, (_, i) => ({ name: `j${i}`, depend: i === 0 ? [] : [`j${i - 1}`] }));
    expect(buildGraph(nodes, ["j9999"]).needs.size).toBe(10_000);
  });

  it("names those above a name, nearest first", () => {
    expect(ancestors("a.b.c")).toEqual(["a.b", "a"]);
    expect(ancestors("a")).toEqual([]);
  });
});

describe("names", () => {
  it("of files are different for different jails, and never lead elsewhere", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 300 }),
        fc.string({ unit: "binary", maxLength: 300 }),
        (a, b) => {
          for (const name of [a, b].map(fileName)) {
            expect(name).toMatch(/^[A-Za-z0-9_%-][A-Za-z0-9_.%-]*$|^$/);
            expect(name.length).toBeLessThan(200);
          }
          if (wellFormed(a) !== wellFormed(b)) expect(fileName(a)).not.toBe(fileName(b));
        },
      ),
    );
    expect(fileName("..")).toBe("%2e.");
    expect(fileName("a/../b")).toBe("a%2F..%2Fb");
  });

  it("of booleans may have a no before their last part", () => {
    expect(pseudoName("mount.nodevfs")).toEqual({ name: "mount.devfs", negated: true });
    expect(pseudoName("exec.noclean")).toEqual({ name: "exec.clean", negated: true });
    expect(pseudoName("noip_hostname")).toEqual({ name: "ip_hostname", negated: true });
    expect(pseudoName("noexec.start")).toBeUndefined();
    expect(pseudoName("exec.nostart")).toBeUndefined();
    expect(pseudoName("allow.nomount")).toBeUndefined();
  });
});

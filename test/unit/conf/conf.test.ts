import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { confCommand } from "../../../lib/cli/conf.js";
import { loadConf, parseConf } from "../../../lib/conf/index.js";
import { memoryIo } from "../cli/memory-io.js";
import { fitting } from "../schemas.js";

const FIXTURES = join(__dirname, "../../fixtures/transcripts");
const MANGLED_FROM = ["freebsd-15.1.json", "freebsd-15.1-jail.conf-random.json"];

const parse = (text: string, strict = false) => parseConf({ name: "jail.conf", text }, { strict });
const values = (text: string, jail = "a") =>
  Object.fromEntries(
    parse(text)
      .jails.find(({ name }) => name === jail)
      ?.parameters.map(({ name, values }) => [name, values]) ?? [],
  );

describe("a configuration", () => {
  it("says where each value comes from", () => {
    const { jails, problems } = parse(
      'path = "/jails/$name";\n* {\n  exec.start += "first";\n}\nweb { exec.start += second; }\n',
    );
    expect(problems).toEqual([]);
    const [web] = jails;
    expect(web?.place).toEqual({ file: "jail.conf", line: 5, column: 1 });
    const start = web?.parameters.find(({ name }) => name === "exec.start");
    expect(start?.values).toEqual(["first", "second"]);
    expect(start?.isPseudo).toBe(true);
    expect(start?.origins.map(({ block, place }) => [block, place.line, place.column])).toEqual([
      ["*", 3, 3],
      ["web", 5, 7],
    ]);
    const path = web?.parameters.find(({ name }) => name === "path");
    expect([path?.values, path?.origins[0]?.written]).toEqual([["/jails/web"], ["/jails/${name}"]]);
  });

  it("passes a list that is the whole value on as a list, and refuses it inside of a text", () => {
    const text = '$list = one, two, three; a { exec.start = zero, $list; exec.stop = "x $list"; }';
    expect(values(text)["exec.start"]).toEqual(["zero", "one", "two", "three"]);
    expect(parse(text).problems.map(({ base }) => base)).toEqual(["a: exec.stop: array cannot be substituted inline"]);
  });

  it("takes a wildcard without quotes, as documented, unless it is to be as strict as base", () => {
    const text = "foo.* { persist; } foo.bar { } foo { }";
    expect(values(text, "foo.bar")).toHaveProperty("persist");
    expect(values(text, "foo")).not.toHaveProperty("persist");
    expect(parse(text, true).problems.map(({ base }) => base)).toEqual(["jail.conf line 1: *: syntax error"]);
  });

  it("names nested jails below the one around them", () => {
    expect(parse("a { persist; b { c { path = $name; } } }").jails.map(({ name }) => name)).toEqual([
      "a",
      "a.b",
      "a.b.c",
    ]);
  });

  it("reports every mistake, with what was meant", () => {
    const { problems, jails } = parse(
      "a { path = ; host.hostname = x; }\nb { persist = one two; }\nc { path = 'open\n",
    );
    expect(jails).toEqual([]);
    expect(problems.map(({ place, message }) => `${place?.line}:${place?.column} ${message}`)).toEqual([
      '1:12 ";" where a value of path is expected',
      '2:19 "two" is not expected here',
      "3:12 string 'open has no closing '",
      '4:1 the text ends inside of path: a ";" is missing',
    ]);
  });

  it("keeps what is not ASCII in quotes as it is", () => {
    expect(values('a { host.hostname = "zoë"; }')["host.hostname"]).toEqual(["zoë"]);
  });
});

describe("mangled texts", () => {
  const word = fc.constantFrom(
    ..."a b.* * $x ${x} ${a\\} \" ' { } ; , = += /* */ # // \\ \\x4 \n .include persist path é \0".split(" "),
    " ",
    "\n",
    "'q'",
    '"$x ${name} y"',
  );
  it("neither crash nor hang, and every one is a jail's parameters or a problem", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        const text = words.join("").replaceAll(".include", "include");
        const { jails, problems, baseStopsAfter } = parse(text);
        if (baseStopsAfter !== undefined) expect(problems.length).toBeGreaterThanOrEqual(baseStopsAfter);
        else for (const { parameters } of jails) expect(parameters.length).toBeGreaterThan(0);
        for (const { place } of problems) expect(place?.line ?? 1).toBeLessThanOrEqual(text.split("\n").length);
      }),
      { numRuns: 5000 },
    );
  });

  it("neither crash nor hang, 100,000 of them made of recorded ones", () => {
    const texts = MANGLED_FROM.flatMap((file) =>
      (JSON.parse(readFileSync(join(FIXTURES, file), "utf8")) as { files?: Record<string, string> }[]).flatMap(
        ({ files = {} }) => Object.values(files),
      ),
    );
    const bits = [..."{};,=+'\"$\\*#/\0\xff é\n", "${", "/*", "*/", "+=", "${a\n"];
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    let broken = 0;
    for (let at = 0; at < 100_000; at++) {
      let text = (texts[random(texts.length)] as string).slice(0, 400);
      for (let times = 1 + random(3); times > 0; times--) {
        const [from, to] = [random(text.length + 1), random(text.length + 1)].sort((one, other) => one - other);
        const bit = bits[random(bits.length)] as string;
        const kept = [text.slice(0, from), text.slice(from, to), text.slice(to)] as const;
        text = [kept[0] + bit + kept[1] + kept[2], kept[0] + kept[2], kept[0] + kept[2] + kept[1]][random(3)] as string;
      }
      const { jails, problems, baseStopsAfter } = parse(text.replaceAll(".include", ".x"));
      if (baseStopsAfter === undefined) continue;
      broken++;
      if (problems.length === 0 || jails.length > 0) expect.fail(`no problem in ${JSON.stringify(text)}`);
    }
    expect(broken).toBeGreaterThan(30_000);
    expect(broken).toBeLessThan(95_000);
  });

  it.each([
    ["backslashes in a variable", `a { x = \${${"\\".repeat(200_000)}; }`],
    ["blocks in blocks", "a { ".repeat(20_000)],
    ["stars in a comment", `/*${"*".repeat(500_000)}`],
    ["pieces of one text", `a { path = ${"'x'".repeat(100_000)}; }`],
    ["parameters of one jail", `a { ${Array.from({ length: 50_000 }, (_, at) => `p.${at} = 1;`).join("")} }`],
    ["a list in a list", `$l = ${"x,".repeat(300_000)}y; a { exec.start = $l; }`],
    ["lists one after the other", `$l = ${"x,".repeat(200)}y; a { exec.start = ${"$l,".repeat(2000)}z; }`],
    ["variables that are not there", `a { ${Array.from({ length: 30_000 }, (_, at) => `p.${at} = $n;`).join("")} }`],
    ["jails of one wildcard", `* { x = $name; } ${Array.from({ length: 30_000 }, (_, at) => `a${at} {}`).join("")}`],
  ])("take time in proportion: %s", (_name, text) => {
    expect(parse(text).blocks.length + parse(text).problems.length).toBeGreaterThan(0);
  });
});

describe("bsdjail conf", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "conf-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = async (...argv: string[]) => {
    const io = memoryIo({}, folder);
    return { status: await confCommand(argv, io), out: io.out(), err: io.err() };
  };

  it("includes by pattern, relative to the file, and names what it cannot read", () => {
    mkdirSync(join(folder, "etc/jail.conf.d"), { recursive: true });
    writeFileSync(join(folder, "etc/jail.conf"), 'persist;\n.include "jail.conf.d/*.conf";\n');
    writeFileSync(join(folder, "etc/jail.conf.d/b.conf"), "b { }\n");
    writeFileSync(join(folder, "etc/jail.conf.d/a.conf"), "a { }\n");
    writeFileSync(join(folder, "etc/jail.conf.d/.hidden.conf"), "hidden { }\n");
    const conf = loadConf("etc/jail.conf", { cwd: folder });
    expect(conf.jails.map(({ name, place }) => [name, place.file])).toEqual([
      ["a", "etc/jail.conf.d/a.conf"],
      ["b", "etc/jail.conf.d/b.conf"],
    ]);
    writeFileSync(join(folder, "loop"), ".include loop;");
    expect(loadConf("loop", { cwd: folder }).problems.map(({ base }) => base)).toEqual([
      "maximum include depth exceeded",
    ]);
    expect(loadConf("none", { cwd: folder }).problems.map(({ base }) => base)).toEqual([
      "none: No such file or directory",
    ]);
  });

  it("checks what is meant too: needs, and names that are not quite one", async () => {
    writeFileSync(
      join(folder, "odd"),
      "allow.mont; a { depend = bb; allow.noraw_sockets; noexec.clean; of.a.module = 1; }\nb { depend = c; }\nc { depend = b; }\n",
    );
    const { status, out } = await run("check", "odd");
    expect(out.split("\n")).toEqual([
      'odd:1:17: a: depends on undefined jail "bb", did you mean "b"?',
      "odd:2:5: b: dependency loop: b -> c -> b",
      'odd:1:1: unknown parameter "allow.mont"; did you mean "allow.mount"?',
      "",
    ]);
    expect(status).toBe(1);
    const json = await run("check", "--json", "odd");
    fitting("conf-check", json.out);
    expect((JSON.parse(json.out) as { problems: unknown[] }).problems).toHaveLength(3);
  });

  it("checks, shows and converts", async () => {
    writeFileSync(join(folder, "good"), "$n = one; a { path = /$n; persist; }\n");
    writeFileSync(join(folder, "bad"), "a { path = $none; }\nb { persist; }\n");
    expect(await run("check", "good")).toEqual({ status: 0, out: "", err: "" });
    const checked = await run("check", "good", "bad");
    expect([checked.status, checked.out]).toEqual([
      1,
      'bad:1:5: jail a: path: there is no variable or parameter "none" with a value\n',
    ]);
    fitting("conf-check", (await run("check", "--json", "good", "bad")).out);
    const shown = await run("show", "-f", "good");
    expect(shown.out).toBe(
      "a {\n\tname = a;\t# the block's name\n\tpath = /one;\t# good:1:15 in a\n\tpersist;\t# good:1:27 in a\n}\n",
    );
    const json = await run("json", "-f", "bad", "b");
    expect(json.status).toBe(0);
    fitting("conf-show", json.out);
    expect(await run("show", "-f", "good", "aa")).toMatchObject({ status: 1, out: "" });
    expect((await run("chek", "good")).err).toContain("check");
  });

  it("gets, sets, unsets and formats, in the file only with -w", async () => {
    writeFileSync(join(folder, "conf"), "# ours\na { persist; path = /a; }\n", { mode: 0o640 });
    expect(await run("get", "-f", "conf", "a", "path")).toEqual({ status: 0, out: "/a\n", err: "" });
    expect((await run("set", "-f", "conf", "a", "path=/j/$name")).out).toBe(
      '# ours\na { persist; path = "/j/${name}"; }\n',
    );
    expect(await run("set", "-w", "-f", "conf", "a", "ip4.addr=192.0.2.1", "ip4.addr=192.0.2.2", "vnet")).toEqual({
      status: 0,
      out: "",
      err: "",
    });
    expect(await run("unset", "-w", "-f", "conf", "a", "persist")).toMatchObject({ status: 0 });
    const text = "# ours\na { path = /a; ip4.addr = 192.0.2.1, 192.0.2.2; vnet; }\n";
    expect(readFileSync(join(folder, "conf"), "utf8")).toBe(text);
    expect(statSync(join(folder, "conf")).mode & 0o777).toBe(0o640);
    expect((await run("format", "conf")).out).toBe(
      "# ours\na {\n\tpath = /a;\n\tip4.addr = 192.0.2.1, 192.0.2.2;\n\tvnet;\n}\n",
    );
    for (const argv of [
      ["get", "-f", "conf", "a", "none"],
      ["unset", "-f", "conf", "b", "path"],
      ["set", "-f", "none", "a", "b"],
    ]) {
      const { status, out, err } = await run(...argv);
      expect([status, out]).toEqual([1, ""]);
      expect(err).not.toBe("");
    }
    expect((await run("set", "-f", "conf", "a")).status).toBe(2);
  });
});

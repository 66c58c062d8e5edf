import { describe, expect, it } from "vitest";
import { leadingInteger } from "../../../lib/cli/base/jail/names.js";
import { type JailRequest, notesRemoval, parseJailArguments } from "../../../lib/cli/base/jail/options.js";
import { isWildcard, matchesWildcard, sameParameter } from "../../../lib/conf/names.js";

function request(line: string): JailRequest {
  const parsed = parseJailArguments(line.split(" "));
  if (parsed.kind !== "run") throw new Error(parsed.kind);
  return parsed.request;
}

describe("the forms of jail(8)'s command line", () => {
  it("one jail by its parameters, a list by commas or by repetition", () => {
    const { form, operation, parameters } = request(
      "-c name=a ip4.addr=1.1.1.1,2.2.2.2 persist command=/bin/sh -c x=y",
    );
    expect([form, operation.start, operation.set]).toEqual(["single", true, false]);
    expect(parameters).toEqual([
      { name: "name", value: "a" },
      { name: "ip4.addr", value: "1.1.1.1" },
      { name: "ip4.addr", value: "2.2.2.2" },
      { name: "persist", value: undefined },
      { name: "command", value: "/bin/sh" },
      { name: "command", value: "-c" },
      { name: "command", value: "x=y" },
    ]);
  });

  it("four words", () => {
    const old = request("-l -u root / host 1.2.3.4,::1 /bin/echo hi");
    expect([old.form, old.operation.start]).toEqual(["old", true]);
    expect(old.parameters.map(({ name, value }) => [name, value])).toEqual([
      ["exec.clean", undefined],
      ["exec.jail_user", "root"],
      ["exec.system_jail_user", undefined],
      ["path", "/"],
      ["host.hostname", "host"],
      ["ip4.addr", "1.2.3.4"],
      ["ip6.addr", "::1"],
      ["command", "/bin/echo"],
      ["command", "hi"],
    ]);
  });

  it("jails of a file, and removal", () => {
    expect(request("-f x.conf -cm a")).toMatchObject({ form: "config", config: "x.conf", targets: ["a"] });
    expect(request("-c")).toMatchObject({ form: "config", config: "/etc/jail.conf", targets: [] });
    expect(request("-R a b")).toMatchObject({ form: "remove", unconfigured: true, targets: ["a", "b"] });
    expect(request("-rc a").form).toBe("config");
  });

  it("options", () => {
    expect(request("-p 3 -v -J /f -d -c")).toMatchObject({ parallel: 3, verbose: 1, jidFile: "/f", dying: true });
    expect(request("-p 0 -i -c x")).toMatchObject({ parallel: undefined, verbose: -1, printJid: true });
    expect(parseJailArguments(["-e", "|"])).toEqual({ kind: "print", config: "/etc/jail.conf", separator: "|" });
  });

  it.each([
    "",
    "-r",
    "-r a=b",
    "-R",
    "-x",
    "-e",
    "-e | a",
    "-c -e |",
    "/ host",
    "rel host 1.1.1.1 cmd",
    "-R -c a",
    "-n x -r a",
    "-C a b",
  ])("is refused: %s", (line) => {
    expect(parseJailArguments(line.split(" ").filter(Boolean)).kind).toBe("usage");
  });

  it("a removal is noted where more than one could be meant", () => {
    expect(notesRemoval(request("-r a"), false)).toBe(false);
    expect(notesRemoval(request("-r a"), true)).toBe(true);
    expect(notesRemoval(request("-r a b"), false)).toBe(true);
    expect(notesRemoval(request("-r *"), false)).toBe(true);
  });
});

describe("names", () => {
  it("with no before a component", () => {
    expect(sameParameter("allow.mount", "allow.nomount")).toBe(true);
    expect(sameParameter("nopersist", "persist")).toBe(true);
    expect(sameParameter("allow.mount.nodevfs", "allow.mount.devfs")).toBe(true);
    expect(sameParameter("ip4.addr", "ip6.addr")).toBe(false);
    expect(sameParameter("mount", "mount.devfs")).toBe(false);
  });

  it("wildcards", () => {
    expect(["*", "a.*", "*.b", "a*", "a.b*"].map(isWildcard)).toEqual([true, true, true, false, false]);
    expect(matchesWildcard("a.b.c", "a.*")).toBe(true);
    expect(matchesWildcard("a.b.c", "*.b.*")).toBe(true);
    expect(matchesWildcard("a", "a.*")).toBe(false);
    expect(matchesWildcard("b.c", "a.*")).toBe(false);
  });

  it("numbers", () => {
    expect(leadingInteger(" 12x")).toEqual({ value: 12, whole: false });
    expect(leadingInteger("-3")).toEqual({ value: -3, whole: true });
    expect(leadingInteger("x")).toEqual({ value: 0, whole: false });
  });
});

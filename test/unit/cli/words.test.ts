import { describe, expect, it } from "vitest";
import { asksForJson, COMMON_OPTIONS, parseArguments } from "../../../lib/cli/args.js";
import { getopt } from "../../../lib/cli/base/getopt.js";
import { failureReport, reportFailure, usageFailure } from "../../../lib/cli/failure.js";
import { hasColours, paintFor, printable, table } from "../../../lib/cli/output.js";
import { nearest, suggestion } from "../../../lib/cli/words.js";
import { memoryIo } from "./memory-io.js";

describe("nearest", () => {
  it("finds what was meant", () => {
    expect(nearest("lits", ["list", "get", "set"])).toBe("list");
    expect(nearest("alow.mount", ["allow.mount", "allow.mlock"])).toBe("allow.mount");
    expect(suggestion("crate", ["create"])).toBe('; did you mean "create"?');
  });

  it("stays silent where nothing is near", () => {
    expect(nearest("frobnicate", ["list", "get"])).toBeUndefined();
    expect(suggestion("xyz", ["list"])).toBe("");
  });
});

describe("getopt", () => {
  it("stops at the first operand", () => {
    expect(getopt(["-ab", "-j5", "x", "-c"], "abcj:")).toEqual({
      options: [
        { flag: "a", value: "" },
        { flag: "b", value: "" },
        { flag: "j", value: "5" },
      ],
      rest: ["x", "-c"],
    });
    expect(getopt(["-j", "--", "--", "-a"], "aj:")).toMatchObject({
      options: [{ flag: "j", value: "--" }],
      rest: ["-a"],
    });
    expect(getopt(["-", "-a"], "a").rest).toEqual(["-", "-a"]);
  });

  it("names what is wrong as getopt(3) does", () => {
    expect(getopt(["-Z"], "a").error).toBe("illegal option -- Z");
    expect(getopt(["-a:"], "a").error).toBe("illegal option -- :");
    expect(getopt(["-j"], "j:").error).toBe("option requires an argument -- j");
  });
});

describe("arguments of our commands", () => {
  const specs = {
    ...COMMON_OPTIONS,
    output: { type: "string", short: "o" },
    tag: { type: "string", multiple: true },
  } as const;

  it("stand anywhere until --", () => {
    const { options, operands } = parseArguments(
      ["a", "--json", "-o", "x", "--tag=1", "--tag", "2", "--", "--help"],
      specs,
    );
    expect(options).toEqual({ json: true, help: false, output: "x", tag: ["1", "2"] });
    expect(operands).toEqual(["a", "--help"]);
    expect([asksForJson(["a", "--json"]), asksForJson(["--", "--json"])]).toEqual([true, false]);
  });

  it("are refused with the nearest known", () => {
    expect(() => parseArguments(["--jsno"], specs)).toThrow('unknown option "--jsno"; did you mean "--json"?');
    expect(() => parseArguments(["--output"], specs)).toThrow('option "--output" needs a value');
    expect(() => parseArguments(["--json=1"], specs)).toThrow('option "--json" takes no value');
  });
});

describe("failures", () => {
  it("are a line and the way out for people, one object for programs", () => {
    const io = memoryIo();
    expect(reportFailure(io, "set", usageFailure("no jail named", "Say which."), false)).toBe(2);
    expect(io.err()).toBe("bsdjail set: no jail named\n  Say which.\n");
    const other = memoryIo();
    const thrown = Object.assign(new Error("jail 9 not found"), {
      code: "ENOENT",
      errno: 2,
      syscall: "jail_get",
      jail: 9,
    });
    expect(reportFailure(other, "get", thrown, true)).toBe(1);
    expect(JSON.parse(other.err())).toEqual({
      error: { command: "get", message: "jail 9 not found", code: "ENOENT", errno: 2, syscall: "jail_get", jail: 9 },
      status: 1,
    });
  });

  it("an interrupt has a status of its own", () => {
    expect(failureReport("remove", new DOMException("stop", "AbortError")).status).toBe(130);
  });
});

describe("output", () => {
  it("colours by the terminal, NO_COLOR and FORCE_COLOR", () => {
    const terminal = Object.assign(memoryIo({ TERM: "xterm" }).stdout, { isTTY: true });
    expect(hasColours(memoryIo({ TERM: "xterm" }), terminal)).toBe(true);
    expect(hasColours(memoryIo({ TERM: "dumb" }), terminal)).toBe(false);
    expect(hasColours(memoryIo({ TERM: "xterm", NO_COLOR: "1", FORCE_COLOR: "1" }), terminal)).toBe(false);
    expect(hasColours(memoryIo({ FORCE_COLOR: "1" }), memoryIo().stdout)).toBe(true);
    expect(hasColours(memoryIo({ FORCE_COLOR: "0", TERM: "xterm" }), terminal)).toBe(false);
  });

  it("lays out tables, and no value moves the cursor", () => {
    const io = memoryIo();
    const rows = [
      ["7", "web\u001b[2J", "/"],
      ["12", "漢", "/jails"],
    ];
    expect(
      table([{ title: "JID", right: true }, { title: "NAME" }, { title: "PATH" }], rows, paintFor(io, io.stdout)),
    ).toBe("JID  NAME        PATH\n  7  web\\x1b[2J  /\n 12  漢          /jails\n");
    expect(printable("a\tb\n")).toBe("a\\tb\\n");
  });
});

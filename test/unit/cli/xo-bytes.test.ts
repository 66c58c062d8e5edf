import { describe, expect, it } from "vitest";
import { Xo } from "../../../lib/cli/base/xo.js";
import { takeXoOptions } from "../../../lib/cli/base/xo-options.js";
import { layOut } from "../../../lib/cli/base/xo-text.js";

const plain = (text: string): string => text;

describe("bytes that are not UTF-8", () => {
  it("have a value left out where characters are looked at, with its padding", () => {
    const warnings: string[] = [];
    const lay = (value: string, sight: "text" | "html" | "encoded", min?: number) =>
      layOut(value, min === undefined ? {} : { min }, sight, plain, (message) => warnings.push(message));
    expect(lay("a\udcffb", "text", 9)).toBe("");
    expect(lay("a\udce6\udc97", "text")).toBe("");
    expect(lay("a\udcff", "html", 3)).toBe("");
    expect(lay("a\udcff", "html")).toBe("a\udcff");
    expect(lay("a\udcff", "encoded")).toBe("a\udcff");
    expect(warnings).toEqual([
      "invalid UTF-8 character: ff",
      "invalid UTF-8 character: e6/3",
      "invalid UTF-8 character: ff",
    ]);
  });

  it("are cut off where no room is left for them", () => {
    expect(layOut("ab\udce6", { size: 3 }, "text", plain)).toBe("ab");
  });

  it("that are long forms or beyond Unicode end nothing", () => {
    expect(layOut("\udcc1\udc81.", {}, "text", plain)).toBe("A.");
    expect(layOut("\udcf4\udc90\udc80\udc80.", {}, "text", plain)).toBe("?.");
    expect(layOut("\udcc0\udc80.", { min: 3 }, "text", plain)).toBe("  .");
  });
});

describe("a locale of single bytes", () => {
  it("has a byte for what fits in one, and a question mark of one column for the rest", () => {
    expect(layOut("é漢x", { min: 5, left: true }, "bytes", plain)).toBe("é?x  ");
  });
});

describe("words of --libxo", () => {
  const options = (...argv: string[]) => takeXoOptions(argv).options;
  it("are known by their beginning, the first of a list", () => {
    expect([...options("--libxo=p,u,xp").flags]).toEqual(["pretty", "underscores", "xpath"]);
    expect([...options("--libxo=col").flags]).toEqual(["color"]);
    expect(takeXoOptions(["--libxo=prettyx"]).warnings).toEqual(["unknown libxo option value: 'prettyx'"]);
  });

  it("in the environment count up to the first that may not stand there", () => {
    expect([...takeXoOptions([], "pretty,json,warn").options.flags]).toEqual(["pretty"]);
    expect(takeXoOptions([], "warn,json").warnings).toEqual(["unknown simple option: json"]);
  });

  it("keep an indent in 16 bits", () => {
    expect(options("--libxo=indent=-2").indentBy).toBe(65534);
  });

  it("leave values out for programs with info, as libxo does", () => {
    const xo = new Xo(options("--libxo=xml,info"), "2", () => undefined);
    xo.openContainer("a");
    xo.value("b", "c");
    xo.encodeOnly("d", "true", false);
    expect(xo.finish()).toBe('<a version="2"><b></b><d>true</d></a>');
  });
});

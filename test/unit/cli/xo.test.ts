import { describe, expect, it } from "vitest";
import { Xo } from "../../../lib/cli/base/xo.js";
import { takeXoOptions } from "../../../lib/cli/base/xo-options.js";
import { columnsOf, layOut } from "../../../lib/cli/base/xo-text.js";

function write(list: string, fields: (xo: Xo) => void, warnings: string[] = []): string {
  const xo = new Xo(takeXoOptions([`--libxo=${list}`]).options, "2", (message) => warnings.push(message));
  fields(xo);
  return xo.finish();
}

function twoPeople(xo: Xo): void {
  xo.openContainer("all-people");
  xo.openList("person");
  for (const [id, name] of [
    [7, "A & B"],
    [8, 'say "x"\n'],
  ] as const) {
    xo.openInstance("person");
    xo.value("id", id, { min: 4 });
    xo.padding(" ");
    xo.value("name", name, { min: 6, left: true, size: 5 }, {});
    xo.openList("mail");
    if (id === 7) xo.item("a@x");
    if (id === 7) xo.item("b@x");
    xo.close();
    xo.endLine();
    xo.close();
  }
}

describe("styles", () => {
  it("text cuts and pads by columns", () => {
    expect(write("text", twoPeople)).toBe('   7 A & B a@xb@x\n   8 say " \n');
  });

  it("json keeps numbers, quotes strings, escapes", () => {
    expect(write("json", twoPeople)).toBe(
      '{"__version": "2", "all-people": {"person": [{"id":7,"name":"A & B", "mail": ["a@x","b@x"]}, ' +
        '{"id":8,"name":"say \\"x\\"\\n", "mail": []}]}}\n',
    );
    expect(JSON.parse(write("json,pretty", twoPeople))).toEqual(JSON.parse(write("json", twoPeople)));
  });

  it("underscores, indent and no-top change json", () => {
    const one = (xo: Xo): void => {
      xo.openContainer("a-b");
      xo.value("c-d", 1);
    };
    expect(write("json,underscores", one)).toBe('{"__version": "2", "a_b": {"c_d":1}}\n');
    expect(write("json,pretty,indent=1", one)).toBe('{\n "__version": "2", \n "a-b": {\n  "c-d": 1\n }\n}\n');
    expect(write("json,no-top", one)).toBe('"a-b": {"c-d":1}');
  });

  it("xml carries the version on the first element and escapes", () => {
    expect(write("xml", twoPeople)).toBe(
      '<all-people version="2"><person><id>7</id><name>A &amp; B</name><mail>a@x</mail><mail>b@x</mail></person>' +
        '<person><id>8</id><name>say "x"\n</name></person></all-people>',
    );
    expect(write("xml,pretty", (xo) => xo.openContainer("a"))).toBe('<a version="2">\n</a>\n');
  });

  it("html keeps the padding, xpath names the place", () => {
    expect(
      write("html,xpath", (xo) => {
        xo.openContainer("a");
        xo.openList("b");
        xo.openInstance("b");
        xo.value("c", "<", { min: 3 });
        xo.endLine();
      }),
    ).toBe('<div class="line"><div class="data" data-tag="c" data-xpath="/a/b/c">  &lt;</div></div>');
  });

  it("an empty json document", () => {
    expect(write("json", () => undefined)).toBe("{ }\n");
  });

  it("shows people one thing and programs another", () => {
    const both = (xo: Xo): void => {
      xo.encodeOnly("flag", "false", false);
      xo.displayOnly("noflag");
    };
    expect(write("text", both)).toBe("noflag");
    expect(write("json,no-top", both)).toBe('"flag":false');
    expect(write("html", both)).toBe('<div class="line"><div class="data">noflag</div>');
    expect(write("sdparams", both)).toBe('flag="false" ');
  });

  it("warns of a name that XML cannot have, where asked to", () => {
    const warnings: string[] = [];
    write("text,warn", (xo) => xo.displayOnly("x", "%s"), warnings);
    expect(warnings).toEqual(["invalid XML tag name: '%s'"]);
  });
});

describe("layout", () => {
  it("counts columns, not characters", () => {
    expect(columnsOf("漢".codePointAt(0) ?? 0)).toBe(2);
    expect(columnsOf(0x301)).toBe(0);
    expect(layOut("漢字", { min: 6, left: true }, "text", (text) => text)).toBe("漢字  ");
  });

  it("cuts by bytes for programs and by bytes and columns for people", () => {
    expect(layOut("äöü", { size: 4 }, "encoded", (text) => text)).toBe("äö");
    expect(layOut("abc", { size: 2, min: 4 }, "text", (text) => text)).toBe("  ab");
  });
});

describe("options", () => {
  it("are taken out wherever they stand", () => {
    const taken = takeXoOptions(["-n", "--libxo", "json", "x", "--libxo:P", "--", "--libxo=xpath"]);
    expect(taken.rest).toEqual(["-n", "x", "--"]);
    expect(taken.options.style).toBe("json");
    expect([...taken.options.flags].sort()).toEqual(["pretty", "xpath"]);
  });

  it("letters set an indent", () => {
    expect(takeXoOptions(["--libxo:Xi4P"]).options).toMatchObject({ style: "xml", indentBy: 4 });
  });

  it("text does not undo an earlier style, and a second style is ignored", () => {
    expect(takeXoOptions(["--libxo=json", "--libxo=text"]).options.style).toBe("json");
    const twice = takeXoOptions(["--libxo=xml,json"]);
    expect([twice.options.style, twice.warnings, twice.status]).toEqual([
      "xml",
      ["ignoring multiple styles: 'json'"],
      undefined,
    ]);
  });

  it("ends on what it does not know", () => {
    expect(takeXoOptions(["--libxo=nosuch"])).toMatchObject({
      warnings: ["unknown libxo option value: 'nosuch'"],
      status: 1,
    });
    expect(takeXoOptions(["--libxotic"])).toMatchObject({
      warnings: ["unknown libxo option: '--libxotic'"],
      status: 1,
    });
    expect(takeXoOptions(["--libxo"])).toMatchObject({ warnings: ["missing libxo option"], status: 1 });
    expect(takeXoOptions(["--libxo-check"]).status).toBe(121);
  });

  it("come from the environment, the harmless ones", () => {
    expect([...takeXoOptions([], "pretty,json,xpath").options.flags]).toEqual(["pretty"]);
  });
});

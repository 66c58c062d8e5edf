import { describe, expect, it } from "vitest";
import { findParameter, type TableEntry } from "../../../lib/cli/base/libjail.js";

const entry = (name: string, more: Partial<TableEntry>): [string, TableEntry] => [
  name,
  {
    ...{ name, type: "int", array: false, boolean: false, jailsys: false, keyvalue: false },
    ...{ writable: true, tunable: false },
    ...more,
  },
];
const TABLE = new Map([
  entry("meta", { type: "string", keyvalue: true }),
  entry("path", { type: "string" }),
  entry("allow.mount", { boolean: true }),
  entry("jid", {}),
]);

describe("names of parameters", () => {
  it("are the table's, their negations, and keys that have a name", () => {
    expect(findParameter(TABLE, "allow.nomount")).toMatchObject({ negated: true, entry: { name: "allow.mount" } });
    expect(findParameter(TABLE, "meta.a.b")).toMatchObject({ key: true, entry: { name: "meta" } });
    for (const wrong of ["meta.", "path.x", "nojid", "noallow.mount", "x"]) {
      expect(findParameter(TABLE, wrong)).toBeUndefined();
    }
  });

  it("are also those that libjail knows by itself", () => {
    expect(findParameter(TABLE, "lastjid")).toMatchObject({ entry: { type: "int", writable: true } });
    expect(findParameter(TABLE, "desc")).toMatchObject({ entry: { type: "int" } });
  });
});

import { describe, expect, it } from "vitest";
import { JailHost, type Parameter } from "../../../lib/index.js";
import { negate } from "../../../lib/params/table.js";

/** Values that a jail of the host may be given, as jail.conf writes them; none for what would need more than that. */
function values({ name, kind }: Parameter): unknown[] {
  switch (kind) {
    case "boolean":
      return [true, "true", "false", false];
    case "jailsys":
      return ["new", "inherit"];
    case "ip4":
      return ["192.0.2.10", ["192.0.2.30", "192.0.2.10", "192.0.2.20"]];
    case "ip6":
      return ["2001:db8::10", ["2001:db8::30", "2001:DB8:0::10", "2001:db8::20"]];
    case "int":
    case "uint":
      return name === "devfs_ruleset" ? ["4", 4] : ["2", 2];
    case "long":
    case "ulong":
      return ["7", 7n, 7];
    case "keyvalue":
      return ["a=1\nb=2\n", { a: "1" }];
    case "string":
      return ["text", 7];
    default:
      return [];
  }
}

/** Parameters that a definition gives in another way, or whose values have rules of their own. */
const LEFT_OUT = new Set(["jid", "name", "parent", "path", "persist", "dying", "cpuset.id", "children.cur"]);
const OWN: Readonly<Record<string, readonly unknown[]>> = {
  "host.hostuuid": ["00000000-0000-0000-0000-000000000001"],
  osreldate: ["1400000", 1400000],
  osrelease: ["14.0-RELEASE"],
};

describe.each(["15.1", "14.0", "13.2"])("a jail that was started on FreeBSD %s", (release) => {
  it("does not differ from its definition, whichever parameter it gives and however that is written", async () => {
    const host = JailHost.simulated({ release });
    const lifecycle = host.lifecycle();
    const differing: string[] = [];
    let asked = 0;
    for (const parameter of host.parameters) {
      const { name, kind, settable } = parameter;
      if (LEFT_OUT.has(name) || settable === "never") continue;
      for (const value of OWN[name] ?? values(parameter)) {
        const given: [string, unknown][] = [[name, value]];
        if (kind === "boolean" && value === true) given.push([negate(name), true]);
        for (const [key, wanted] of given) {
          const definition = { name: "a", parameters: { path: "/", persist: true, [key]: wanted } };
          const up = await lifecycle.up([definition]).result;
          const label = `${key} = ${String(wanted)}`;
          // What this kernel refuses is no question of drift.
          if (!up.ok) continue;
          const [plan] = (await lifecycle.plan([definition])).jails;
          if (plan?.change !== "none") differing.push(`${label}: ${JSON.stringify(plan?.drift)}`);
          expect((await lifecycle.down([definition]).result).ok, label).toBe(true);
          asked++;
        }
      }
    }
    expect(differing).toEqual([]);
    expect(asked).toBeGreaterThan(120);
  });
});

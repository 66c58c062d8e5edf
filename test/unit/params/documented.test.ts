/** The static types against the kernels' own tables and the manual page's list. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const source = readFileSync(join(__dirname, "../../../lib/params/types.ts"), "utf8");
const values = /export interface JailValues \{\n(.*?)\n\}/s.exec(source)?.[1] ?? "";
const lines = values.split("\n");
const typed = new Map(
  lines.flatMap((line, i) => {
    const name = /^ {2}"?([a-z0-9_.]+)"?: /.exec(line)?.[1];
    return name === undefined ? [] : [[name, lines[i - 1] ?? ""] as const];
  }),
);

it("every parameter of a recorded kernel has a type", () => {
  const folder = join(__dirname, "../../fixtures/kernel");
  for (const file of readdirSync(folder).filter((name) => name.endsWith("-parameters.json"))) {
    const nodes: { name: string }[] = JSON.parse(readFileSync(join(folder, file), "utf8"));
    const names = nodes
      .map(({ name }) => /^security\.jail\.param\.(.*?)\.?$/.exec(name)?.[1])
      .filter((name) => name !== undefined);
    expect(names.length).toBeGreaterThan(40);
    expect(
      names.filter((name) => !typed.has(name)),
      file,
    ).toEqual([]);
  }
});

it("so has every one that only comes with a module", () => {
  const modules = [
    "allow.mount.fusefs",
    "allow.mount.linprocfs",
    "allow.mount.linsysfs",
    "allow.mount.zfs",
    "allow.vmm",
  ];
  for (const name of [
    ...modules,
    "linux",
    "linux.osname",
    "linux.osrelease",
    "linux.oss_version",
    "zfs.mount_snapshot",
  ]) {
    expect(typed.has(name), name).toBe(true);
  }
});

it("and each says what it means", () => {
  for (const [name, above] of typed) expect(above, name).toMatch(/\*\/$/);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describe as describeElf, problems } from "../../../scripts/freebsd/abi.js";
import { type Elf, readElf } from "../../../scripts/freebsd/elf.js";

const root = join(__dirname, "../../..");
const text = (file: string) => readFileSync(join(root, file), "utf8");

it("package, binding.gyp, CMake and the cross build agree on the Node-API version", () => {
  const [version] = JSON.parse(text("package.json")).binary.napi_versions;
  for (const file of ["binding.gyp", "CMakeLists.txt", "scripts/build-freebsd.ts"]) {
    expect(
      [...text(file).matchAll(/NAPI_VERSION=(\d+)/g)].map(([, found]) => Number(found)),
      file,
    ).toEqual([version]);
  }
});

it("napi.h stays in native/addon", async () => {
  const { readdirSync } = await import("node:fs");
  const files = readdirSync(join(root, "native"), { recursive: true, encoding: "utf8" });
  const users = files.filter((file) => /\.(h|cc)$/.test(file) && text(join("native", file)).includes("<napi.h>"));
  expect(users.length).toBeGreaterThan(3);
  expect(users.filter((file) => !file.startsWith("addon/"))).toEqual([]);
});

it.runIf(process.platform === "linux" && process.arch === "x64")("reads an ELF file", () => {
  const node = readElf(readFileSync(process.execPath));
  expect(node.machine).toBe("x86_64");
  expect(node.interpreter).toBe("/lib64/ld-linux-x86-64.so.2");
  expect(node.needed).toContain("libc.so.6");
  expect(node.exports).toContain("napi_create_object");
  expect(node.imports.find(({ name }) => name === "malloc")?.version).toMatch(/^GLIBC_/);
});

it("what is no ELF file is refused", () => {
  expect(() => readElf(Buffer.from("#!/bin/sh\n"))).toThrow(/not an ELF file/);
  const wrong = Buffer.alloc(64);
  wrong.set([0x7f, 0x45, 0x4c, 0x46, 1, 1]);
  expect(() => readElf(wrong)).toThrow(/64-bit little-endian/);
});

const good: Elf = {
  machine: "aarch64",
  type: "shared",
  osabi: 0,
  needed: ["libthr.so.3", "libc.so.7"],
  imports: [{ name: "jail_get", version: "FBSD_1.1" }, { name: "napi_throw" }],
  exports: ["napi_register_module_v1"],
  stripped: true,
};
const expected = { machine: "aarch64", kind: "addon", imports: ["jail_get@FBSD_1.1"] } as const;

it("a file that FreeBSD 13 to 15 can load has no problems", () => {
  expect(problems(good, expected)).toEqual([]);
  expect(describeElf(good)).toContain("aarch64");
});

it.each<[string, Partial<Elf>]>([
  ["machine is x86_64", { machine: "x86_64" }],
  ["OS/ABI is 3", { osabi: 3 }],
  ["needs libc++.so.1", { needed: ["libc++.so.1"] }],
  ["imports open@FBSD_1.8", { imports: [...good.imports, { name: "open", version: "FBSD_1.8" }] }],
  ["imports open@GLIBC_2.34", { imports: [...good.imports, { name: "open", version: "GLIBC_2.34" }] }],
  ["imports jail_remove_jd", { imports: [...good.imports, { name: "jail_remove_jd", version: "FBSD_1.1" }] }],
  ["does not import jail_get@FBSD_1.1", { imports: [] }],
  ["does not export napi_register_module_v1", { exports: [] }],
  ["type is executable", { type: "executable" }],
  ["not stripped", { stripped: false }],
])("it is a problem that the %s", (problem, change) => {
  expect(problems({ ...good, ...change }, expected).join("; ")).toContain(problem);
});

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BASE_COMMANDS, COMMANDS } from "../../../lib/cli/commands.js";
import { helpText } from "../../../lib/cli/help.js";
import { MANUALS } from "../../../lib/cli/manual/manual.js";
import { markdown, mdoc } from "../../../lib/cli/manual-pages.js";
import { paintFor } from "../../../lib/cli/output.js";
import { PAGE, terminalPage } from "../../../scripts/terminal.js";
import { memoryIo } from "./memory-io.js";

const root = join(__dirname, "../../..");
const pages = readdirSync(join(root, "man"));
const mandoc = spawnSync("mandoc", ["-T", "lint", "/dev/null"]).error === undefined;

describe("the manual", () => {
  it("is what the commands say of themselves", () => {
    expect(readFileSync(join(root, "man/bsdjail.8"), "utf8")).toBe(mdoc());
    expect(readFileSync(join(root, "docs/commands.md"), "utf8")).toBe(markdown());
  });

  it("has every command, with an example of each", () => {
    const names = MANUALS.filter(({ name }) => name !== "help").map(({ name }) => name);
    expect(names.sort()).toEqual([...Object.keys(COMMANDS), ...Object.keys(BASE_COMMANDS)].sort());
    const io = memoryIo();
    for (const manual of MANUALS) {
      expect(manual.examples.length, manual.name).toBeGreaterThan(0);
      expect(helpText(manual, paintFor(io, io.stdout))).toContain(manual.examples[0]?.line);
    }
  });

  it.runIf(mandoc).each(pages)("%s has nothing that mandoc's lint finds", (page) => {
    const { stdout } = spawnSync("mandoc", ["-T", "lint", join(root, "man", page)], { encoding: "utf8" });
    // Pages of the base system are not on every machine.
    const found = stdout.split("\n").filter((line) => line !== "" && !line.includes("referenced manual not found"));
    expect(found).toEqual([]);
  });
});

it("what the commands print is what docs/terminal.md and the README show", async () => {
  const { page, part } = await terminalPage();
  expect(readFileSync(PAGE, "utf8")).toBe(page);
  const readme = readFileSync(join(root, "README.md"), "utf8");
  if (readme.includes("<!-- terminal -->")) expect(readme).toContain(part);
});

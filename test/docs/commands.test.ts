import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { manualOf } from "../../lib/cli/manual/manual.js";
import { parseOptions } from "../../scripts/vm/options.js";

const root = join(__dirname, "../..");
const pages = ["README.md", "CONTRIBUTING.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)];
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };

/** Lines for a shell that a page shows, without the remarks behind them. */
function lines(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  const blocks = [...text.matchAll(/^```(?:sh|console)\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  const inline = [...text.matchAll(/`((?:npx )?(?:bsdjail|npm run) [^`]+)`/g)].map(([, code = ""]) => code);
  return [...blocks.flatMap((block) => block.split("\n")), ...inline].map((line) => line.replace(/\s+#.*$/, ""));
}

/** What follows a command's name in each place where it stands in a line. */
function uses(line: string, command: RegExp): string[][] {
  return line
    .split(/&&|\|\||[|;]/)
    .map((part) => part.trim().replace(/^\$ /, ""))
    .filter((part) => command.test(part))
    .map((part) => part.replace(command, "").match(/(?:'[^']*'|[^\s'])+/g) ?? []);
}

describe.each(pages)("%s", (page) => {
  it("names commands and options of bsdjail that there are", () => {
    for (const line of lines(page)) {
      for (const [name = "", ...words] of uses(line, /^(?:[A-Z_]+=\S+ )*(?:npx )?bsdjail /)) {
        if (/^[A-Z]+$|^-/.test(name)) continue;
        const manual = manualOf(name.replace(/[,|].*$/, ""));
        expect(manual, line).toBeDefined();
        if (manual === undefined || manual.base) continue;
        const flags = manual.options.flatMap((option) => option.flags.split(", "));
        const end = name === "exec" ? words.findIndex((word) => !word.startsWith("-")) : words.length;
        for (const word of words.slice(0, end).filter((each) => /^-./.test(each))) {
          const given = word.startsWith("--") ? [word.replace(/=.*/, "")] : [...word.slice(1)].map((one) => `-${one}`);
          expect(flags, line).toEqual(expect.arrayContaining(given));
        }
      }
    }
  });

  it("names scripts of the package that there are, with words that they take", () => {
    for (const line of lines(page)) {
      for (const [name = "", ...words] of uses(line, /^npm run /)) {
        expect(Object.keys(scripts), line).toContain(name);
        if (name === "vm" && words[0] === "--") expect(() => parseOptions(words.slice(1)), line).not.toThrow();
      }
    }
  });
});

it("every option of the manual is one that its command takes", () => {
  const program = join(__dirname, "options.ts");
  const { stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", program], { cwd: root, encoding: "utf8" });
  expect(stderr).toBe("");
  const { asked, refused } = JSON.parse(stdout) as { asked: number; refused: string[] };
  expect(refused).toEqual([]);
  expect(asked).toBeGreaterThan(100);
});

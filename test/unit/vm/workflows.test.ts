/** The workflows and the action say only what the tool and package.json understand. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseRelease } from "../../../scripts/vm/images/releases.js";
import { parseOptions } from "../../../scripts/vm/options.js";

const ROOT = join(__dirname, "../../..");
const WORKFLOWS = join(ROOT, ".github/workflows");
const files = [...readdirSync(WORKFLOWS).map((name) => join(WORKFLOWS, name)), join(ROOT, "action.yml")];
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };

/** What stands for an expression of the workflow's language. */
const SAMPLES: readonly (readonly [RegExp, string])[] = [
  [/\$\{\{[^}]*release[^}]*\}\}/g, "15.0"],
  [/\$\{\{[^}]*arch[^}]*\}\}/g, "amd64"],
];

describe.each(files.map((file) => [file.slice(ROOT.length + 1), readFileSync(file, "utf8")] as const))(
  "%s",
  (_, text) => {
    it("runs scripts that package.json has, with options that the tool knows", () => {
      for (const [, name = "", words = ""] of text.matchAll(/npm run (?:--silent )?([\w:]+)(?: -- (.*))?$/gm)) {
        expect(Object.keys(scripts)).toContain(name);
        if (name !== "vm") continue;
        let line = words;
        for (const [pattern, sample] of SAMPLES) line = line.replace(pattern, sample);
        line = line.replace('"$RELEASE"', "15.0");
        expect(() => parseOptions(line.split(/\s+/)), line).not.toThrow();
      }
    });

    it("names releases that there can be, and files that there are", () => {
      for (const [, list = ""] of text.matchAll(/^\s*release: \[(.*)\]$/gm)) {
        for (const word of list.split(",")) expect(() => parseRelease(word.trim().replaceAll('"', ""))).not.toThrow();
      }
      for (const [, path = ""] of text.matchAll(/\b(?:scripts|test|docs)\/([\w./-]+)\b/g)) {
        const found = ["scripts", "test", "docs"].some((folder) =>
          existsSync(join(ROOT, folder, path.replace(/\/\*+$/, ""))),
        );
        expect([path, found]).toEqual([path, true]);
      }
    });

    it("puts nothing that others can write into a shell's words", () => {
      // Expressions in scripts are replaced before the shell reads them; what comes from outside goes by the environment.
      for (const [, script = ""] of text.matchAll(/^\s+(?:- )?run: ((?:\|\n(?:\s{8,}.*\n)+)|.*)/gm)) {
        expect(script).not.toMatch(/\$\{\{\s*(inputs|github\.(event|head_ref|ref_name))/);
      }
    });
  },
);

it("the action's own command line is one that the tool reads", () => {
  const text = readFileSync(join(ROOT, "action.yml"), "utf8");
  const [, words = ""] = /args=\((.*)\)/.exec(text) ?? [];
  const line = words.replace(
    /"\$(\w+)"/g,
    (_, name: string) => ({ ARCH: "amd64", MEMORY: "4096", RELEASE: "15.0" })[name] ?? name,
  );
  const options = parseOptions([...line.split(" "), "--prepare", "x", "--back", "y", "--env", "A=b", "--", "/bin/sh"]);
  expect(options).toMatchObject({ command: "run", words: ["15.0"], fresh: true, rest: ["/bin/sh"] });
});

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, it } from "vitest";

const root = join(__dirname, "../..");
const WHOLE = ["docs", "examples", "libexec", "man", "schemas", ".ci", ".github"];

/** The lines of the table of folders, each with the parts that it names. */
const lines = [...readFileSync(join(root, "CONTRIBUTING.md"), "utf8").matchAll(/^\| (`[^|]*`) \|/gm)].map(
  ([, names = ""]) => [...names.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
);

it("CONTRIBUTING.md says what every folder is", () => {
  const folders = ["lib", "native", "scripts", "test"].flatMap((above) =>
    readdirSync(join(root, above), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${above}/${name}`),
  );
  expect(lines.flat()).toEqual(expect.arrayContaining([...folders, ...WHOLE]));
});

/** The line of the table that a file belongs to; -1 for one that none names. */
const lineOf = (file: string) => lines.findIndex((parts) => parts.some((part) => `${file}/`.startsWith(`${part}/`)));

/** What a file takes more of than types: the files that it includes or imports. */
function taken(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  const paths = /\.(cc|h)$/.test(file)
    ? [...text.matchAll(/^#include "([^"]+)"/gm)]
    : [
        ...text.matchAll(/^(?:import|export) (?!type )[^;]*?from "(\.[^"]+)"/gm),
        ...text.matchAll(/\b(?:require|import)\("(\.[^"]+)"\)(?!\.)/g),
      ];
  return paths.map(([, path = ""]) => normalize(join(dirname(file), path.replace(/\.(m?)js$/, ".$1ts"))));
}

it("no part calls one that the table has below it", () => {
  const files = ["lib", "native"].flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.(m?ts|cc|h)$/.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  );
  const wrong = files.flatMap((file) =>
    lineOf(file) < 0
      ? []
      : taken(file).flatMap((other) => (lineOf(other) > lineOf(file) ? [`${file} -> ${other}`] : [])),
  );
  expect(wrong).toEqual([]);
  expect(files.length).toBeGreaterThan(300);
});

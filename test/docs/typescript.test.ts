import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const root = join(__dirname, "../..");
const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)];

/** What the pages take as given where they do not say it. */
const GIVEN = `import { Jail as AnyJail, JailHost as AnyHost } from "bsdjail";
declare global {
  const host: AnyHost;
  const web: AnyJail;
  const signal: AbortSignal;
  const Jail: typeof AnyJail;
  const JailHost: typeof AnyHost;
  function readHostname(jail: AnyJail): Promise<string>;
}
`;
const DEPLOY = `import type { Jail, JailHost } from "bsdjail";
export declare function deploy(host: JailHost, name: string): Promise<Jail>;
export declare function withdraw(jail: Jail): Promise<void>;
`;

/** A page's examples as a module: its imports once, each example in a function of its own. */
function moduleOf(page: string): string | undefined {
  const text = readFileSync(join(root, page), "utf8");
  const examples = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
  if (examples.length === 0) return undefined;
  const imports = new Set(examples.flatMap((code) => code.match(/^import .*;$/gm) ?? []));
  const bodies = examples.map((code) => `async () => {\n${code.replace(/^import .*;$/gm, "")}}`);
  return `${[...imports].join("\n")}\nexport const examples = [${bodies.join(",\n")}];\n`;
}

it("what the documentation shows of TypeScript has the types that it needs", () => {
  const folder = mkdtempSync(join(tmpdir(), "bsdjail-docs-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ["docs", "src"]) mkdirSync(join(folder, name));
  const modules = pages.flatMap((page) => {
    const text = moduleOf(page);
    return text === undefined ? [] : [{ name: basename(page, ".md"), text }];
  });
  for (const { name, text } of modules) writeFileSync(join(folder, "docs", `${name}.ts`), text);
  writeFileSync(join(folder, "src/deploy.ts"), DEPLOY);
  writeFileSync(join(folder, "src/given.ts"), GIVEN);
  const compilerOptions = {
    typeRoots: [join(root, "node_modules/@types")],
    noUnusedLocals: false,
    paths: {
      bsdjail: [join(root, "lib/index.ts")],
      "bsdjail/conf": [join(root, "lib/conf/index.ts")],
      "bsdjail/vitest": [join(root, "lib/vitest/index.mts")],
    },
  };
  const project = { extends: join(root, "tsconfig.json"), compilerOptions, include: ["docs", "src"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
  const { stdout } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], {
    encoding: "utf8",
  });
  expect(stdout).toBe("");
  expect(modules.map(({ name }) => name)).toContain("README");
});

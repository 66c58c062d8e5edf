import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(__dirname, "../..");
const WHOLE = ["docs", "examples", "libexec", "man", "schemas"];

it("CONTRIBUTING.md says what every folder is", () => {
  const table = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
  const folders = ["lib", "native", "scripts", "test"].flatMap((above) =>
    readdirSync(join(root, above), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${above}/${name}`),
  );
  for (const folder of [...folders, ...WHOLE]) expect(table).toContain(`\`${folder}\``);
});

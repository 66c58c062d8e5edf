import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { confCommand } from "../../../lib/cli/conf.js";
import { whereConf } from "../../../lib/conf/index.js";
import { memoryIo } from "../cli/memory-io.js";
import { fitting } from "../schemas.js";

/** A folder that stands for a system with these files in /etc. */
function system(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), "where-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "etc/jail.conf.d"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, "etc", name), text);
  return (jail: string) => whereConf(jail, root);
}

const FILES = {
  "jail.conf": "a { } b { } c { }",
  "jail.conf.d/a.conf": "a { }",
  "jail.conf.d/d.conf": "d { }",
  "jail.conf.d/y.conf": "x { }",
  "jail.e.conf": "e { }",
};

it("takes a jail's own file, then its file in jail.conf.d, then the common one", () => {
  const where = system({ ...FILES, "rc.conf": 'jail_list="a d e y x"\n' });
  expect(where("a")).toMatchObject({
    file: "/etc/jail.conf.d/a.conf",
    hides: ["/etc/jail.conf"],
    startsByItself: true,
  });
  expect(where("b")).toMatchObject({ file: "/etc/jail.conf", hides: [], startsByItself: false });
  expect(where("d")).toMatchObject({ file: "/etc/jail.conf.d/d.conf", defines: true });
  expect(where("e")).toMatchObject({ file: "/etc/jail.e.conf", defines: true });
  expect(where("y")).toMatchObject({ file: "/etc/jail.conf.d/y.conf", defines: false });
  expect(where("x")).toMatchObject({ file: "/etc/jail.conf", defines: false });
});

it("without a list only the common file's jails start by themselves", () => {
  const where = system(FILES);
  expect(where("b").startsByItself).toBe(true);
  expect(where("d")).toMatchObject({ file: "/etc/jail.conf.d/d.conf", startsByItself: false });
});

it("leaves jail.conf.d to a common file that includes it", () => {
  const where = system({ ...FILES, "jail.conf": '.include "/etc/jail.conf.d/*.conf";\n' });
  expect(where("d")).toMatchObject({ file: "/etc/jail.conf" });
});

it("knows the obsolete variables, another common file, and that there may be none", () => {
  const where = system({
    "rc.conf": 'jail_list="old"\njail_old_rootdir="/"\njail_old_hostname=old.example\njail_conf=/etc/other.conf\n',
    "other.conf": "z { }",
  });
  expect(where("old")).toMatchObject({ file: "/var/run/jail.old.conf", startsByItself: true });
  expect(where("old").defines).toBeUndefined();
  expect(where("z")).toMatchObject({ file: "/etc/other.conf", defines: true });
  expect(system({})("q")).toMatchObject({ file: undefined, hides: [], startsByItself: false });
});

it("is a command, whose JSON is as published", async () => {
  const io = memoryIo();
  expect(await confCommand(["where", "--json", "no-such-jail-here"], io)).toBe(1);
  fitting("conf-where", io.out());
  expect(await confCommand(["where"], memoryIo())).toBe(2);
});

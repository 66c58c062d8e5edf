import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatConf, loadConf } from "../../../lib/conf/index.js";

const root = join(__dirname, "../../..");
const folder = join(root, "examples/jail.conf");
const FILES = ["jail.conf", ...readdirSync(join(folder, "jail.conf.d")).map((name) => `jail.conf.d/${name}`)];

describe("the example", () => {
  const { jails, problems } = loadConf("jail.conf", { cwd: folder, strict: true });
  const jail = (name: string): Record<string, readonly string[]> =>
    Object.fromEntries(
      jails.find((each) => each.name === name)?.parameters.map(({ name, values }) => [name, values]) ?? [],
    );

  it("is read as it is meant", () => {
    expect(problems).toEqual([]);
    expect(jails.map(({ name }) => name)).toEqual(["db", "www", "ci", "ci.build"]);
    expect(jail("www")).toMatchObject({
      path: ["/usr/local/jails/containers/www"],
      "host.hostname": ["www.example.org"],
      "ip4.addr": ["192.0.2.10", "192.0.2.11/24"],
      mount: ["/srv/www /usr/local/jails/containers/www/srv nullfs ro"],
      depend: ["db"],
      "exec.clean": [],
    });
    expect(jail("db")).toMatchObject({
      "vnet.interface": ["epair154b"],
      "exec.prestart": ["/sbin/ifconfig epair154 create up", "/sbin/ifconfig bridge0 addm epair154a up"],
      "exec.start": ["/sbin/ifconfig epair154b 192.0.2.154/24 up", "/bin/sh /etc/rc"],
      "exec.consolelog": ["/var/log/jail_console_db.log"],
    });
    expect(jail("ci.build")).toMatchObject({
      "exec.start": ["/usr/local/bin/build", "/bin/sh /usr/local/bin/report ci.build"],
      "allow.raw_sockets": [],
    });
    expect(jail("ci")).not.toHaveProperty("allow.raw_sockets");
  });

  it.each(FILES)("%s is in the style of conf format, and in the documentation as it is", (file) => {
    const text = readFileSync(join(folder, file), "utf8");
    expect(formatConf(text)).toBe(text);
    expect(readFileSync(join(root, "docs/jail-conf.md"), "utf8")).toContain(`\`\`\`\n${text}\`\`\``);
  });
});

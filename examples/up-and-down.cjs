// Brings two jails up on a simulated FreeBSD, changes one while it runs, sees one fail and why, and takes all down.
// On FreeBSD, as root: JailHost.native() and readDefinitions("/etc/jail.conf").
const { mkdirSync, mkdtempSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { JailHost, parseDefinitions } = require("bsdjail");

const CONF = `
path = "/jails/$name";
persist;
mount.devfs;
interface = lo0;
db  { ip4.addr = 192.0.2.10; exec.start = "service postgresql start"; }
web { ip4.addr = 192.0.2.11; exec.start = "service nginx start"; depend = db; }
`;

async function main() {
  // The machine's root directory is a folder: jails need their own to be there.
  const root = mkdtempSync(join(tmpdir(), "up-and-down-"));
  for (const name of ["db", "web"]) mkdirSync(join(root, "jails", name, "dev"), { recursive: true });
  const host = JailHost.simulated({
    release: "15.1",
    commands: ({ argv }) => (argv.join(" ") === "service nginx start" && broken ? { exitCode: 1, stderr: "nginx: no such file\n" } : undefined),
  });
  let broken = true;
  const lifecycle = host.lifecycle({ root });
  const { jails } = parseDefinitions(CONF);

  const run = lifecycle.up(jails);
  for await (const event of run) {
    if (event.type === "step") console.log(`${event.jail}: ${event.step} ${event.outcome}`);
  }
  const { ok } = await run.result;
  console.log(`all up: ${ok}`);
  const [finding] = (await lifecycle.why("web", jails)).findings;
  console.log(`why web is not: ${finding.cause}; ${finding.shows}`);

  broken = false;
  console.log(`now: ${(await lifecycle.up(jails).result).ok}`);
  const changed = parseDefinitions(CONF.replace("192.0.2.10;", "192.0.2.10, 192.0.2.20;")).jails;
  const plan = await lifecycle.plan(changed);
  for (const { jail, change, because } of plan.jails) console.log(`plan: ${jail} ${change} ${because.join(", ")}`);
  await lifecycle.apply(plan).result;
  console.table(host.listSync(["jid", "name", "ip4.addr"]));
  console.log(`all down: ${(await lifecycle.down(jails).result).ok}`);
  rmSync(root, { recursive: true });
}

main();

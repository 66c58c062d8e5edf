// Runs commands in a jail of a simulated FreeBSD, which a function answers; watches, signals and limits it.
// On FreeBSD, as root: JailHost.native().
const { JailHost, JailEntryError, JailCommandError } = require("bsdjail");

function answer({ argv: [file], user }) {
  if (file === "id") return { stdout: `uid=80(${user})\n` };
  if (file === "nginx") return { stays: true };
  if (file === "migrate") return { stderr: "no database\n", exitCode: 3 };
  return { fails: "ERR_JAIL_NO_SUCH_COMMAND" };
}

async function main() {
  const host = JailHost.simulated({ commands: answer, racct: true });
  const web = await host.create({ name: "web", path: "/jails/web" });
  const watching = (async () => {
    const seen = [];
    for await (const event of web.watch()) seen.push(event.type);
    return seen;
  })();

  console.log("id:", (await web.exec("id", [], { user: "www" })).stdout.trim());
  const daemon = web.spawn("nginx", ["-g", "daemon off;"], { stdio: "ignore" });
  await daemon.entered;
  console.log("runs:", (await web.processes()).map(({ command }) => command).join(", "));
  console.log("holds it:", (await web.blockers()).map(({ kind }) => kind).join(", "));

  for (const file of ["migrate", "nosuch"]) {
    try {
      await web.exec(file);
    } catch (error) {
      if (error instanceof JailCommandError) console.log(`${file}: status ${error.exitCode}, ${error.stderr.trim()}`);
      else if (error instanceof JailEntryError) console.log(`${file}: ${error.code}`);
      else throw error;
    }
  }

  await web.limits.add({ resource: "maxproc", action: "deny", amount: 1 });
  console.log("limits:", (await web.limits.get()).map((limit) => `${limit.resource}=${limit.amount}`).join(", "));
  console.log("uses:", (await web.usage()).maxproc, "process");
  const { terminated } = await web.stop({ timeout: 1000 });
  console.log("ended:", terminated.map(({ command }) => command).join(", "), daemon.signalCode);
  console.log("asked for:", host.commands.map(({ argv }) => argv[0]).join(", "));
  await web.remove();
  console.log("seen:", (await watching).filter((type) => type !== "attached").join(", "));
}

main();

// Makes a jail on a simulated FreeBSD, changes it, lists it, removes it. On FreeBSD, as root: JailHost.native().
const { JailHost } = require("bsdjail");

async function main() {
  const host = JailHost.simulated({ release: "15.1" });
  const web = await host.create({
    name: "web",
    path: "/",
    "host.hostname": "web.example.org",
    "ip4.addr": ["192.0.2.10"],
    "children.max": 3,
  });
  await web.update({ "allow.raw_sockets": true, securelevel: 2 });
  console.table(await host.list(["jid", "name", "host.hostname", "ip4.addr", "allow.raw_sockets", "securelevel"]));
  await web.remove();
}

main();

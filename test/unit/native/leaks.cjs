// Prints by how many MiB the process grew in the last of several equal rounds of calls.
const addon = require("node-gyp-build")(`${__dirname}/../../..`);

const iov = (text) => [Buffer.from(`${text}persist\0`), Int32Array.of(...(text ? [5, text.length - 5] : []), 8, -1)];

async function round() {
  for (let i = 0; i < 200; i++) {
    const machine = addon.openSimulated({});
    const view = machine.process(0);
    const kernel = view.kernel();
    const pending = [];
    for (let n = 0; n < 20; n++) pending.push(kernel.jailSet(...iov(`name\0j${n}\0`), 1));
    await Promise.all(pending);
    kernel.jailSetSync(...iov("name\0j1\0"), 1);
    kernel.setFields(0, "name\0path", Int32Array.of(256, 2, 1024, 2));
    kernel.jailListSync(0, 0);
    await kernel.jailList(0, 0);
    kernel.sysctlWalkSync("security.jail.param");
    if (i % 20 === 0) {
      const events = kernel.eventsOpen();
      events.addJail(0, 0xf8000000);
      const next = events.next();
      events.close();
      await next;
      kernel.eventsOpen();
    }
    view.fork().exit();
  }
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
  }
}

async function main() {
  for (let i = 0; i < 4; i++) await round();
  const before = process.memoryUsage.rss();
  await round();
  console.log(((process.memoryUsage.rss() - before) / (1 << 20)).toFixed(1));
}

main();

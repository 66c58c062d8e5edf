// A worker thread that uses the addon on a machine of its own, and may be terminated while it does.
const { parentPort, workerData } = require("node:worker_threads");
const addon = require("node-gyp-build")(`${__dirname}/../../..`);

const kernel = addon
  .openSimulated({ lastJid: workerData.lastJid ?? 0 })
  .process(0)
  .kernel();
const iov = () => ({
  data: Buffer.from("persist\0"),
  lengths: Int32Array.of(8, -1),
});

async function work() {
  const jids = [];
  for (let i = 0; i < 50; i++) {
    const { data, lengths } = iov();
    jids.push(await kernel.jailSet(data, lengths, 1));
  }
  return jids;
}

if (workerData.forever) {
  // Always some calls under way when the thread is terminated.
  const again = () => {
    const { data, lengths } = iov();
    kernel.jailSet(data, lengths, 1).then(again);
  };
  for (let i = 0; i < 8; i++) again();
  parentPort.postMessage("busy");
} else {
  work().then((jids) => parentPort.postMessage(jids));
}

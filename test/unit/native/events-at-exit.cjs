// A process that ends with queues open: one idle, one whose wait was aborted, one in a worker that is terminated.
const { Worker, isMainThread, parentPort } = require("node:worker_threads");
const addon = require("node-gyp-build")(`${__dirname}/../../..`);

const kernel = addon.openSimulated({}).process(0).kernel();
const events = kernel.eventsOpen();
events.addJail(0, 0xf8000000);

if (isMainThread) {
  events.next();
  events.hold(false);
  kernel.eventsOpen();
  const worker = new Worker(__filename);
  worker.once("message", async () => {
    await worker.terminate();
    console.log("done");
  });
} else {
  events.next().then(() => {});
  parentPort.postMessage("waiting");
}

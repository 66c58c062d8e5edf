/** The raw calls, each beside the same loop in C++ over the same kernel. */
import { JAIL_CREATE, type LocalKernel, type RawField } from "../../lib/binding.js";
import { openSimulated } from "../../lib/native.js";
import { packParams } from "../conformance/iovec.js";
import type { Param } from "../conformance/recording.js";
import type { Bench } from "./bench.js";

const JAILS = 1000;
const FIVE: readonly RawField[] = [
  { name: "name", size: 256, grows: false, text: true },
  { name: "path", size: 1024, grows: false, text: true },
  { name: "host.hostname", size: 256, grows: false, text: true },
  { name: "securelevel", size: 4, grows: false },
  { name: "persist", size: 4, grows: false },
];

function open(): LocalKernel {
  const { value: machine, error } = openSimulated();
  if (error !== undefined) throw new Error(error.message);
  return machine.kernel;
}

/** The same jail as the baseline makes. */
function list(number: number) {
  const address = Buffer.from([10, 0, Math.floor(number / 250), (number % 250) + 1]).toString("hex");
  const params: Param[] = [
    ["name", "string", `jail${number}`],
    ["path", "string", "/"],
    ["host.hostname", "string", `jail${number}.example.org`],
    ["ip4.addr", "hex", address],
    ["persist", "null"],
    ["errmsg", "out", 1024],
  ];
  return packParams(params, Number);
}

function create(kernel: LocalKernel, number: number): number {
  const { value, error } = kernel.jailSetSync(list(number), JAIL_CREATE);
  if (error !== undefined) throw new Error(`jail_set: ${error.code} ${error.message}`);
  return value;
}

/** Every parameter that the kernel's table has. */
function allFields(kernel: LocalKernel): RawField[] {
  const prefix = "security.jail.param.";
  return kernel.sysctlWalkSync("security.jail.param").nodes.map(({ name, format, value }) => {
    const parameter = name.slice(prefix.length).replace(/\.$/, "");
    const text = format.startsWith("A");
    const grows = format.startsWith("S") || format === "A,keyvalue";
    const size = text ? Number.parseInt(Buffer.from(value).toString("latin1"), 10) : grows ? 64 : value.length;
    return { name: parameter, size, grows, text };
  });
}

export const benches: readonly Bench[] = [
  {
    title: "raw: create and remove, sync",
    baseline: "create-remove",
    prepare() {
      const kernel = open();
      const lists = Array.from({ length: 250 }, (_, i) => list(i));
      return {
        operations: 2000,
        run() {
          for (let i = 0; i < 2000; i++) {
            kernel.jailRemoveSync(kernel.jailSetSync(lists[i % 250] as (typeof lists)[0], JAIL_CREATE).value);
          }
        },
      };
    },
  },
  {
    title: "raw: five parameters of a jail, sync",
    baseline: "get",
    aim: { extraMicroseconds: 2 },
    prepare() {
      const kernel = open();
      const jid = create(kernel, 1);
      return {
        operations: 20_000,
        run() {
          for (let i = 0; i < 20_000; i++) kernel.jailReadSync({ jid }, FIVE, 0);
        },
      };
    },
  },
  {
    title: "raw: five parameters of a jail, async, one by one",
    baseline: "get",
    prepare() {
      const kernel = open();
      const jid = create(kernel, 1);
      return {
        operations: 2000,
        async run() {
          for (let i = 0; i < 2000; i++) await kernel.jailRead({ jid }, FIVE, 0);
        },
      };
    },
  },
  {
    title: "raw: list of 1,000 jails, all parameters, sync",
    baseline: "list",
    aim: { ratio: 1.3 },
    prepare() {
      const kernel = open();
      for (let i = 0; i < JAILS; i++) create(kernel, i);
      const fields = allFields(kernel);
      return {
        operations: 1,
        run() {
          const { rows, error } = kernel.jailListSync(fields, 0);
          if (rows !== JAILS) throw new Error(`the list is not whole: ${rows} ${error?.code} ${error?.message}`);
        },
      };
    },
  },
];

/** jail.conf: reading and resolving many jails, beside one pass over the same bytes. */
import { parseConf } from "../../lib/conf/index.js";
import type { Bench } from "./bench.js";

const JAILS = 10_000;

function configuration(): Buffer {
  const jails = Array.from({ length: JAILS }, (_, number) => {
    const address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
    return `jail${number} {\n\thost.hostname = "jail${number}.example.org";\n\tip4.addr = ${address};\n\t$root = /r/${number};\n\texec.prestart += "echo \${root} $name";\n}\n`;
  });
  return Buffer.from(`exec.start = "/bin/sh /etc/rc";\nmount.devfs;\npath = "/jails/$name";\n${jails.join("")}`);
}

export const benches: readonly Bench[] = [
  {
    title: "jail.conf: one pass over the bytes of 10,000 jails",
    prepare() {
      const bytes = configuration();
      return {
        operations: 1,
        run() {
          let lines = 0;
          for (const byte of bytes) lines += byte === 10 ? 1 : 0;
          if (lines < JAILS) throw new Error("the text is not whole");
        },
      };
    },
  },
  {
    title: "jail.conf: read and resolve 10,000 jails",
    prepare() {
      const text = configuration();
      return {
        operations: 1,
        run() {
          if (parseConf({ name: "jail.conf", text }).jails.length !== JAILS) throw new Error("a jail is missing");
        },
      };
    },
  },
];

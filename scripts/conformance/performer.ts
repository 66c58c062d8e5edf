/** A process of native/conformance: system calls of a real machine, or of the C library's, one after another. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { RawIovec, RawIovecOutcome, RawOutcome, RawSysctlOutcome } from "../../lib/binding.js";
import type { Calls } from "./calls.js";
import { type Caller, Ended, resultOf, runJob } from "./replay.js";

/** Where a request goes; the answers come in its order. */
class Stream {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  #gone: Error | undefined;

  constructor([file = "", ...args]: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"], env });
    const { stdin, stdout } = this.#child;
    if (stdin === null || stdout === null) throw new Error("no pipes");
    stdin.on("error", () => {}); // told by its end
    createInterface({ input: stdout }).on("line", (line) => this.#waiting.shift()?.resolve(line));
    const end = (error: Error) => {
      this.#gone = error;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    };
    this.#child.on("error", end);
    this.#child.on("exit", (status, signal) => end(new Error(`${file} ended: ${signal ?? `status ${status}`}`)));
  }

  ask(line: string): Promise<string> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin?.write(`${line}\n`);
    });
  }

  /** Resolves when the process has ended. */
  close(): Promise<void> {
    if (this.#gone !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#child.once("exit", () => resolve());
      this.#child.stdin?.end();
    });
  }
}

class PerformedCalls implements Calls {
  readonly #stream: Stream;
  /** How many children are under way in this one; each answers in its parent's place. */
  readonly #depth: { of: number };
  readonly #own: number;

  constructor(stream: Stream, depth: { of: number }) {
    this.#stream = stream;
    this.#depth = depth;
    this.#own = depth.of;
  }

  async ask(request: string, syscall: string): Promise<RawOutcome & { readonly rest: readonly string[] }> {
    if (this.#depth.of < this.#own) throw new Ended("killed with its jail");
    const [kind, number = "", ...rest] = (await this.#stream.ask(request)).split(" ");
    if (kind === "ok") return { value: Number(number), rest };
    if (kind === "error") {
      const [code = "", ...more] = rest;
      return { value: -1, error: { code, errno: Number(number), syscall, message: "" }, rest: more };
    }
    // Its parent answers already, or one above that.
    this.#depth.of = Number(number);
    throw new Ended("killed with its jail");
  }

  async #list(call: string, { data, lengths }: RawIovec, flags: number): Promise<RawIovecOutcome> {
    let at = 0;
    const entries = Array.from(lengths, (length) => {
      if (length < 0) return `n${-length - 1}`;
      at += length;
      return `x${Buffer.from(data.subarray(at - length, at)).toString("hex")}`;
    });
    const { rest, ...outcome } = await this.ask([call, flags, ...entries].join(" "), call);
    const after = rest.map((word) => word.split(":"));
    return {
      ...outcome,
      lengths: Int32Array.from(after, ([length]) => Number(length)),
      data: Buffer.concat(after.map(([, hex = "-"]) => Buffer.from(hex === "-" ? "" : hex, "hex"))),
    };
  }

  jailSet(iov: RawIovec, flags: number): Promise<RawIovecOutcome> {
    return this.#list("jail_set", iov, flags);
  }

  jailGet(iov: RawIovec, flags: number): Promise<RawIovecOutcome> {
    return this.#list("jail_get", iov, flags);
  }

  jailRemove(jid: number): Promise<RawOutcome> {
    return this.ask(`jail_remove ${jid}`, "jail_remove");
  }

  jailRemoveJd(fd: number): Promise<RawOutcome> {
    return this.ask(`jail_remove_jd ${fd}`, "jail_remove_jd");
  }

  close(fd: number): Promise<RawOutcome> {
    return this.ask(`close ${fd}`, "close");
  }

  async sysctl(name: string, value?: Uint8Array): Promise<RawSysctlOutcome> {
    const written = value === undefined ? "" : ` x${Buffer.from(value).toString("hex")}`;
    const { rest, ...outcome } = await this.ask(`sysctl ${name}${written}`, "sysctl");
    return { ...outcome, data: Buffer.from(rest[0] ?? "", "hex") };
  }
}

/** Does something in a child of the process that answers now; what it leaves open goes with it. */
async function inChild<T>(
  stream: Stream,
  depth: { of: number },
  body: (child: PerformedCalls) => Promise<T>,
): Promise<T> {
  await stream.ask("fork");
  depth.of += 1;
  const own = depth.of;
  try {
    return await body(new PerformedCalls(stream, depth));
  } finally {
    if (depth.of >= own) {
      depth.of -= 1;
      await stream.ask("exit");
    }
  }
}

function performedCaller(
  stream: Stream,
  real: boolean,
  depth: { of: number },
  calls = new PerformedCalls(stream, depth),
): Caller {
  const held = async (request: string, release: string) => {
    const { error } = await calls.ask(request, request);
    if (error !== undefined) return undefined;
    return async () => {
      await calls.ask(release, release);
    };
  };
  return {
    calls,
    enter: (where, job) =>
      inChild(stream, depth, async (child) => {
        const entering = "jid" in where ? `jail_attach ${where.jid}` : `setuid ${where.uid}`;
        const entered = await child.ask(entering, "jail_attach");
        if (entered.error !== undefined) return { result: resultOf(entered) };
        return { result: { ret: 0 }, performed: await runJob(job, performedCaller(stream, real, depth, child)) };
      }),
    async attach(jid) {
      const { result } = await this.enter({ jid }, { steps: [], saved: {}, within: "" });
      return result;
    },
    hold: (jid) => held(`hold ${jid}`, "release"),
    // The C library's machine knows of no other files than jail descriptors.
    ...(real && { keep: (jid: number) => held(`keep ${jid}`, "drop") }),
  };
}

/** A process on the host: what it can do, and its end. */
export interface Performer {
  readonly caller: Caller;
  /** A child of it, for what shall leave no descriptors behind. */
  fresh<T>(body: (caller: Caller) => Promise<T>): Promise<T>;
  /** The C library answers, and no real kernel. */
  readonly simulated: boolean;
  close(): Promise<void>;
}

/** Where it lies on this machine. */
function performerPath(): string {
  const root = join(__dirname, "../..");
  const native = process.platform === "freebsd";
  const built = native
    ? `build-freebsd/${process.arch === "arm64" ? "aarch64" : "x86_64"}-freebsd.13.2/perform`
    : "build-test/native/conformance/perform";
  const file = process.env.BSDJAIL_PERFORM ?? join(root, built);
  if (existsSync(file)) return file;
  const how = native ? "npm run prebuild:freebsd" : "node scripts/cmake.mjs test perform";
  throw new Error(`${file} is not there: ${how} builds it`);
}

/**
 * Starts one: `argv`, which may lead to another machine, or the one that was built here. Where that is linked with the C
 * library, its machine is one of this release.
 */
export async function startPerformer(argv: readonly string[] | undefined, release = "15.1"): Promise<Performer> {
  const scratch = mkdtempSync(join(tmpdir(), "bsdjail-perform-"));
  const machine = { BSDJAIL_STATE: join(scratch, "machine"), BSDJAIL_RELEASE: release };
  const stream = new Stream(argv ?? [performerPath()], { ...process.env, ...machine });
  const real = (await stream.ask("kernel")) === "ok 1";
  const depth = { of: 0 };
  return {
    caller: performedCaller(stream, real, depth),
    fresh: (body) => inChild(stream, depth, (child) => body(performedCaller(stream, real, depth, child))),
    simulated: !real,
    async close() {
      await stream.close();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

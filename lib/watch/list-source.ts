import type { RawProcessInfo } from "../binding.js";
import { checked } from "../call.js";
import type { JailHost } from "../host.js";
import type { Happening, WatchScope } from "./event.js";
import { later } from "./kernel-source.js";
import { differenceOf, type Listed, listBelow, shown } from "./known.js";

/** What comparing lists tells, where the kernel has no events of jails: the same, as of the last look. */
export class ListSource {
  readonly #host: JailHost;
  readonly #scope: WatchScope;
  readonly #interval: number;
  readonly #signal: AbortSignal;

  constructor(host: JailHost, scope: WatchScope, interval: number, signal: AbortSignal) {
    this.#host = host;
    this.#scope = scope;
    this.#interval = interval;
    this.#signal = signal;
  }

  async close(): Promise<void> {}

  async *events(): AsyncGenerator<Happening> {
    let [known, inside] = await this.#look();
    await this.#scope.confirm(this.#signal);
    for (const jail of known.values()) yield { type: "exists", ...shown(jail) };
    while (this.#scope.root === 0 || known.has(this.#scope.root)) {
      await later(this.#interval, this.#signal);
      if (this.#signal.aborted) return;
      const [now, processes] = await this.#look();
      yield* compare(known, now);
      yield* entered(inside, processes, now);
      [known, inside] = [now, processes];
    }
  }

  async #look(): Promise<[Map<number, Listed>, Map<number, RawProcessInfo>]> {
    const signal = this.#signal;
    const listed = await listBelow(this.#host, this.#scope.root, { signal, values: true });
    const { processes } = checked(await this.#host.kernel.processes({ signal }));
    return [listed, new Map(processes.map((process) => [process.pid, process]))];
  }
}

function* compare(before: ReadonlyMap<number, Listed>, now: ReadonlyMap<number, Listed>): Generator<Happening> {
  const { created, removed, gone } = differenceOf(before, now);
  for (const jail of created) yield { type: "created", ...jail };
  for (const jail of now.values()) {
    const known = before.get(jail.jid);
    if (known === undefined || known.dying || jail.dying) continue;
    if (known.name !== jail.name) yield { type: "updated", ...shown(jail), previousName: known.name };
    else if (known.values !== jail.values) yield { type: "updated", ...shown(jail) };
  }
  for (const jail of removed) yield { type: "removed", ...jail };
  for (const jail of gone) yield { type: "gone", ...jail };
}

/** New processes whose parent is not in the jail, or was not there before them. */
function* entered(
  before: ReadonlyMap<number, RawProcessInfo>,
  now: ReadonlyMap<number, RawProcessInfo>,
  jails: ReadonlyMap<number, Listed>,
): Generator<Happening> {
  for (const { pid, parent, jid } of now.values()) {
    const jail = jails.get(jid);
    if (jail === undefined || before.get(pid)?.jid === jid || now.get(parent)?.jid === jid) continue;
    yield { type: "attached", ...shown(jail), pid };
  }
}
